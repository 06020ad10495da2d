//! Reads a maintenance configuration: whether its window is open at a moment.

use std::time::Duration;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};
use serde_json::Value;

use super::outcome::moment;
use crate::clock::later;

/// A Monday from which weeks and days are counted where a configuration names no first day.
const FIRST: Date = jiff::civil::date(1970, 1, 5);

/// Whether a configuration (its `properties`) lets AKS work at that moment.
pub fn is_open(properties: &Value, at: Timestamp) -> bool {
    let window = &properties["maintenanceWindow"];
    if window.is_object() { in_window(window, at) } else { in_week(properties, at) }
}

/// The older form: hours of a week, but for stretches of time that are spared.
fn in_week(properties: &Value, at: Timestamp) -> bool {
    let spared = properties["notAllowedTime"].as_array().into_iter().flatten().any(|span| {
        let (start, end) = (moment(&span["start"]), moment(&span["end"]));
        start.is_none_or(|start| start <= at) && end.is_some_and(|end| at < end)
    });
    let now = at.to_zoned(TimeZone::UTC);
    let mut hours = properties["timeInWeek"].as_array().into_iter().flatten().peekable();
    let meant = hours.peek().is_none()
        || hours.any(|slot| {
            let slots = slot["hourSlots"].as_array().into_iter().flatten();
            weekday(&slot["day"]) == Some(now.weekday())
                && slots.filter_map(Value::as_i64).any(|hour| hour == i64::from(now.hour()))
        });
    meant && !spared
}

fn in_window(window: &Value, at: Timestamp) -> bool {
    let zone = TimeZone::fixed(offset(window["utcOffset"].as_str().unwrap_or_default()));
    let start: Option<Time> = window["startTime"].as_str().and_then(|time| time.parse().ok());
    let Some(start) = start else { return false };
    let hours = u64::try_from(window["durationHours"].as_i64().unwrap_or(0)).unwrap_or(0);
    let today = at.to_zoned(zone.clone()).date();
    // A window that is longer than what is left of its day ends on the next.
    [today, today.checked_sub(Span::new().days(1)).unwrap_or(today)].into_iter().any(|day| {
        let Ok(opens) = day.to_datetime(start).to_zoned(zone.clone()) else { return false };
        let opens = opens.timestamp();
        let closes = later(opens, Duration::from_secs(hours * 3600));
        opens <= at && at < closes && is_day(window, day) && !is_spared(window, day)
    })
}

fn is_spared(window: &Value, day: Date) -> bool {
    let date = |text: &Value| text.as_str().and_then(|text| text.parse::<Date>().ok());
    window["notAllowedDates"].as_array().into_iter().flatten().any(|span| {
        date(&span["start"]).is_some_and(|start| start <= day) && date(&span["end"]).is_some_and(|end| day <= end)
    })
}

fn is_day(window: &Value, day: Date) -> bool {
    let first = window["startDate"].as_str().and_then(|text| text.parse::<Date>().ok());
    if first.is_some_and(|first| day < first) {
        return false;
    }
    let first = first.unwrap_or(FIRST);
    let every = |schedule: &Value, name: &str| schedule[name].as_i64().unwrap_or(1).max(1);
    let days = first.until(day).map_or(0, |span| i64::from(span.get_days()));
    let monday = i64::from(first.weekday().to_monday_zero_offset());
    let weeks = (days + monday).div_euclid(7);
    let months = i64::from(day.year() - first.year()) * 12 + i64::from(day.month()) - i64::from(first.month());
    let schedule = &window["schedule"];
    let (daily, weekly, absolute, relative) =
        (&schedule["daily"], &schedule["weekly"], &schedule["absoluteMonthly"], &schedule["relativeMonthly"]);
    if daily.is_object() {
        return days % every(daily, "intervalDays") == 0;
    }
    if weekly.is_object() {
        return weekday(&weekly["dayOfWeek"]) == Some(day.weekday()) && weeks % every(weekly, "intervalWeeks") == 0;
    }
    if absolute.is_object() {
        return months % every(absolute, "intervalMonths") == 0
            && absolute["dayOfMonth"].as_i64() == Some(i64::from(day.day()));
    }
    let nth = match relative["weekIndex"].as_str() {
        Some("First") => 1,
        Some("Second") => 2,
        Some("Third") => 3,
        Some("Fourth") => 4,
        _ => -1,
    };
    let wanted = weekday(&relative["dayOfWeek"]);
    relative.is_object()
        && months % every(relative, "intervalMonths") == 0
        && wanted.and_then(|wanted| day.nth_weekday_of_month(nth, wanted).ok()) == Some(day)
}

fn weekday(name: &Value) -> Option<Weekday> {
    Some(match name.as_str()? {
        "Monday" => Weekday::Monday,
        "Tuesday" => Weekday::Tuesday,
        "Wednesday" => Weekday::Wednesday,
        "Thursday" => Weekday::Thursday,
        "Friday" => Weekday::Friday,
        "Saturday" => Weekday::Saturday,
        "Sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// `+05:30`; anything else is UTC.
fn offset(text: &str) -> Offset {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.trim_start_matches('+')),
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let (hours, minutes): (i32, i32) = (hours.parse().unwrap_or(0), minutes.parse().unwrap_or(0));
    Offset::from_seconds(sign * (hours.clamp(0, 24) * 3600 + minutes.clamp(0, 59) * 60)).unwrap_or(Offset::UTC)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn open(properties: &Value, at: &str) -> bool {
        is_open(properties, at.parse().unwrap())
    }

    fn window(schedule: &Value) -> Value {
        json!({"maintenanceWindow": {"schedule": schedule, "durationHours": 4, "startTime": "22:00",
            "utcOffset": "+02:00", "startDate": "2026-11-01"}})
    }

    #[test]
    fn a_window_is_open_for_its_hours_also_over_midnight() {
        let sundays = window(&json!({"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}}));
        for (at, expected) in [
            ("2026-11-22T19:59:00Z", false),
            ("2026-11-22T20:00:00Z", true),
            ("2026-11-22T23:59:00Z", true),
            ("2026-11-23T00:00:00Z", false),
            ("2026-10-25T21:00:00Z", false),
        ] {
            assert_eq!(open(&sundays, at), expected, "{at}");
        }
        let mut spared = sundays;
        spared["maintenanceWindow"]["notAllowedDates"] = json!([{"start": "2026-11-20", "end": "2026-11-22"}]);
        assert!(!open(&spared, "2026-11-22T21:00:00Z"));
    }

    #[test]
    fn months_and_weeks_are_counted() {
        let last =
            window(&json!({"relativeMonthly": {"intervalMonths": 1, "weekIndex": "Last", "dayOfWeek": "Monday"}}));
        assert!(open(&last, "2026-11-30T21:00:00Z") && !open(&last, "2026-11-23T21:00:00Z"));
        let tenth = window(&json!({"absoluteMonthly": {"intervalMonths": 2, "dayOfMonth": 10}}));
        assert!(open(&tenth, "2026-11-10T21:00:00Z") && !open(&tenth, "2026-12-10T21:00:00Z"));
        let second = window(&json!({"weekly": {"intervalWeeks": 2, "dayOfWeek": "Wednesday"}}));
        assert!(open(&second, "2026-11-11T21:00:00Z") != open(&second, "2026-11-18T21:00:00Z"));
        let hours = json!({"timeInWeek": [{"day": "Monday", "hourSlots": [1, 2]}]});
        assert!(open(&hours, "2026-11-23T02:30:00Z") && !open(&hours, "2026-11-23T03:00:00Z"));
    }
}

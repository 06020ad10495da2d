//! Reckons the rows of an answer: each started hour whole, by the prices of today, in the currency of the subscription.
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::arm::part_after;
use crate::prices;

/// In which the subscription is billed.
pub(super) const CURRENCY: &str = "EUR";
/// In milliseconds: what stood for a moment has begun an hour.
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A column to group by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// Value of the tag of this name.
    Tag(String),
    ResourceGroup,
    Resource,
    Location,
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// `Cost` or `PreTaxCost`, which are the same here.
    pub(super) cost: String,
    pub(super) daily: bool,
    pub(super) columns: Vec<Column>,
    /// First and last day.
    pub(super) days: (Date, Date),
}

impl Wanted {
    /// The columns as they are told.
    pub(super) fn named(&self) -> Vec<Value> {
        let column = |name: &str, kind: &str| json!({"name": name, "type": kind});
        let mut columns = vec![column(&self.cost, "Number")];
        if self.daily {
            columns.push(column("UsageDate", "Number"));
        }
        for one in &self.columns {
            match one {
                Column::Tag(_) => columns.extend([column("TagKey", "String"), column("TagValue", "String")]),
                Column::ResourceGroup => columns.push(column("ResourceGroupName", "String")),
                Column::Resource => columns.push(column("ResourceId", "String")),
                Column::Location => columns.push(column("ResourceLocation", "String")),
            }
        }
        columns.push(column("Currency", "String"));
        columns
    }

    /// The rows, in order; `known` is the moment up to which Azure has heard of what was used.
    pub(super) fn rows(&self, spans: &[Value], known: Timestamp) -> Vec<Value> {
        let mut sums: BTreeMap<(i64, Vec<String>), f64> = BTreeMap::new();
        let mut asked = HashMap::new();
        let days = (day_of(self.days.0), day_of(self.days.1));
        for span in spans {
            let price = an_hour(span, &mut asked);
            let cells: Vec<String> = self.columns.iter().map(|column| cell(column, span)).collect();
            for (day, hours) in hours(span, known) {
                if (days.0..=days.1).contains(&day) {
                    let day = if self.daily { day } else { 0 };
                    *sums.entry((day, cells.clone())).or_default() += price * f64::from(hours);
                }
            }
        }
        sums.into_iter().map(|((day, cells), sum)| self.row(day, &cells, sum)).collect()
    }

    fn row(&self, day: i64, cells: &[String], sum: f64) -> Value {
        let mut row = vec![json!((sum * 1e10).round() / 1e10)];
        if self.daily {
            row.push(json!(number(day)));
        }
        for (column, cell) in self.columns.iter().zip(cells) {
            if let Column::Tag(name) = column {
                row.push(json!(name.to_lowercase()));
                row.push(if cell.is_empty() { Value::Null } else { json!(cell) });
            } else {
                row.push(json!(cell));
            }
        }
        row.push(json!(CURRENCY));
        json!(row)
    }
}

/// What it costs an hour; `asked` keeps what the list said.
fn an_hour(span: &Value, asked: &mut HashMap<(String, String), f64>) -> f64 {
    let region = span["location"].as_str().unwrap_or_default();
    let uses = span["uses"].as_array().into_iter().flatten();
    let each = uses.filter_map(|used| Some((used[0].as_str()?, used[1].as_f64()?)));
    each.map(|(meter, many)| {
        let price = asked
            .entry((region.to_owned(), meter.to_owned()))
            .or_insert_with(|| prices::an_hour(region, meter, CURRENCY).unwrap_or_default());
        *price * many
    })
    .sum()
}

/// The hours that were started on each day, counted from 1970.
fn hours(span: &Value, known: Timestamp) -> Vec<(i64, u32)> {
    let at =
        |name: &str| span[name].as_str().and_then(|text| text.parse::<Timestamp>().ok()).map(Timestamp::as_millisecond);
    let Some(from) = at("from") else { return Vec::new() };
    let until = at("until").unwrap_or(i64::MAX).min(known.as_millisecond());
    let all = whole_hours(until.saturating_sub(from));
    if all == 0 {
        return Vec::new();
    }
    let (first, last) = (from.div_euclid(DAY), (from + (all - 1) * HOUR).div_euclid(DAY));
    let on = |day: i64| {
        let (before, after) = (whole_hours(day * DAY - from), whole_hours((day + 1) * DAY - from).min(all));
        (day, u32::try_from(after - before).unwrap_or_default())
    };
    (first..=last).map(on).collect()
}

/// Rounded up; none of what is not yet.
fn whole_hours(milliseconds: i64) -> i64 {
    milliseconds.max(0).saturating_add(HOUR - 1) / HOUR
}

fn cell(column: &Column, span: &Value) -> String {
    let id = span["id"].as_str().unwrap_or_default();
    match column {
        Column::Tag(name) => {
            let tags = span["tags"].as_object();
            let found = tags.and_then(|tags| tags.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
            found.and_then(|(_, value)| value.as_str()).unwrap_or_default().to_owned()
        }
        Column::ResourceGroup => part_after(id, "resourceGroups").unwrap_or_default().to_lowercase(),
        Column::Resource => id.to_lowercase(),
        Column::Location => span["location"].as_str().unwrap_or_default().to_owned(),
    }
}

fn day_of(date: Date) -> i64 {
    date.to_zoned(TimeZone::UTC).map_or(0, |at| at.timestamp().as_millisecond().div_euclid(DAY))
}

/// `20261126`.
fn number(day: i64) -> i64 {
    let date = Timestamp::from_millisecond(day * DAY).unwrap_or_default().to_zoned(TimeZone::UTC).date();
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn started(from: &str, until: &str, known: &str) -> Vec<(i64, u32)> {
        let span = json!({"from": from, "until": until});
        let hours = hours(&span, known.parse().unwrap()).into_iter();
        hours.map(|(day, hours)| (number(day), hours)).collect()
    }

    #[test]
    fn a_started_hour_counts_whole_on_the_day_on_which_it_began() {
        let late = "2026-12-31T00:00:00Z";
        assert_eq!(started("2026-11-23T09:00:00Z", "2026-11-23T09:00:00.001Z", late), [(20_261_123, 1)]);
        assert_eq!(
            started("2026-11-23T22:30:00Z", "2026-11-25T01:00:00Z", late),
            [(20_261_123, 2), (20_261_124, 24), (20_261_125, 1)]
        );
        assert_eq!(started("2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z", late), []);
    }

    #[test]
    fn what_azure_has_not_heard_of_is_not_told() {
        let (from, until) = ("2026-11-23T09:00:00Z", "2026-11-25T09:00:00Z");
        assert_eq!(started(from, until, "2026-11-23T08:00:00Z"), []);
        assert_eq!(started(from, until, "2026-11-24T02:00:00Z"), [(20_261_123, 15), (20_261_124, 2)]);
    }
}

//! A point in time as it is stored and sent: whole milliseconds since 1970-01-01T00:00:00Z.

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch. The domain never asks for the present; it is handed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// Later by so many milliseconds (saturating).
    pub fn plus(self, millis: i64) -> Moment {
        Moment(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this moment, never negative.
    pub fn since(self, earlier: Moment) -> i64 {
        self.0.saturating_sub(earlier.0).max(0)
    }

    /// `2026-11-23T09:12:05Z`, the form of the `datetime` attribute and of the REST API.
    pub fn rfc3339(self) -> String {
        let seconds = self.0.div_euclid(1000);
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// `23 Nov 2026`, in UTC; the browser rewrites it in the person's zone.
    pub fn date(self) -> String {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (year, month, day) = civil(self.0.div_euclid(86_400_000));
        format!("{day} {} {year}", MONTHS[(month as usize).saturating_sub(1).min(11)])
    }

    /// `09:12:05`, in UTC; the browser rewrites it in the person's zone.
    pub fn clock(self) -> String {
        let of_day = self.0.div_euclid(1000).rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
    }
}

/// A duration in people's words: `4 min 52 s`, `31 s`, `380 ms`, `2 h 5 min`, `3 days`.
pub fn duration(millis: i64) -> String {
    let millis = millis.max(0);
    let seconds = millis / 1000;
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{seconds} s"),
        60..3600 if seconds % 60 == 0 => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..172_800 if seconds / 60 % 60 == 0 => format!("{} h", seconds / 3600),
        3600..172_800 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Year, month and day of a day counted from 1970-01-01, by Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_people_and_programs_read_it() {
        assert_eq!(Moment(1_795_425_125_000).rfc3339(), "2026-11-23T09:12:05Z");
        assert_eq!(Moment(1_795_425_125_000).clock(), "09:12:05");
        assert_eq!(Moment(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Moment(951_782_400_000).date(), "29 Feb 2000");
        assert_eq!(Moment(-1).rfc3339(), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn durations_read_like_speech() {
        let said: Vec<String> = [380, 31_000, 292_000, 120_000, 7_500_000, 259_200_000].map(duration).into();
        assert_eq!(said, ["380 ms", "31 s", "4 min 52 s", "2 min", "2 h 5 min", "3 days"]);
    }
}

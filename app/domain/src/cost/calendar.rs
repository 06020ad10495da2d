//! Days and months in UTC, as Azure bills by them.

use crate::moment::Moment;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A month of the calendar in UTC, as Azure bills: `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: u32,
    month: u32,
}

/// A day of it: `2026-11-26`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day {
    month: Month,
    day: u32,
}

const NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Month {
    fn new(year: u32, month: u32) -> Option<Month> {
        ((1..=12).contains(&month) && year <= 9999).then_some(Month { year, month })
    }

    /// Of `2026-11`.
    pub fn parse(text: &str) -> Option<Month> {
        let (year, month) = text.split_once('-')?;
        Month::new(digits(year, 4)?, digits(month, 2)?)
    }

    /// The one before it.
    #[must_use]
    pub fn before(self) -> Month {
        match self.month {
            1 => Month { year: self.year.saturating_sub(1), month: 12 },
            month => Month { month: month - 1, ..self },
        }
    }

    pub fn first(self) -> Day {
        Day { month: self, day: 1 }
    }

    pub fn last(self) -> Day {
        let leaps = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let day = match self.month {
            2 if leaps => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        Day { month: self, day }
    }

    /// `November`.
    pub fn name(self) -> &'static str {
        NAMES[(self.month as usize).saturating_sub(1).min(11)]
    }
}

impl Day {
    /// Of Azure's `20261126`.
    pub fn of_number(number: u32) -> Option<Day> {
        let month = Month::new(number / 10_000, number / 100 % 100)?;
        let day = number % 100;
        (1..=month.last().day).contains(&day).then_some(Day { month, day })
    }

    /// Of `2026-11-26`.
    pub fn parse(text: &str) -> Option<Day> {
        let (month, day) = text.rsplit_once('-')?;
        let (month, day) = (Month::parse(month)?, digits(day, 2)?);
        (1..=month.last().day).contains(&day).then_some(Day { month, day })
    }

    /// In which a moment lies; the first day that there is for one before the calendar.
    pub fn of(at: Moment) -> Day {
        let first = Day { month: Month { year: 0, month: 1 }, day: 1 };
        at.rfc3339().get(..10).and_then(Day::parse).unwrap_or(first)
    }

    pub fn month(self) -> Month {
        self.month
    }

    /// `26`.
    pub fn of_month(self) -> u32 {
        self.day
    }

    /// `26 Nov 2026`.
    pub fn said(self) -> String {
        format!("{} {} {}", self.day, &self.month.name()[..3], self.month.year)
    }
}

fn digits(text: &str, many: usize) -> Option<u32> {
    (text.len() == many && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.month, self.day)
    }
}

impl TryFrom<String> for Month {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Month, &'static str> {
        Month::parse(&text).ok_or("a month is written as 2026-11")
    }
}

impl TryFrom<String> for Day {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Day, &'static str> {
        Day::parse(&text).ok_or("a day is written as 2026-11-26")
    }
}

impl From<Month> for String {
    fn from(month: Month) -> String {
        month.to_string()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn days_and_months_are_read_as_azure_and_people_write_them() {
        assert_eq!(Day::of_number(20_261_126), Some(day("2026-11-26")));
        assert_eq!(day("2026-11-26").said(), "26 Nov 2026");
        assert_eq!(Day::of(Moment(1_795_425_125_000)), day("2026-11-23"));
        for wrong in [0, 20_261_131, 20_261_301, 20_260_229, 999_999_999] {
            assert_eq!(Day::of_number(wrong), None, "{wrong}");
        }
        for wrong in ["2026-11", "2026-11-31", "2026-1-1", "2026-11-2x", ""] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
        let january = Month::parse("2028-01").unwrap();
        assert_eq!((january.before().to_string(), january.name()), ("2027-12".to_owned(), "January"));
        let february = Month::parse("2028-02").unwrap();
        assert_eq!(
            (february.first().to_string(), february.last().to_string()),
            ("2028-02-01".into(), "2028-02-29".into())
        );
        assert_eq!(serde_json::to_value(february).ok(), Some("2028-02".into()));
        assert!(serde_json::from_value::<Day>("2026-02-30".into()).is_err());
    }
}

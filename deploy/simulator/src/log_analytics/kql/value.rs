//! The values that columns hold, with Kusto's order and its null, and the table that holds them.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

/// A column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::log_analytics) enum Kind {
    Text,
    Time,
    Whole,
    Real,
    Truth,
    Span,
    Dynamic,
}

impl Kind {
    /// Kusto's name of it, as an answer's columns tell.
    pub(in crate::log_analytics) fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Time => "datetime",
            Self::Whole => "long",
            Self::Real => "real",
            Self::Truth => "bool",
            Self::Span => "timespan",
            Self::Dynamic => "dynamic",
        }
    }
}

/// One value. A string is never null in Kusto, only empty.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::log_analytics) enum Value {
    Null,
    Text(String),
    Time(Timestamp),
    Whole(i64),
    Real(f64),
    Truth(bool),
    Span(SignedDuration),
    Dynamic(Json),
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::log_analytics) struct Column {
    pub(in crate::log_analytics) name: String,
    pub(in crate::log_analytics) kind: Kind,
}

/// Rows under columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::log_analytics) struct Table {
    pub(in crate::log_analytics) columns: Vec<Column>,
    pub(in crate::log_analytics) rows: Vec<Vec<Value>>,
}

impl Table {
    /// Where the column of that name stands; Kusto's names have case.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

impl Value {
    /// Reads a kept value as that type; what does not fit is null.
    pub(in crate::log_analytics) fn of_json(json: &Json, kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(json.as_str().map_or_else(String::new, str::to_owned)),
            Kind::Time => json.as_str().and_then(|text| text.parse().ok()).map_or(Self::Null, Self::Time),
            Kind::Whole => json.as_i64().map_or(Self::Null, Self::Whole),
            Kind::Real => json.as_f64().map_or(Self::Null, Self::Real),
            Kind::Truth => json.as_bool().map_or(Self::Null, Self::Truth),
            Kind::Span => Self::Null,
            Kind::Dynamic if json.is_null() => Self::Null,
            Kind::Dynamic => Self::Dynamic(json.clone()),
        }
    }

    /// As an answer's rows hold it: a dynamic value is JSON in a string.
    pub(in crate::log_analytics) fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Text(text) => Json::from(text.as_str()),
            Self::Whole(whole) => Json::from(*whole),
            Self::Real(real) => Json::from(*real),
            Self::Truth(truth) => Json::from(*truth),
            Self::Time(_) | Self::Span(_) | Self::Dynamic(_) => Json::from(self.to_text()),
        }
    }

    /// Kusto's `tostring`.
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            Self::Time(at) => at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").to_string().replace(".0Z", "Z"),
            Self::Whole(whole) => whole.to_string(),
            Self::Real(real) => real.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::Span(span) => span_text(*span),
            Self::Dynamic(Json::String(text)) => text.clone(),
            Self::Dynamic(json) => json.to_string(),
        }
    }

    /// The value as a number, where it is one.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(whole) => Some(*whole as f64),
            Self::Real(real) => Some(*real),
            Self::Dynamic(json) => json.as_f64(),
            _ => None,
        }
    }

    /// The order of two values that may be compared; `None` with a null or between types that have none.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(_) | Self::Dynamic(_), Self::Text(_) | Self::Dynamic(_)) => {
                Some(self.to_text().cmp(&other.to_text()))
            }
            (Self::Time(one), Self::Time(other)) => Some(one.cmp(other)),
            (Self::Span(one), Self::Span(other)) => Some(one.cmp(other)),
            (Self::Truth(one), Self::Truth(other)) => Some(one.cmp(other)),
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(other)),
            _ => self.number()?.partial_cmp(&other.number()?),
        }
    }

    /// An order over all values for sorting: nulls come first when rising (Kusto's default).
    pub(super) fn sort(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Less,
            (_, Self::Null) => Ordering::Greater,
            _ => self.compare(other).unwrap_or(Ordering::Equal),
        }
    }
}

/// `[days.]hours:minutes:seconds[.fraction]`, as .NET and Kusto write a timespan.
fn span_text(span: SignedDuration) -> String {
    let sign = if span.is_negative() { "-" } else { "" };
    let span = span.unsigned_abs();
    let (days, rest) = (span.as_secs() / 86_400, span.as_secs() % 86_400);
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let ticks = span.subsec_nanos() / 100;
    let fraction = if ticks > 0 { format!(".{ticks:07}") } else { String::new() };
    format!("{sign}{days}{:02}:{:02}:{:02}{fraction}", rest / 3600, rest / 60 % 60, rest % 60)
}

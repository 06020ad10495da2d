//! The functions of one row: `ago`, `now`, `bin`, tests for emptiness, conversions, `strcat`, `iff`.

use jiff::{SignedDuration, Timestamp};

use super::parse::expression::moment;
use super::refusal::Refusal;
use super::value::{Kind, Value};

/// The type of what a function gives, from those of its arguments; also says whether name and count are right.
pub(super) fn kind(name: &str, arguments: &[Kind]) -> Result<Kind, Refusal> {
    Ok(match (name, arguments) {
        ("now", []) | ("ago", [Kind::Span]) | ("now", [Kind::Span]) | ("todatetime", [_]) => Kind::Time,
        ("isempty" | "isnotempty" | "isnull" | "isnotnull" | "tobool", [_]) => Kind::Truth,
        ("tostring" | "tolower" | "toupper" | "trim", [_]) => Kind::Text,
        ("strcat", [_, ..]) => Kind::Text,
        ("toint" | "tolong" | "strlen", [_]) => Kind::Whole,
        ("todouble" | "toreal", [_]) => Kind::Real,
        ("bin", [first, _]) => *first,
        ("iff" | "iif", [_, then, _]) => *then,
        ("coalesce", [first, ..]) => *first,
        (
            "now" | "ago" | "todatetime" | "isempty" | "isnotempty" | "isnull" | "isnotnull" | "tobool" | "tostring"
            | "tolower" | "toupper" | "trim" | "strcat" | "toint" | "tolong" | "strlen" | "todouble" | "toreal" | "bin"
            | "iff" | "iif" | "coalesce",
            _,
        ) => return Err(Refusal::semantic(format!("{name}(): the arguments do not fit the function"))),
        _ => return Err(Refusal::unsupported(&format!("the function '{name}()'"))),
    })
}

/// What it gives, for a call that [`kind`] has let through.
pub(super) fn call(name: &str, arguments: &[Value], now: Timestamp) -> Value {
    match (name, arguments) {
        ("now", []) => Value::Time(now),
        ("now", [Value::Span(span)]) => now.checked_add(*span).map_or(Value::Null, Value::Time),
        ("ago", [Value::Span(span)]) => now.checked_sub(*span).map_or(Value::Null, Value::Time),
        ("isempty", [value]) => Value::Truth(value.to_text().is_empty()),
        ("isnotempty", [value]) => Value::Truth(!value.to_text().is_empty()),
        ("isnull", [value]) => Value::Truth(*value == Value::Null),
        ("isnotnull", [value]) => Value::Truth(*value != Value::Null),
        ("tostring", [value]) => Value::Text(value.to_text()),
        ("tolower", [value]) => Value::Text(value.to_text().to_lowercase()),
        ("toupper", [value]) => Value::Text(value.to_text().to_uppercase()),
        ("trim", [value]) => Value::Text(value.to_text().trim().to_owned()),
        ("strcat", values) => Value::Text(values.iter().map(Value::to_text).collect()),
        ("strlen", [value]) => Value::Whole(i64::try_from(value.to_text().chars().count()).unwrap_or(i64::MAX)),
        ("toint" | "tolong", [value]) => whole(value),
        ("todouble" | "toreal", [value]) => {
            value.number().or_else(|| value.to_text().trim().parse().ok()).map_or(Value::Null, Value::Real)
        }
        ("todatetime", [value @ Value::Time(_)]) => value.clone(),
        ("todatetime", [value]) => moment(&value.to_text()).map_or(Value::Null, Value::Time),
        ("tobool", [value]) => match value.to_text().to_lowercase().as_str() {
            "true" | "1" => Value::Truth(true),
            "false" | "0" => Value::Truth(false),
            _ => Value::Null,
        },
        ("bin", [value, step]) => bin(value, step),
        ("iff" | "iif", [Value::Truth(true), then, _]) => then.clone(),
        ("iff" | "iif", [_, _, otherwise]) => otherwise.clone(),
        ("coalesce", values) => values.iter().find(|value| **value != Value::Null).cloned().unwrap_or(Value::Null),
        _ => Value::Null,
    }
}

fn whole(value: &Value) -> Value {
    match value {
        Value::Whole(whole) => Value::Whole(*whole),
        Value::Real(real) if real.is_finite() => Value::Whole(real.trunc() as i64),
        Value::Truth(truth) => Value::Whole(i64::from(*truth)),
        other => other.to_text().trim().parse().map_or(Value::Null, Value::Whole),
    }
}

/// The next lower multiple of the step; of time, counted from its beginning as Kusto does (which for every step that
/// divides a week comes to the same as from 1970).
fn bin(value: &Value, step: &Value) -> Value {
    match (value, step) {
        (Value::Time(at), Value::Span(step)) if step.as_nanos() > 0 => {
            let lower = at.as_nanosecond() - at.as_nanosecond().rem_euclid(step.as_nanos());
            Timestamp::from_nanosecond(lower).map_or(Value::Null, Value::Time)
        }
        (Value::Span(span), Value::Span(step)) if step.as_nanos() > 0 => {
            let lower = span.as_nanos() - span.as_nanos().rem_euclid(step.as_nanos());
            Value::Span(SignedDuration::from_nanos_i128(lower))
        }
        (Value::Whole(value), Value::Whole(step)) if *step > 0 => Value::Whole(value - value.rem_euclid(*step)),
        _ => match (value.number(), step.number()) {
            (Some(value), Some(step)) if step > 0.0 => Value::Real((value / step).floor() * step),
            _ => Value::Null,
        },
    }
}

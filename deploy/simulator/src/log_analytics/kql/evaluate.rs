//! Works out an expression in one row, after its type has been found once for the whole table.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::function;
use super::refusal::Refusal;
use super::syntax::{Expression, Text, Two};
use super::value::{Kind, Table, Value};

/// The type of an expression over a table's columns; finds what is wrong with it even where there is no row.
pub(super) fn kind_of(expression: &Expression, table: &Table) -> Result<Kind, Refusal> {
    Ok(match expression {
        Expression::Constant(value) => match value {
            Value::Text(_) | Value::Null => Kind::Text,
            Value::Time(_) => Kind::Time,
            Value::Whole(_) => Kind::Whole,
            Value::Real(_) => Kind::Real,
            Value::Truth(_) => Kind::Truth,
            Value::Span(_) => Kind::Span,
            Value::Dynamic(_) => Kind::Dynamic,
        },
        Expression::Column(name) => {
            let at = table.position(name).ok_or_else(|| Refusal::no_column(name))?;
            table.columns[at].kind
        }
        Expression::Part(value, part) => {
            kind_of(part, table)?;
            match kind_of(value, table)? {
                Kind::Dynamic => Kind::Dynamic,
                other => {
                    return Err(Refusal::semantic(format!(
                        "a part of a value of type {} was asked for, only dynamic ones have parts",
                        other.name()
                    )));
                }
            }
        }
        Expression::Call(name, arguments) => {
            let kinds: Result<Vec<Kind>, Refusal> = arguments.iter().map(|argument| kind_of(argument, table)).collect();
            function::kind(name, &kinds?)?
        }
        Expression::Not(inner) => {
            truth(kind_of(inner, table)?, "not()")?;
            Kind::Truth
        }
        Expression::Minus(inner) => kind_of(inner, table)?,
        Expression::In { value, list, .. } => {
            let value = kind_of(value, table)?;
            for one in list {
                comparable(value, kind_of(one, table)?)?;
            }
            Kind::Truth
        }
        Expression::Between { value, from, to, .. } => {
            let value = kind_of(value, table)?;
            comparable(value, kind_of(from, table)?)?;
            comparable(value, kind_of(to, table)?)?;
            Kind::Truth
        }
        Expression::Two(two, one, other) => kind_of_two(*two, kind_of(one, table)?, kind_of(other, table)?)?,
    })
}

fn kind_of_two(two: Two, one: Kind, other: Kind) -> Result<Kind, Refusal> {
    match two {
        Two::And | Two::Or => {
            truth(one, "and/or")?;
            truth(other, "and/or")?;
            Ok(Kind::Truth)
        }
        Two::Text { .. } => match (one, other) {
            (Kind::Text | Kind::Dynamic, Kind::Text | Kind::Dynamic) => Ok(Kind::Truth),
            _ => {
                Err(Refusal::semantic(format!("a string operator stands between {} and {}", one.name(), other.name())))
            }
        },
        Two::Equal | Two::NotEqual | Two::Less | Two::LessOrEqual | Two::Greater | Two::GreaterOrEqual => {
            comparable(one, other)?;
            Ok(Kind::Truth)
        }
        Two::Add | Two::Subtract | Two::Multiply | Two::Divide | Two::Modulo => match (two, one, other) {
            (Two::Subtract, Kind::Time, Kind::Time) => Ok(Kind::Span),
            (Two::Add | Two::Subtract, Kind::Time, Kind::Span) => Ok(Kind::Time),
            (Two::Add | Two::Subtract, Kind::Span, Kind::Span) => Ok(Kind::Span),
            (Two::Divide, Kind::Span, Kind::Span) => Ok(Kind::Real),
            (_, Kind::Whole, Kind::Whole) => Ok(Kind::Whole),
            (_, Kind::Whole | Kind::Real, Kind::Whole | Kind::Real) => Ok(Kind::Real),
            _ => {
                Err(Refusal::semantic(format!("arithmetic between {} and {} has no meaning", one.name(), other.name())))
            }
        },
    }
}

fn truth(kind: Kind, of: &str) -> Result<(), Refusal> {
    if matches!(kind, Kind::Truth | Kind::Dynamic) {
        return Ok(());
    }
    Err(Refusal::semantic(format!("{of}: expected a bool, got {}", kind.name())))
}

fn comparable(one: Kind, other: Kind) -> Result<(), Refusal> {
    let number = |kind| matches!(kind, Kind::Whole | Kind::Real);
    if one == other || one == Kind::Dynamic || other == Kind::Dynamic || (number(one) && number(other)) {
        return Ok(());
    }
    Err(Refusal::semantic(format!(
        "Cannot compare values of types {} and {}. Try adding explicit casts",
        one.name(),
        other.name()
    )))
}

/// The value in one row.
pub(super) fn value_of(expression: &Expression, table: &Table, row: &[Value], now: Timestamp) -> Value {
    let of = |expression: &Expression| value_of(expression, table, row, now);
    match expression {
        Expression::Constant(value) => value.clone(),
        Expression::Column(name) => table.position(name).and_then(|at| row.get(at)).cloned().unwrap_or(Value::Null),
        Expression::Part(value, part) => part_of(&of(value), &of(part)),
        Expression::Call(name, arguments) => {
            let values: Vec<Value> = arguments.iter().map(of).collect();
            function::call(name, &values, now)
        }
        Expression::Not(inner) => match as_truth(&of(inner)) {
            Some(truth) => Value::Truth(!truth),
            None => Value::Null,
        },
        Expression::Minus(inner) => match of(inner) {
            Value::Whole(whole) => Value::Whole(-whole),
            Value::Real(real) => Value::Real(-real),
            Value::Span(span) => Value::Span(-span),
            _ => Value::Null,
        },
        Expression::In { value, list, cased, wanted } => {
            let value = of(value);
            let found = list.iter().any(|one| equal(&value, &of(one), *cased));
            Value::Truth(found == *wanted)
        }
        Expression::Between { value, from, to, wanted } => {
            let value = of(value);
            let found = matches!(value.compare(&of(from)), Some(Ordering::Greater | Ordering::Equal))
                && matches!(value.compare(&of(to)), Some(Ordering::Less | Ordering::Equal));
            Value::Truth(found == *wanted)
        }
        Expression::Two(two, one, other) => value_of_two(*two, &of(one), &of(other)),
    }
}

/// True only where a row surely meets the condition: null is not true.
pub(super) fn holds(expression: &Expression, table: &Table, row: &[Value], now: Timestamp) -> bool {
    as_truth(&value_of(expression, table, row, now)) == Some(true)
}

fn as_truth(value: &Value) -> Option<bool> {
    match value {
        Value::Truth(truth) => Some(*truth),
        Value::Dynamic(json) => json.as_bool(),
        _ => None,
    }
}

fn value_of_two(two: Two, one: &Value, other: &Value) -> Value {
    let ordered =
        |test: fn(Ordering) -> bool| one.compare(other).map_or(Value::Null, |order| Value::Truth(test(order)));
    match two {
        Two::And => Value::Truth(as_truth(one) == Some(true) && as_truth(other) == Some(true)),
        Two::Or => Value::Truth(as_truth(one) == Some(true) || as_truth(other) == Some(true)),
        Two::Equal => Value::Truth(equal(one, other, true)),
        Two::NotEqual => Value::Truth(!equal(one, other, true)),
        Two::Less => ordered(Ordering::is_lt),
        Two::LessOrEqual => ordered(Ordering::is_le),
        Two::Greater => ordered(Ordering::is_gt),
        Two::GreaterOrEqual => ordered(Ordering::is_ge),
        Two::Text { test, cased, wanted } => {
            Value::Truth(text(test, &one.to_text(), &other.to_text(), cased) == wanted)
        }
        Two::Add | Two::Subtract | Two::Multiply | Two::Divide | Two::Modulo => arithmetic(two, one, other),
    }
}

fn equal(one: &Value, other: &Value, cased: bool) -> bool {
    if !cased && let (Value::Text(one), Value::Text(other)) = (one, other) {
        return one.to_lowercase() == other.to_lowercase();
    }
    one.compare(other) == Some(Ordering::Equal)
}

fn text(test: Text, whole: &str, part: &str, cased: bool) -> bool {
    let fold = |text: &str| if cased { text.to_owned() } else { text.to_lowercase() };
    let (whole, part) = (fold(whole), fold(part));
    match test {
        Text::Equals => whole == part,
        Text::Contains => whole.contains(&part),
        Text::StartsWith => whole.starts_with(&part),
        Text::EndsWith => whole.ends_with(&part),
        Text::Has => {
            let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            whole.match_indices(&part).any(|(at, found)| {
                !inside(whole[..at].chars().next_back()) && !inside(whole[at + found.len()..].chars().next())
            })
        }
    }
}

fn arithmetic(two: Two, one: &Value, other: &Value) -> Value {
    match (two, one, other) {
        (Two::Subtract, Value::Time(one), Value::Time(other)) => Value::Span(one.duration_since(*other)),
        (Two::Add, Value::Time(at), Value::Span(span)) => at.checked_add(*span).map_or(Value::Null, Value::Time),
        (Two::Subtract, Value::Time(at), Value::Span(span)) => at.checked_sub(*span).map_or(Value::Null, Value::Time),
        (Two::Add, Value::Span(one), Value::Span(other)) => one.checked_add(*other).map_or(Value::Null, Value::Span),
        (Two::Subtract, Value::Span(one), Value::Span(other)) => {
            one.checked_sub(*other).map_or(Value::Null, Value::Span)
        }
        (Two::Divide, Value::Span(one), Value::Span(other)) if !other.is_zero() => {
            Value::Real(one.as_secs_f64() / other.as_secs_f64())
        }
        (_, Value::Whole(one), Value::Whole(other)) => match two {
            Two::Add => one.checked_add(*other),
            Two::Subtract => one.checked_sub(*other),
            Two::Multiply => one.checked_mul(*other),
            Two::Divide => one.checked_div(*other),
            _ => one.checked_rem_euclid(*other),
        }
        .map_or(Value::Null, Value::Whole),
        _ => match (one.number(), other.number()) {
            (Some(one), Some(other)) => Value::Real(match two {
                Two::Add => one + other,
                Two::Subtract => one - other,
                Two::Multiply => one * other,
                Two::Divide => one / other,
                _ => one.rem_euclid(other),
            }),
            _ => Value::Null,
        },
    }
}

/// A part of a dynamic value; of a string that holds JSON as well, as columns of type dynamic are kept.
fn part_of(value: &Value, part: &Value) -> Value {
    let Value::Dynamic(json) = value else { return Value::Null };
    let found = match part {
        Value::Text(name) => json.get(name),
        Value::Whole(at) => usize::try_from(*at).ok().and_then(|at| json.get(at)),
        _ => None,
    };
    match found {
        None | Some(Json::Null) => Value::Null,
        Some(found) => Value::Dynamic(found.clone()),
    }
}

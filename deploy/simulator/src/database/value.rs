//! Works out what a `select` answers, and writes it as text or in PostgreSQL's binary form.

use jiff::{Timestamp, tz::TimeZone};
use pgwire::api::Type;

use super::refusal::Refusal;
use super::session::Session;
use super::statement::{Expression, Kind};

/// One value of one column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i32),
    BigInteger(i64),
    /// Digits as written.
    Numeric(String),
    Text(String),
    Time(Timestamp),
}

/// What this server calls itself: the version that Azure's servers run by default.
pub(super) const VERSION: &str = "16.6";

/// The type of a column, known before anything is worked out.
pub(super) fn kind_of(expression: &Expression) -> Result<Kind, Refusal> {
    Ok(match expression {
        Expression::Null | Expression::Text(_) => Kind::Text,
        Expression::Boolean(_) => Kind::Boolean,
        Expression::Number(number) => match number_of(number) {
            Value::Integer(_) => Kind::Integer,
            Value::BigInteger(_) => Kind::BigInteger,
            _ => Kind::Numeric,
        },
        Expression::Cast(_, kind) => *kind,
        Expression::Terminate(_) => Kind::Boolean,
        Expression::Call { function, argument } => match (function.as_str(), argument) {
            ("version", None) | ("current_setting", Some(_)) => Kind::Text,
            (
                "now" | "current_timestamp" | "transaction_timestamp" | "statement_timestamp" | "clock_timestamp",
                None,
            ) => Kind::Time,
            (
                "current_user" | "user" | "session_user" | "current_role" | "current_database" | "current_catalog"
                | "current_schema",
                None,
            ) => Kind::Name,
            ("pg_backend_pid", None) => Kind::Integer,
            ("pg_is_in_recovery", None) => Kind::Boolean,
            (_, argument) => {
                let arguments = if argument.is_some() { "unknown" } else { "" };
                return Err(Refusal::no_function(&format!("{function}({arguments})")));
            }
        },
    })
}

/// The value, as this session sees it at `now`; `end` ends the session of a process.
pub(super) fn value_of(
    expression: &Expression,
    session: &Session,
    now: Timestamp,
    end: &dyn Fn(i32) -> Result<bool, Refusal>,
) -> Result<Value, Refusal> {
    Ok(match expression {
        Expression::Null => Value::Null,
        Expression::Boolean(value) => Value::Boolean(*value),
        Expression::Number(number) => number_of(number),
        Expression::Text(text) => Value::Text(text.clone()),
        Expression::Cast(inner, kind) => cast(value_of(inner, session, now, end)?, *kind)?,
        Expression::Terminate(pid) => Value::Boolean(end(*pid)?),
        Expression::Call { function, argument } => match function.as_str() {
            "version" => Value::Text(format!("PostgreSQL {VERSION} on x86_64-pc-linux-gnu, simulated, 64-bit")),
            "current_schema" => Value::Text("public".to_owned()),
            "current_setting" => {
                let name = argument.as_deref().unwrap_or_default().to_lowercase();
                Value::Text(session.setting(&name).ok_or_else(|| Refusal::no_parameter(&name))?)
            }
            "clock_timestamp" | "statement_timestamp" => Value::Time(now),
            "current_database" | "current_catalog" => Value::Text(session.database.clone()),
            "pg_backend_pid" => Value::Integer(session.pid),
            "pg_is_in_recovery" => Value::Boolean(false),
            "current_user" | "user" | "session_user" | "current_role" => Value::Text(session.user.clone()),
            _ => Value::Time(session.transaction_start().unwrap_or(now)),
        },
    })
}

fn number_of(number: &str) -> Value {
    match number.parse::<i64>() {
        Ok(value) => i32::try_from(value).map_or(Value::BigInteger(value), Value::Integer),
        Err(_) => Value::Numeric(number.to_owned()),
    }
}

fn cast(value: Value, kind: Kind) -> Result<Value, Refusal> {
    let Some(text) = value.text() else { return Ok(Value::Null) };
    let wrong = || Refusal::not_a(kind.spoken(), &text);
    Ok(match (kind, value) {
        (Kind::Text | Kind::Name, _) => Value::Text(text),
        (Kind::Integer, Value::Boolean(value)) => Value::Integer(value.into()),
        (Kind::Integer, _) => Value::Integer(text.trim().parse().map_err(|_| wrong())?),
        (Kind::BigInteger, _) => Value::BigInteger(text.trim().parse().map_err(|_| wrong())?),
        (Kind::Numeric, _) => {
            let digits = text.trim();
            let _: f64 = digits.parse().map_err(|_| wrong())?;
            if digits.chars().any(|c| c.is_ascii_alphabetic()) {
                return Err(wrong());
            }
            Value::Numeric(digits.to_owned())
        }
        (Kind::Boolean, Value::Integer(value)) => Value::Boolean(value != 0),
        (Kind::Boolean, _) => Value::Boolean(match text.trim().to_lowercase().as_str() {
            "t" | "true" | "on" | "yes" | "y" | "1" => true,
            "f" | "false" | "off" | "no" | "n" | "0" => false,
            _ => return Err(wrong()),
        }),
        (Kind::Time, Value::Time(at)) => Value::Time(at),
        (Kind::Time, _) => Value::Time(text.trim().replacen(' ', "T", 1).parse().map_err(|_| wrong())?),
    })
}

impl Value {
    /// PostgreSQL's text form, `None` for null.
    pub(super) fn text(&self) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Boolean(value) => if *value { "t" } else { "f" }.to_owned(),
            Self::Integer(value) => value.to_string(),
            Self::BigInteger(value) => value.to_string(),
            Self::Numeric(digits) => digits.clone(),
            Self::Text(text) => text.clone(),
            Self::Time(at) => {
                let at = at.to_zoned(TimeZone::UTC);
                let seconds = at.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
                format!("{}+00", seconds.trim_end_matches('0').trim_end_matches('.'))
            }
        })
    }

    /// PostgreSQL's binary form, `None` for null.
    pub(super) fn binary(&self) -> Option<Vec<u8>> {
        Some(match self {
            Self::Null => return None,
            Self::Boolean(value) => vec![u8::from(*value)],
            Self::Integer(value) => value.to_be_bytes().to_vec(),
            Self::BigInteger(value) => value.to_be_bytes().to_vec(),
            Self::Numeric(digits) => numeric(digits),
            Self::Text(text) => text.clone().into_bytes(),
            Self::Time(at) => (at.as_microsecond() - MICROSECONDS_TO_2000).to_be_bytes().to_vec(),
        })
    }
}

/// PostgreSQL counts time from the year 2000.
const MICROSECONDS_TO_2000: i64 = 946_684_800_000_000;

/// `numeric_send`: count of digits to the base of 10,000, weight of the first, sign, digits after the point, digits.
fn numeric(digits: &str) -> Vec<u8> {
    let (negative, plain) = digits.strip_prefix('-').map_or((false, digits), |plain| (true, plain));
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let whole = format!("{}{whole}", "0".repeat((4 - whole.len() % 4) % 4));
    let padded = format!("{fraction}{}", "0".repeat((4 - fraction.len() % 4) % 4));
    let group = |text: &str| -> Vec<i16> {
        text.as_bytes()
            .chunks(4)
            .map(|four| four.iter().fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0')))
            .collect()
    };
    let (mut groups, after) = (group(&whole), group(&padded));
    let mut weight = groups.len() as i16 - 1;
    groups.extend(after);
    while groups.first() == Some(&0) {
        groups.remove(0);
        weight -= 1;
    }
    while groups.last() == Some(&0) {
        groups.pop();
    }
    if groups.is_empty() {
        weight = 0;
    }
    let sign: u16 = if negative && !groups.is_empty() { 0x4000 } else { 0 };
    let mut out = Vec::new();
    out.extend((groups.len() as i16).to_be_bytes());
    out.extend(weight.to_be_bytes());
    out.extend(sign.to_be_bytes());
    out.extend((fraction.len() as u16).to_be_bytes());
    for group in groups {
        out.extend(group.to_be_bytes());
    }
    out
}

/// The type as the protocol names it.
pub(super) fn protocol_type(kind: Kind) -> Type {
    match kind {
        Kind::Boolean => Type::BOOL,
        Kind::Integer => Type::INT4,
        Kind::BigInteger => Type::INT8,
        Kind::Numeric => Type::NUMERIC,
        Kind::Text => Type::TEXT,
        Kind::Name => Type::NAME,
        Kind::Time => Type::TIMESTAMPTZ,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_are_as_wide_as_they_need_to_be() {
        let kind = |number: &str| kind_of(&Expression::Number(number.to_owned())).unwrap();
        assert_eq!(kind("-7"), Kind::Integer);
        assert_eq!(kind("3000000000"), Kind::BigInteger);
        assert_eq!(kind("1.5"), Kind::Numeric);
    }

    #[test]
    fn numeric_is_sent_to_the_base_of_ten_thousand() {
        // As PostgreSQL 15 answers `select numeric_send(…)`.
        assert_eq!(hex::encode(numeric("12345.678")), "000300010000000300010929".to_owned() + "1a7c");
        assert_eq!(hex::encode(numeric("-0.05")), "0001ffff4000000201f4");
        assert_eq!(hex::encode(numeric("0")), "0000000000000000");
    }

    #[test]
    fn a_time_is_written_as_postgresql_writes_it() {
        let at: Timestamp = "2026-01-31T12:00:00.250Z".parse().unwrap();
        assert_eq!(Value::Time(at).text().unwrap(), "2026-01-31 12:00:00.25+00");
        let at: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        assert_eq!(Value::Time(at).text().unwrap(), "2026-01-31 12:00:00+00");
    }
}

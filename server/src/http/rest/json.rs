//! Reads JSON as nobody could misread it: no field twice, no text that is not UTF-8, no endless depth.

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};
use std::fmt;

/// Why a body is none, in a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable(pub String);

/// The whole of a body.
pub(super) fn read(bytes: &[u8]) -> Result<Value, Unreadable> {
    if bytes.trim_ascii().is_empty() {
        return Err(Unreadable("The body is empty: send a JSON document.".to_owned()));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Unreadable(format!("The body is not UTF-8: byte {} fits nowhere.", error.valid_up_to())))?;
    let Strict(value) = serde_json::from_str(text).map_err(|error| Unreadable(said(&error)))?;
    Ok(value)
}

fn said(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let why = error.to_string();
    let why = why.strip_suffix(&place).unwrap_or(&why);
    let place = format!("Line {}, column {} of the body", error.line(), error.column());
    match error.classify() {
        Category::Eof => format!("{place} is its end, and the JSON goes on: {why}."),
        Category::Data => format!("{place}: {why}."),
        Category::Syntax | Category::Io if why == "recursion limit exceeded" => {
            format!("{place} is deeper than 128 lists and objects within each other.")
        }
        Category::Syntax | Category::Io => format!("{place} is no JSON: {why}."),
    }
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Strict, E> {
        Number::from_f64(value).map(|number| Strict(Value::Number(number))).ok_or_else(|| E::custom("no number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(Value::String(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Strict, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Strict(Value::Array(values)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Strict, A::Error> {
        let mut values = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if values.contains_key(&name) {
                return Err(A::Error::custom(format!("the field `{name}` stands twice, send it once")));
            }
            let Strict(value) = fields.next_value()?;
            values.insert(name, value);
        }
        Ok(Strict(Value::Object(values)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        let told = |bytes: &[u8]| read(bytes).unwrap_err().0;
        assert_eq!(told(b" "), "The body is empty: send a JSON document.");
        assert_eq!(told(b"{\"a\": \"\xff\"}"), "The body is not UTF-8: byte 7 fits nowhere.");
        assert!(told(b"{\"a\": 1").starts_with("Line 1, column 7 of the body is its end, and the JSON goes on"));
        assert!(told(b"{\"a\" 1}").starts_with("Line 1, column 6 of the body is no JSON"));
        assert_eq!(
            told(b"{\"a\": 1, \"a\": 2}"),
            "Line 1, column 12 of the body: the field `a` stands twice, send it once."
        );
        assert!(told(b"[1e999]").contains("number out of range"));
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert!(told(deep.as_bytes()).contains("deeper than 128"), "{}", told(deep.as_bytes()));
        assert_eq!(read(b"{\"a\": [1, -2, 0.5, null, true, \"\\u00e9\"]}").unwrap()["a"][5], "é");
    }
}

//! Finds the first value of a JSON document that is of another type than whoever reads it takes for granted.
use serde_json::Value;

/// What stands at a place. Nothing, or null, may stand everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// An object.
    Object,
    /// An object whose members are all strings.
    Map,
    /// A list.
    List,
    /// A string.
    Text,
    /// A whole number of 32 bits.
    Int32,
    /// True or false.
    Bool,
    /// A whole number of 32 bits, or a string.
    IntOrText,
}

impl Type {
    /// Its name in Go, as decoders tell it.
    pub fn in_go(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Map => "map[string]string",
            Self::List => "[]object",
            Self::Text => "string",
            Self::Int32 => "int32",
            Self::Bool => "bool",
            Self::IntOrText => "intstr.IntOrString",
        }
    }
}

/// A value of the wrong type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where: `spec.ports[].port`.
    pub path: String,
    /// What it is, as Go and JavaScript call it: `string`, `number`, `bool`, `array`, `object`.
    pub found: &'static str,
    /// What it should be.
    pub wanted: Type,
}

/// The first value that is not as its row says. A row's path is `a.b`, and `a[].b` for every element of `a`.
pub fn wrong(document: &Value, rows: &[(&str, Type)]) -> Option<Wrong> {
    let of_row = |(path, wanted): &(&str, Type)| {
        let found = at(document, path, *wanted)?;
        Some(Wrong { path: (*path).to_owned(), found, wanted: *wanted })
    };
    rows.iter().find_map(of_row)
}

fn at(value: &Value, path: &str, wanted: Type) -> Option<&'static str> {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let here = match name.trim_end_matches("[]") {
        "" => value,
        plain => &value[plain],
    };
    let below = |value: &Value| match rest {
        "" => (!is(value, wanted)).then(|| name_of(value)),
        rest => at(value, rest, wanted),
    };
    match name.ends_with("[]") {
        true => here.as_array().into_iter().flatten().find_map(below),
        false => below(here),
    }
}

fn is(value: &Value, wanted: Type) -> bool {
    let is_int32 = || value.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
    value.is_null()
        || match wanted {
            Type::Object => value.is_object(),
            Type::Map => value.as_object().is_some_and(|all| all.values().all(|one| one.is_string() || one.is_null())),
            Type::List => value.is_array(),
            Type::Text => value.is_string(),
            Type::Int32 => is_int32(),
            Type::Bool => value.is_boolean(),
            Type::IntOrText => value.is_string() || is_int32(),
        }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_wrong_value_is_found_at_any_depth() {
        let rows = [("", Type::Object), ("a", Type::List), ("a[]", Type::Object), ("a[].b.c", Type::Int32)];
        let found = |document: Value| wrong(&document, &rows).map(|wrong| format!("{} {}", wrong.path, wrong.found));
        assert_eq!(found(json!({"a": [{"b": {"c": 1}}, null, {"b": "x"}]})), None);
        assert_eq!(found(json!("x")).as_deref(), Some(" string"));
        assert_eq!(found(json!({"a": {}})).as_deref(), Some("a object"));
        assert_eq!(found(json!({"a": [1]})).as_deref(), Some("a[] number"));
        assert_eq!(found(json!({"a": [{"b": {"c": 4_294_967_296_i64}}]})).as_deref(), Some("a[].b.c number"));
    }
}

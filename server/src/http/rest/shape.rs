//! Holds a value against its schema of the OpenAPI document: names, types and what is needed, each fault with its place.
//!
//! This knows as much of JSON Schema as the document's own schemas use. What a field's text must be is the handler's.

use super::rules;
use domain::problem::{WrongField, escaped};
use serde_json::{Map, Value};

/// One schema, with whatever it refers to: all parts hold at once, in one of the alternatives.
pub(super) struct Shape {
    /// Never empty.
    ways: Vec<Vec<&'static Value>>,
}

/// Alternatives of which each schema may consist; more are not looked at.
const MOST: usize = 64;

impl Shape {
    pub(super) fn of(schema: &'static Value) -> Shape {
        Shape { ways: ways(schema, 0) }
    }

    /// Adds what is wrong with `value`, which stands at `pointer` (empty: the whole body).
    pub(super) fn hold(&self, value: &Value, pointer: &str, errors: &mut Vec<WrongField>) {
        let fits: Vec<&Vec<&Value>> = self.ways.iter().filter(|way| way.iter().all(|part| fits(part, value))).collect();
        if fits.is_empty() {
            let said = self.ways.iter().flatten().find_map(|part| wanted(part));
            errors.push(wrong(
                pointer,
                said.unwrap_or_else(|| "This is of another kind than what is wanted.".to_owned()),
            ));
            return;
        }
        match value {
            Value::Object(fields) => hold_fields(&fits, fields, pointer, errors),
            Value::Array(items) => {
                let mut schemas = fits.iter().flat_map(|way| way.iter()).filter_map(|part| part.get("items"));
                if let (Some(schema), 1) = (schemas.next(), fits.len()) {
                    let shape = Shape::of(schema);
                    for (number, item) in items.iter().enumerate() {
                        shape.hold(item, &format!("{pointer}/{number}"), errors);
                    }
                }
            }
            _ => {}
        }
    }
}

fn hold_fields(
    ways: &[&Vec<&'static Value>],
    fields: &Map<String, Value>,
    pointer: &str,
    errors: &mut Vec<WrongField>,
) {
    let parts = || ways.iter().flat_map(|way| way.iter());
    let open = |part: &&&Value| part.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false));
    let known: Vec<(&'static String, &'static Value)> =
        parts().filter_map(|part| part.get("properties")?.as_object()).flatten().collect();
    if known.is_empty() || parts().any(|part| open(&part)) {
        return;
    }
    if let [way] = ways {
        let needed = way.iter().filter_map(|part| part["required"].as_array()).flatten().filter_map(Value::as_str);
        for name in needed.filter(|name| !fields.contains_key(*name)) {
            errors.push(wrong(&format!("{pointer}/{}", escaped(name)), "This field is needed.".to_owned()));
        }
    }
    for (name, value) in fields {
        let place = format!("{pointer}/{}", escaped(name));
        let schemas: Vec<&'static Value> =
            known.iter().filter(|(known, _)| *known == name).map(|(_, one)| *one).collect();
        match schemas.as_slice() {
            [] => errors.push(wrong(&place, nearest(name, known.iter().map(|(name, _)| name.as_str())))),
            [schema] => Shape::of(schema).hold(value, &place, errors),
            // Of several alternatives: the handler knows which one it is.
            _ => {}
        }
    }
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|known| (strsim::jaro_winkler(name, known), known)).max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((likeness, near)) if likeness > 0.8 => format!("There is no such field here. Is `{near}` meant?"),
        _ => "There is no such field here. Leave it out.".to_owned(),
    }
}

fn wrong(pointer: &str, message: String) -> WrongField {
    let field = pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~");
    WrongField { field, pointer: Some(format!("#{pointer}")), message }
}

/// Every alternative with its parts; references are followed.
fn ways(schema: &'static Value, depth: usize) -> Vec<Vec<&'static Value>> {
    if depth > 16 {
        return vec![Vec::new()];
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
        return ways(rules::schema(name), depth + 1);
    }
    let mut found: Vec<Vec<&'static Value>> = vec![vec![schema]];
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found = product(&found, &ways(part, depth + 1));
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(list) = schema[key].as_array() {
            let any: Vec<_> = list.iter().flat_map(|one| ways(one, depth + 1)).collect();
            found = product(&found, &any);
        }
    }
    found
}

fn product(some: &[Vec<&'static Value>], others: &[Vec<&'static Value>]) -> Vec<Vec<&'static Value>> {
    let pairs = some.iter().flat_map(|one| others.iter().map(move |other| [one.as_slice(), other].concat()));
    pairs.take(MOST).collect()
}

fn types(part: &Value) -> Vec<&str> {
    match &part["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn fits(part: &Value, value: &Value) -> bool {
    let types = types(part);
    let of_type = types.is_empty()
        || types.iter().any(|one| match *one {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "number" => value.is_number(),
            "integer" => value.is_i64() || value.is_u64(),
            _ => true,
        });
    let listed = part["enum"].as_array().is_none_or(|list| list.contains(value));
    let least = part["minimum"].as_f64().is_none_or(|least| value.as_f64().is_none_or(|value| value >= least));
    of_type && listed && least
}

/// What would fit, as a sentence.
fn wanted(part: &Value) -> Option<String> {
    if let Some(list) = part["enum"].as_array() {
        let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        return Some(format!("One of: {}.", words.join(", ")));
    }
    let said = match *types(part).iter().find(|one| **one != "null")? {
        "boolean" => "true or false is wanted here.",
        "string" => "A text is wanted here, between quotation marks.",
        "array" => "A list is wanted here.",
        "object" => "An object is wanted here.",
        "integer" => match part["minimum"].as_f64() {
            Some(least) => return Some(format!("A whole number from {least} on is wanted here.")),
            None => "A whole number is wanted here.",
        },
        "number" => "A number is wanted here.",
        _ => return None,
    };
    Some(said.to_owned())
}

//! What of a new OpenAPI document breaks clients of an old one, each in a sentence.

use serde_json::Value;
use std::collections::BTreeSet;

/// Sentences; empty where every client of `old` goes on working with `new`.
pub fn breaking(old: &Value, new: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, item) in old["paths"].as_object().unwrap() {
        for (method, before) in item.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            match new["paths"][path].get(method) {
                Some(now) => operation(&name, (old, before), (new, now), &mut broken),
                None => broken.push(format!("{name} is gone")),
            }
        }
    }
    broken
}

/// A part of a document, with the document that its references lead into.
type Part<'a> = (&'a Value, &'a Value);

fn operation(name: &str, (old, before): Part<'_>, (new, now): Part<'_>, broken: &mut Vec<String>) {
    let list = |of: &Value| of["parameters"].as_array().cloned().unwrap_or_default();
    let key = |one: &Value| (one["in"].clone(), one["name"].clone());
    let said = |one: &Value| format!("{} parameter {}", one["in"].as_str().unwrap(), one["name"].as_str().unwrap());
    let (were, are) = (list(before), list(now));
    for was in &were {
        match are.iter().find(|is| key(is) == key(was)) {
            Some(is) => {
                let place = format!("{name}, {}", said(was));
                taken(&place, (old, &was["schema"]), (new, &is["schema"]), 0, broken);
            }
            None => broken.push(format!("{name} takes the {} no longer", said(was))),
        }
    }
    for is in are.iter().filter(|is| is["required"] == true) {
        if were.iter().all(|was| key(was) != key(is) || was["required"] != true) {
            broken.push(format!("{name} needs the {}", said(is)));
        }
    }
    let needs = |of: &Value| of["requestBody"]["required"] == true;
    if needs(now) && !needs(before) {
        broken.push(format!("{name} needs a body"));
    }
    for (kind, content) in before["requestBody"]["content"].as_object().into_iter().flatten() {
        match now["requestBody"]["content"].get(kind) {
            Some(is) => taken(&format!("{name}, body"), (old, &content["schema"]), (new, &is["schema"]), 0, broken),
            None => broken.push(format!("{name} takes {kind} no longer")),
        }
    }
    for (status, response) in before["responses"].as_object().into_iter().flatten() {
        let Some(is) = now["responses"].get(status) else {
            if status.starts_with('2') {
                broken.push(format!("{name} answers {status} no longer"));
            }
            continue;
        };
        for (kind, content) in response["content"].as_object().into_iter().flatten() {
            let place = format!("{name}, answer {status}");
            match is["content"].get(kind) {
                Some(is) => given(&place, (old, &content["schema"]), (new, &is["schema"]), 0, broken),
                None => broken.push(format!("{place}: is {kind} no longer")),
            }
        }
    }
}

/// Deeper than this, documents repeat themselves.
const DEEPEST: usize = 8;

/// What a client sends: whatever was taken has to be taken.
fn taken(place: &str, old: Part<'_>, new: Part<'_>, depth: usize, broken: &mut Vec<String>) {
    let (was, is) = (Schema::of(old), Schema::of(new));
    if depth > DEEPEST {
        return;
    }
    if let (Some(was), Some(is)) = (&was.types, &is.types) {
        let integer = |one: &&String| *one == "integer" && is.contains("number");
        broken.extend(
            was.difference(is).filter(|one| !integer(one)).map(|one| format!("{place}: takes {one} no longer")),
        );
    }
    match (&was.words, &is.words) {
        (Some(was), Some(is)) => broken.extend(was.difference(is).map(|one| format!("{place}: takes {one} no longer"))),
        (None, Some(_)) => broken.push(format!("{place}: takes only some words now")),
        (_, None) => {}
    }
    let needed = is.required.difference(&was.required);
    broken.extend(needed.map(|name| format!("{place}: needs {name}")));
    for (name, before) in &was.properties {
        match is.properties.iter().find(|(is, _)| is == name) {
            Some((_, now)) => taken(&format!("{place}/{name}"), (old.0, before), (new.0, now), depth + 1, broken),
            None => broken.push(format!("{place}: takes {name} no longer")),
        }
    }
    if let (Some(before), Some(now)) = (was.items, is.items) {
        taken(&format!("{place}/*"), (old.0, before), (new.0, now), depth + 1, broken);
    }
}

/// What a client gets: only what was given may be given.
fn given(place: &str, old: Part<'_>, new: Part<'_>, depth: usize, broken: &mut Vec<String>) {
    let (was, is) = (Schema::of(old), Schema::of(new));
    if depth > DEEPEST {
        return;
    }
    if let (Some(was), Some(is)) = (&was.types, &is.types) {
        let integer = |one: &&String| *one == "integer" && was.contains("number");
        broken.extend(is.difference(was).filter(|one| !integer(one)).map(|one| format!("{place}: may be {one} now")));
    }
    for name in was.required.difference(&is.required) {
        if is.properties.iter().any(|(is, _)| is == name) {
            broken.push(format!("{place}: may leave {name} out now"));
        }
    }
    for (name, before) in &was.properties {
        match is.properties.iter().find(|(is, _)| is == name) {
            Some((_, now)) => given(&format!("{place}/{name}"), (old.0, before), (new.0, now), depth + 1, broken),
            None => broken.push(format!("{place}: has {name} no longer")),
        }
    }
    if let (Some(before), Some(now)) = (was.items, is.items) {
        given(&format!("{place}/*"), (old.0, before), (new.0, now), depth + 1, broken);
    }
}

/// As far as these documents say it: parts that hold together are one, alternatives are taken together.
#[derive(Default)]
struct Schema<'a> {
    types: Option<BTreeSet<String>>,
    words: Option<BTreeSet<String>>,
    required: BTreeSet<String>,
    properties: Vec<(String, &'a Value)>,
    items: Option<&'a Value>,
}

impl<'a> Schema<'a> {
    fn of((document, schema): Part<'a>) -> Schema<'a> {
        let mut found = Schema::default();
        found.take(document, schema, 0, true);
        found
    }

    fn take(&mut self, document: &'a Value, schema: &'a Value, depth: usize, alone: bool) {
        if depth > DEEPEST {
            return;
        }
        if let Some(at) = schema["$ref"].as_str() {
            if let Some(schema) = document.pointer(at.trim_start_matches('#')) {
                self.take(document, schema, depth + 1, alone);
            }
            return;
        }
        let types = match &schema["type"] {
            Value::String(one) => vec![one.clone()],
            Value::Array(many) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        if !types.is_empty() {
            self.types.get_or_insert_default().extend(types);
        }
        if let Some(words) = schema["enum"].as_array() {
            self.words.get_or_insert_default().extend(words.iter().map(ToString::to_string));
        }
        if alone {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            self.required.extend(required.map(str::to_owned));
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        for (name, schema) in properties {
            if self.properties.iter().all(|(known, _)| known != name) {
                self.properties.push((name.clone(), schema));
            }
        }
        self.items = self.items.or_else(|| schema.get("items"));
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.take(document, part, depth + 1, alone);
        }
        for key in ["oneOf", "anyOf"] {
            for one in schema[key].as_array().into_iter().flatten() {
                self.take(document, one, depth + 1, false);
            }
        }
    }
}

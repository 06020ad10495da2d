//! How the rest of the module reads and writes an object's JSON: names, labels, owners, conditions, paths.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::kind::{self, Kind};
use crate::place;

/// A string at a JSON pointer, or the empty string.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    place::at(object, pointer).and_then(Value::as_str).unwrap_or("")
}

/// A whole number at a JSON pointer.
pub fn number(object: &Value, pointer: &str) -> Option<i64> {
    place::at(object, pointer).and_then(Value::as_i64)
}

/// A list at a JSON pointer; nothing there is the empty list.
pub fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    place::at(object, pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

pub fn is_deleting(object: &Value) -> bool {
    !text(object, "/metadata/deletionTimestamp").is_empty()
}

pub fn label<'a>(object: &'a Value, key: &str) -> &'a str {
    object["metadata"]["labels"][key].as_str().unwrap_or("")
}

pub fn annotation<'a>(object: &'a Value, key: &str) -> &'a str {
    object["metadata"]["annotations"][key].as_str().unwrap_or("")
}

/// Whether every pair of `wanted` (a JSON object of strings) is among the labels of `object`.
pub fn has_labels(object: &Value, wanted: &Value) -> bool {
    wanted
        .as_object()
        .is_some_and(|wanted| wanted.iter().all(|(key, value)| object["metadata"]["labels"].get(key) == Some(value)))
}

/// Writes `value` at a path of keys, making the objects on the way.
pub fn set(object: &mut Value, path: &[&str], value: Value) {
    let Some((last, way)) = path.split_last() else {
        *object = value;
        return;
    };
    let mut here = object;
    for key in way {
        if !here[*key].is_object() {
            here[*key] = Value::Object(Map::new());
        }
        here = &mut here[*key];
    }
    here[*last] = value;
}

/// Writes `value` at a path of keys where nothing stands yet.
pub fn default(object: &mut Value, path: &[&str], value: Value) {
    let pointer = format!("/{}", path.join("/"));
    if place::at(object, &pointer).is_none_or(Value::is_null) {
        set(object, path, value);
    }
}

/// The reference by which a controller owns what it makes.
pub fn owner_reference(kind: &Kind, owner: &Value) -> Value {
    json!({
        "apiVersion": kind.api_version(),
        "kind": kind.kind,
        "name": name(owner),
        "uid": uid(owner),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// Whether `owner` is the controller of `object`.
pub fn is_owned_by(object: &Value, owner: &Value) -> bool {
    list(object, "/metadata/ownerReferences")
        .iter()
        .any(|reference| text(reference, "/uid") == uid(owner) && reference["controller"] == true)
}

/// Owners as (kind, name, uid), of the kinds that this API serves.
pub fn owners(object: &Value) -> Vec<(&'static Kind, &str, &str)> {
    list(object, "/metadata/ownerReferences")
        .iter()
        .filter_map(|reference| {
            let kind = kind::named(text(reference, "/apiVersion"), text(reference, "/kind"))?;
            Some((kind, text(reference, "/name"), text(reference, "/uid")))
        })
        .collect()
}

/// A condition of the status, by its type.
pub fn condition<'a>(object: &'a Value, wanted: &str) -> Option<&'a Value> {
    list(object, "/status/conditions").iter().find(|condition| text(condition, "/type") == wanted)
}

/// Whether a condition of the status is `True`.
pub fn is_condition_true(object: &Value, wanted: &str) -> bool {
    condition(object, wanted).is_some_and(|condition| condition["status"] == "True")
}

/// Seconds are what Kubernetes keeps of a time: `2026-11-23T13:19:00Z`.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The time written at a JSON pointer.
pub fn time_at(object: &Value, pointer: &str) -> Option<Timestamp> {
    text(object, pointer).parse().ok()
}

/// A fresh uid.
pub fn new_uid() -> String {
    Uuid::new_v4().to_string()
}

/// Five characters for a generated name, from the alphabet without vowels that Kubernetes uses.
pub fn suffix() -> String {
    let mut seed = Uuid::new_v4().as_u128();
    let mut out = String::new();
    for _ in 0..5 {
        out.push(char::from(ALPHABET[(seed % 27) as usize]));
        seed /= 27;
    }
    out
}

/// The characters of generated names and template hashes.
pub const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

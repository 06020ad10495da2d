//! Label and field selectors: parsed from a query or from a spec, asked of an object.

use serde_json::Value;

use super::kind::Kind;
use super::object;
use super::refusal::Refusal;

/// A conjunction of requirements on labels and fields; the empty one selects everything.
#[derive(Debug, Clone, Default)]
pub struct Selector {
    labels: Vec<Requirement>,
    fields: Vec<(String, Comparison, String)>,
}

#[derive(Debug, Clone)]
enum Requirement {
    Equals(String, String),
    Differs(String, String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Comparison {
    Equals,
    Differs,
}

impl Selector {
    /// From the query parameters `labelSelector` and `fieldSelector`.
    pub fn parse(labels: &str, fields: &str) -> Result<Self, Refusal> {
        let mut selector = Self::default();
        for part in split_outside_brackets(labels) {
            selector.labels.push(parse_requirement(part)?);
        }
        for part in fields.split(',').filter(|part| !part.is_empty()) {
            let (path, comparison, value) = if let Some((path, value)) = part.split_once("!=") {
                (path, Comparison::Differs, value)
            } else if let Some((path, value)) = part.split_once("==") {
                (path, Comparison::Equals, value)
            } else if let Some((path, value)) = part.split_once('=') {
                (path, Comparison::Equals, value)
            } else {
                return Err(Refusal::bad_request(format!("invalid selector: '{part}'; can't understand '{part}'")));
            };
            selector.fields.push((path.trim().to_string(), comparison, value.trim().to_string()));
        }
        Ok(selector)
    }

    /// From a `LabelSelector` (`matchLabels`, `matchExpressions`).
    pub fn from_spec(spec: &Value) -> Self {
        let mut labels = Vec::new();
        if let Some(pairs) = spec["matchLabels"].as_object() {
            for (key, value) in pairs {
                labels.push(Requirement::Equals(key.clone(), value.as_str().unwrap_or("").to_string()));
            }
        }
        for expression in object::list(spec, "/matchExpressions") {
            let key = object::text(expression, "/key").to_string();
            let values = object::list(expression, "/values")
                .iter()
                .filter_map(|value| value.as_str().map(str::to_string))
                .collect();
            labels.push(match object::text(expression, "/operator") {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "DoesNotExist" => Requirement::Missing(key),
                _ => Requirement::Exists(key),
            });
        }
        Self { labels, fields: Vec::new() }
    }

    /// 400 for a field that lists and watches of the kind cannot be narrowed by.
    pub fn check_fields(&self, kind: &Kind) -> Result<(), Refusal> {
        let own = kind.selectable();
        let known = |path: &str| matches!(path, "metadata.name" | "metadata.namespace") || own.contains(&path);
        let Some((path, ..)) = self.fields.iter().find(|(path, ..)| !known(path)) else {
            return Ok(());
        };
        Err(Refusal::bad_request(if own.is_empty() {
            format!("\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
        } else {
            format!("field label not supported: {path}")
        }))
    }

    pub fn matches(&self, object: &Value) -> bool {
        self.labels.iter().all(|requirement| requirement.holds(&object["metadata"]["labels"]))
            && self.fields.iter().all(|(path, comparison, wanted)| {
                let found = field(object, path);
                (found == *wanted) == (*comparison == Comparison::Equals)
            })
    }
}

impl Requirement {
    fn holds(&self, labels: &Value) -> bool {
        let value = |key: &str| labels.get(key).and_then(Value::as_str);
        match self {
            Self::Equals(key, wanted) => value(key) == Some(wanted),
            Self::Differs(key, wanted) => value(key) != Some(wanted),
            Self::In(key, wanted) => value(key).is_some_and(|v| wanted.iter().any(|w| w == v)),
            Self::NotIn(key, wanted) => value(key).is_none_or(|v| wanted.iter().all(|w| w != v)),
            Self::Exists(key) => value(key).is_some(),
            Self::Missing(key) => value(key).is_none(),
        }
    }
}

fn field(object: &Value, path: &str) -> String {
    let pointer = format!("/{}", path.replace('.', "/"));
    match object.pointer(&pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None if matches!(path, "spec.unschedulable" | "spec.hostNetwork") => "false".to_owned(),
        Some(Value::Null) | None if path == "status.replicas" => "0".to_owned(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn parse_requirement(part: &str) -> Result<Requirement, Refusal> {
    let part = part.trim();
    let own = |text: &str| text.trim().to_string();
    let set = |rest: &str| -> Option<Vec<String>> {
        let inner = rest.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(inner.split(',').map(own).collect())
    };
    if let Some((key, values)) = part.split_once(" notin ") {
        if let Some(values) = set(values) {
            return Ok(Requirement::NotIn(own(key), values));
        }
    } else if let Some((key, values)) = part.split_once(" in ") {
        if let Some(values) = set(values) {
            return Ok(Requirement::In(own(key), values));
        }
    } else if let Some((key, value)) = part.split_once("!=") {
        return Ok(Requirement::Differs(own(key), own(value)));
    } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Requirement::Equals(own(key), own(value)));
    } else if let Some(key) = part.strip_prefix('!') {
        return Ok(Requirement::Missing(own(key)));
    } else if !part.contains([' ', '(', ')']) {
        return Ok(Requirement::Exists(own(part)));
    }
    Err(Refusal::bad_request(format!(
        "unable to parse requirement: found '{part}', expected: '=', '!=', '==', 'in', notin'"
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::kubernetes::kind;

    #[test]
    fn a_kind_is_narrowed_by_its_own_fields_alone() {
        let by = |kind: &Kind, fields: &str| Selector::parse("", fields).unwrap().check_fields(kind);
        assert!(by(&kind::POD, "spec.nodeName=one,metadata.namespace!=two").is_ok());
        assert_eq!(by(&kind::POD, "spec.colour=red").unwrap_err().message, "field label not supported: spec.colour");
        assert_eq!(
            by(&kind::CONFIG_MAP, "data.a=1").unwrap_err().message,
            "\"data.a\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
        let open = Selector::parse("", "spec.unschedulable=false").unwrap();
        assert!(open.matches(&json!({"spec": {}})) && !open.matches(&json!({"spec": {"unschedulable": true}})));
    }

    #[test]
    fn a_selector_selects_by_labels_and_fields() {
        let pod = json!({"metadata": {"name": "web-1", "labels": {"app": "web", "tier": "front"}},
                         "status": {"phase": "Running"}});
        let cases = [
            ("", "", true),
            ("app=web", "", true),
            ("app==web,tier!=back", "", true),
            ("app in (web, api),tier notin (back)", "", true),
            ("app,!missing", "", true),
            ("app=api", "", false),
            ("missing", "", false),
            ("", "status.phase=Running", true),
            ("", "metadata.name!=web-1", false),
            ("app=web", "metadata.name=web-2", false),
        ];
        for (labels, fields, expected) in cases {
            let selector = Selector::parse(labels, fields).unwrap();
            assert_eq!(selector.matches(&pod), expected, "{labels} | {fields}");
        }
        assert!(Selector::parse("a in b", "").is_err());
    }
}

//! An example of each answer: what a portal really said, kept beside the code by `end2end/api/examples.py`.

use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// `answers` by the name of their schema, `texts` by operation and kind (`list_events text/event-stream`).
static EXAMPLES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).unwrap_or_default());

/// Names the example of each answer that succeeds, once under `components` where several give the same.
pub(super) fn lay_over(document: &mut Value) {
    let mut used = Map::new();
    for operation in fields(document, "paths").flat_map(|(_, item)| operations(item)) {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        let succeeds = fields(operation, "responses").filter(|(status, _)| status.starts_with('2'));
        for (kind, content) in succeeds.flat_map(|(_, response)| fields(response, "content")) {
            told(content, &format!("{id} {kind}"), &mut used);
        }
    }
    if let Some(known) = document["components"]["examples"].as_object_mut() {
        known.extend(used);
    }
}

/// What stands under this name, where anything does.
fn fields<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = (&'a String, &'a mut Value)> {
    value.get_mut(name).and_then(Value::as_object_mut).into_iter().flatten()
}

fn operations(item: &mut Value) -> impl Iterator<Item = &mut Value> {
    let methods = ["get", "put", "post", "delete", "patch"];
    let all = item.as_object_mut().into_iter().flatten();
    all.filter(move |(method, _)| methods.contains(&method.as_str())).map(|(_, operation)| operation)
}

fn told(content: &mut Value, text: &str, used: &mut Map<String, Value>) {
    let of_schema = content["schema"]["$ref"].as_str().and_then(|at| at.rsplit('/').next());
    if let Some((name, value)) = of_schema.and_then(|name| Some((name.to_owned(), EXAMPLES["answers"].get(name)?))) {
        content["examples"] = json!({ &name: {"$ref": format!("#/components/examples/{name}")} });
        used.insert(name, json!({"value": value}));
    }
    if let Some(value) = EXAMPLES["texts"].get(text) {
        content.as_object_mut().map(|content| content.remove("examples"));
        content["example"] = value.clone();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::openapi::document;
    use super::super::shape::Shape;
    use super::*;

    /// Whoever has an answer changed writes the examples anew: `cargo xtask api examples`.
    #[test]
    fn each_answer_has_an_example_that_is_as_its_schema_says() {
        let (document, mut lacking) = (document(), Vec::new());
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for (status, response) in operation["responses"].as_object().unwrap() {
                    for (kind, content) in response["content"].as_object().into_iter().flatten() {
                        let has = content.get("example").is_some() || content.get("examples").is_some();
                        if !has && kind != "application/zip" {
                            lacking.push(format!("{method} {path} {status} {kind}"));
                        }
                    }
                }
            }
        }
        assert_eq!(lacking, Vec::<String>::new(), "these answers have no example");
        let schemas = &document["components"]["schemas"];
        for (name, value) in EXAMPLES["answers"].as_object().unwrap() {
            assert!(document["components"]["examples"][name].is_object(), "{name} is of no answer");
            let mut errors = Vec::new();
            Shape::of(&schemas[name]).hold(value, "", &mut errors);
            assert!(errors.is_empty(), "the example of {name}: {errors:?}");
        }
        for text in EXAMPLES["texts"].as_object().unwrap().keys() {
            let (id, kind) = text.split_once(' ').unwrap();
            let of = |item: &Value| item.as_object().unwrap().values().any(|one| one["operationId"] == id);
            assert!(document["paths"].as_object().unwrap().values().any(of), "{id} answers no {kind}");
        }
    }

    #[test]
    fn no_example_holds_a_secret() {
        let text = EXAMPLES.to_string();
        for beginning in ["keystead_pat_", "keystead_svc_", "whsec_"] {
            let shown = text.match_indices(beginning).all(|(at, found)| text[at + found.len()..].starts_with('…'));
            assert!(shown, "{beginning} goes on with something");
        }
    }
}

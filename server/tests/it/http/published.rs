//! The contract of `/api/v1` as it is published: each change of it is seen in review, and one that breaks clients fails.

use crate::support::bed::Bed;
use crate::support::breaking::breaking;
use crate::support::document;
use crate::support::portal::Portal;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What is published. It grows by `KEYSTEAD_PUBLISH=1 cargo xtask test`, and never by what would break clients.
fn published() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/http/v1.json"))
}

async fn now() -> Value {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    document::of(&portal).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_is_what_is_published() {
    let now = now().await;
    let path = published();
    let before = std::fs::read_to_string(&path).ok().map(|text| serde_json::from_str::<Value>(&text).unwrap());
    let broken = before.as_ref().map(|before| breaking(before, &now)).unwrap_or_default();
    assert!(
        broken.is_empty(),
        "clients of /api/v1 would break: {broken:#?}\nKeep what they use beside what is new, or make it /api/v2."
    );
    if std::env::var_os("KEYSTEAD_PUBLISH").is_some() {
        let mut text = Vec::new();
        let narrow = serde_json::ser::PrettyFormatter::with_indent(b" ");
        now.serialize(&mut serde_json::Serializer::with_formatter(&mut text, narrow)).unwrap();
        text.push(b'\n');
        std::fs::write(&path, text).unwrap();
        return;
    }
    let before = before.unwrap_or_default();
    assert!(
        before == now,
        "the contract has changed, and no client breaks by it: {:#?}\nPublish it with KEYSTEAD_PUBLISH=1 and this test, \
         and commit server/tests/it/http/v1.json, so that the change is read in review.",
        differing(&before, &now, "")
    );
}

/// Pointers to what is otherwise.
fn differing(before: &Value, now: &Value, pointer: &str) -> Vec<String> {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
            let of = |name: &String| {
                let none = Value::Null;
                let (before, now) = (before.get(name).unwrap_or(&none), now.get(name).unwrap_or(&none));
                differing(before, now, &format!("{pointer}/{name}"))
            };
            names.into_iter().flat_map(of).collect()
        }
        (before, now) if before == now => Vec::new(),
        _ => vec![pointer.to_owned()],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_tells_all_of_itself() {
    let document = document::Document(now().await);
    let version = document.0["openapi"].as_str().unwrap();
    assert!(version.starts_with("3.1"), "{version}");
    let mut names = BTreeSet::new();
    for operation in document.operations() {
        let said = format!("{} {}", operation.method, operation.path);
        let told = operation.told;
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        assert!(text(&told["summary"]) && text(&told["description"]), "{said}");
        assert!(names.insert(told["operationId"].as_str().unwrap().to_owned()), "{said}: {}", told["operationId"]);
        let parameters = told["parameters"].as_array().unwrap();
        let header = |name: &str| parameters.iter().find(|one| one["in"] == "header" && one["name"] == name);
        for parameter in parameters {
            assert!(text(&parameter["description"]), "{said}: {} is not described", parameter["name"]);
        }
        let of_path = parameters.iter().filter(|one| one["in"] == "path").count();
        assert_eq!(of_path, operation.path.matches('{').count(), "{said}");
        assert_eq!(header("Idempotency-Key").is_some(), operation.method == "post" && !operation.open(), "{said}");
        assert!(header("traceparent").is_some() && header("X-Request-Id").is_some(), "{said}");
        let responses = told["responses"].as_object().unwrap();
        for status in ["400", "429", "503"] {
            assert!(responses.contains_key(status), "{said} has no {status}");
        }
        // Whatever strangers may ask refuses none.
        assert_ne!(responses.contains_key("401"), operation.open(), "{said}");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{said}");
        for (status, response) in responses {
            assert!(text(&response["description"]), "{said} {status}");
            assert!(response["headers"]["X-Request-Id"].is_object() || status == "304", "{said} {status}");
            if status.as_str() >= "400" {
                let content = &response["content"]["application/problem+json"];
                assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{said} {status}");
                for (kind, example) in content["examples"].as_object().unwrap() {
                    let at = example["$ref"].as_str().unwrap().trim_start_matches('#');
                    let example = document.0.pointer(at).unwrap();
                    assert_eq!(example["value"]["type"], format!("/problems/{kind}"));
                    assert_eq!(example["value"]["status"].to_string(), *status, "{said}");
                }
            }
        }
        if told.get("requestBody").is_some() {
            assert!(operation.example().is_some_and(|example| example.is_object()), "{said} has no example");
            for status in ["408", "413", "415", "422"] {
                assert!(responses.contains_key(status), "{said} has no {status}");
            }
        }
        if header("If-Match").is_some() {
            assert!(responses.contains_key("412") && responses.contains_key("428"), "{said}");
        }
        if operation.method == "get" && operation.path.ends_with('}') && operation.path.matches('{').count() == 1 {
            assert!(responses.contains_key("304") && responses["200"]["headers"]["ETag"].is_object(), "{said}");
        }
    }
    for reference in references(&document.0) {
        let at = reference.trim_start_matches('#');
        assert!(document.0.pointer(at).is_some(), "{reference} leads nowhere");
    }
}

fn references(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}

/// What the comparer calls breaking, and what it does not.
#[test]
fn what_breaks_a_client_is_told_in_a_sentence() {
    let before = json!({
        "paths": {"/things": {"post": {
            "parameters": [{"name": "show", "in": "query", "required": false, "schema": {"type": "string", "enum": ["a", "b"]}}],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Asked"}}}},
            "responses": {"201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
        }}, "/others": {"get": {"responses": {"200": {}}}}},
        "components": {"schemas": {
            "Asked": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}},
            "Thing": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "size": {"type": "integer"}}},
        }},
    });
    assert_eq!(breaking(&before, &before), Vec::<String>::new());
    let with = |pointer: &str, value: Value| {
        let mut now = before.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = now.pointer_mut(parent).unwrap();
        match (parent.as_object_mut(), value.is_null()) {
            (Some(fields), true) => drop(fields.remove(&name.replace("~1", "/"))),
            (Some(fields), false) => drop(fields.insert(name.replace("~1", "/"), value)),
            (None, _) => parent.as_array_mut().unwrap().push(value),
        }
        breaking(&before, &now)
    };
    let post = "/paths/~1things/post";
    let (asked, thing) = ("/components/schemas/Asked", "/components/schemas/Thing");
    for (pointer, value, said) in [
        ("/paths/~1others".to_owned(), Value::Null, "GET /others is gone"),
        (
            format!("{post}/parameters/-"),
            json!({"name": "new", "in": "query", "required": true}),
            "POST /things needs the query parameter new",
        ),
        (format!("{post}/parameters"), json!([]), "POST /things takes the query parameter show no longer"),
        (
            format!("{post}/parameters/0/schema"),
            json!({"type": "string", "enum": ["a"]}),
            "POST /things, query parameter show: takes \"b\" no longer",
        ),
        (format!("{post}/requestBody/required"), json!(true), "POST /things needs a body"),
        (format!("{post}/responses/201"), Value::Null, "POST /things answers 201 no longer"),
        (format!("{asked}/required"), json!(["name"]), "POST /things, body: needs name"),
        (format!("{asked}/properties"), json!({}), "POST /things, body: takes name no longer"),
        (
            format!("{asked}/properties/name"),
            json!({"type": "string"}),
            "POST /things, body/name: takes null no longer",
        ),
        (format!("{thing}/properties/size"), Value::Null, "POST /things, answer 201: has size no longer"),
        (
            format!("{thing}/properties/size"),
            json!({"type": "string"}),
            "POST /things, answer 201/size: may be string now",
        ),
        (format!("{thing}/required"), json!([]), "POST /things, answer 201: may leave id out now"),
    ] {
        assert_eq!(with(&pointer, value), [said], "{pointer}");
    }
    for (pointer, value) in [
        ("/paths/~1new".to_owned(), json!({"get": {"responses": {}}})),
        (format!("{post}/parameters/-"), json!({"name": "new", "in": "query", "required": false})),
        (format!("{asked}/properties/more"), json!({"type": "string"})),
        (format!("{thing}/properties/more"), json!({"type": "string"})),
        (format!("{thing}/required"), json!(["id", "size"])),
        (format!("{post}/responses/418"), json!({})),
    ] {
        assert_eq!(with(&pointer, value), Vec::<String>::new(), "{pointer}");
    }
}

//! What the OpenAPI document says of each operation, as the layers in front of the handlers ask it.

use super::openapi;
use axum::http::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Of every operation that is documented, which a test holds against the router.
static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::of(openapi::document()));

/// What an operation takes.
pub(super) struct Operation {
    /// What may stand behind the question mark, with the schema of each.
    pub query: BTreeMap<String, Value>,
    /// Kinds of body and the schema of each; empty where there is none.
    pub body: BTreeMap<String, Value>,
}

struct Rules {
    operations: BTreeMap<(String, String), Operation>,
    schemas: Value,
}

impl Rules {
    fn of(document: &Value) -> Rules {
        let mut operations = BTreeMap::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, told) in item.as_object().into_iter().flatten() {
                operations.insert((method.to_uppercase(), path.clone()), Operation::of(told));
            }
        }
        Rules { operations, schemas: document["components"]["schemas"].clone() }
    }
}

impl Operation {
    fn of(told: &Value) -> Operation {
        let parameters = told["parameters"].as_array().into_iter().flatten();
        let query = parameters.filter(|one| one["in"] == "query");
        let query = query.filter_map(|one| Some((one["name"].as_str()?.to_owned(), one["schema"].clone())));
        let body = told["requestBody"]["content"].as_object().into_iter().flatten();
        Operation {
            query: query.collect(),
            body: body.map(|(kind, content)| (kind.clone(), content["schema"].clone())).collect(),
        }
    }
}

/// The operation of this method at this path, as the router writes it: `/api/v1/jobs/{id}`.
pub(super) fn operation(method: &Method, path: &str) -> Option<&'static Operation> {
    RULES.operations.get(&(method.as_str().to_owned(), path.to_owned()))
}

/// A schema of the document, by its name.
pub(super) fn schema(name: &str) -> &'static Value {
    &RULES.schemas[name]
}

/// The innermost thing that an address is of and that can be read by itself: `/api/v1/jobs/{id}` of
/// `/api/v1/jobs/{id}/cancel`, and of a secret the secret, not its environment.
pub(super) fn thing(path: &str) -> Option<&str> {
    innermost(path, |thing| operation(&Method::GET, thing).is_some())
}

/// The same, by whoever knows what can be read.
pub(super) fn innermost(path: &str, readable: impl Fn(&str) -> bool) -> Option<&str> {
    path.match_indices('}').map(|(end, _)| &path[..=end]).rev().find(|thing| readable(thing))
}

/// `jobs` of `/api/v1/jobs/{id}`, `secrets` of `/api/v1/environments/{name}/secrets/{secret}`.
pub(super) fn collection(thing: &str) -> &str {
    thing.rsplit('/').nth(1).unwrap_or_default()
}

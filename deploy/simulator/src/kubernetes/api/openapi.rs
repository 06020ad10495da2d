//! Describes the API as OpenAPI 3, as far as clients decide by it what they may send: paths, patch kinds, parameters.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::kubernetes::kind::{self, Kind};

/// `GET /openapi/v3`: where the description of each group lies.
pub(super) fn index() -> Value {
    let mut paths = Map::new();
    for kind in kind::ALL {
        let path = path_of(kind);
        let text = group(&path).unwrap_or_default().to_string();
        let hash = hex::encode_upper(Sha256::digest(text));
        paths.insert(path.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash={hash}")}));
    }
    json!({ "paths": paths })
}

/// `GET /openapi/v3/api/v1`, `GET /openapi/v3/apis/{group}/{version}`, by what follows `v3/`.
pub(super) fn group(path: &str) -> Option<Value> {
    let kinds: Vec<&Kind> = kind::ALL.into_iter().filter(|kind| path_of(kind) == path).collect();
    kinds.first()?;
    let mut paths = Map::new();
    for kind in kinds {
        let within = if kind.namespaced { "namespaces/{namespace}/" } else { "" };
        let all = format!("/{path}/{within}{}", kind.plural);
        let one = format!("{all}/{{name}}");
        paths.insert(all, json!({"post": operation(kind, "post", &["application/json"])}));
        if !kind.only_asked {
            paths.insert(
                one,
                json!({
                    "put": operation(kind, "put", &["application/json"]),
                    "patch": operation(kind, "patch", PATCHES),
                }),
            );
        }
    }
    Some(json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "unversioned"}, "paths": paths}))
}

/// Strategic merge is left out: a client that finds it here computes its patch from schemas, which are not served; without
/// it `kubectl` takes the types that it was built with.
const PATCHES: &[&str] =
    &["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json"];

fn operation(kind: &Kind, action: &str, bodies: &[&str]) -> Value {
    let parameter =
        |name: &str, of: &str| json!({"name": name, "in": "query", "schema": {"type": of, "uniqueItems": true}});
    let mut parameters = vec![
        parameter("dryRun", "string"),
        parameter("fieldManager", "string"),
        parameter("fieldValidation", "string"),
    ];
    if action == "patch" {
        parameters.push(parameter("force", "boolean"));
    }
    let content: Map<String, Value> =
        bodies.iter().map(|body| ((*body).to_owned(), json!({"schema": {"type": "object"}}))).collect();
    json!({
        "parameters": parameters,
        "requestBody": {"content": content, "required": true},
        "responses": {"200": {"description": "OK"}, "401": {"description": "Unauthorized"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
    })
}

fn path_of(kind: &Kind) -> String {
    let root = if kind.group.is_empty() { "api" } else { "apis" };
    format!("{root}/{}", kind.api_version())
}

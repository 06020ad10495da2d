//! Reads one object or a list of them.

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::options::{self, At};
use super::table::{self, Look};
use super::{Call, json_answer};
use crate::kubernetes::object::{self, number};
use crate::kubernetes::rbac;
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::selector::Selector;

pub(super) async fn get(call: Call) -> Result<Response, Refusal> {
    let found = current(&call).await?;
    let shown = match call.look() {
        Look::Whole => return Ok(json_answer(StatusCode::OK, &found)),
        Look::Table(include) => table::row(call.place.kind, &found, include, call.cluster.now(), true),
    };
    Ok(json_answer(StatusCode::OK, &shown))
}

async fn current(call: &Call) -> Result<std::sync::Arc<Value>, Refusal> {
    let found = call.cluster.objects.get(&call.place.key()).await;
    let found = found.or_else(|| rbac::built_in(&call.cluster, call.place.kind, &call.place.name));
    found.ok_or_else(|| Refusal::not_found(call.place.kind, &call.place.name))
}

pub(super) async fn list(call: Call) -> Result<Response, Refusal> {
    let selector = selector(&call)?;
    let at = At::of(&call.query)?;
    let kind = call.place.kind;
    let (version, mut objects) = call.cluster.objects.list(kind, &call.place.namespace).await;
    match at {
        At::NotOlderThan(wanted) | At::Exactly(wanted) if wanted > version => {
            return Err(options::too_large(wanted, version));
        }
        At::Exactly(wanted) if changed_since(&call, wanted).await => {
            return Err(Refusal::gone("The resourceVersion for the provided list is too old."));
        }
        _ => {}
    }
    objects.extend(rbac::listed(&call.cluster, kind));
    let objects: Vec<&Value> = objects.iter().map(AsRef::as_ref).filter(|it| selector.matches(it)).collect();
    let version = version.to_string();
    if let Look::Table(include) = call.look() {
        let table = table::table(kind, &objects, include, &version, call.cluster.now(), true);
        return Ok(json_answer(StatusCode::OK, &table));
    }
    let body = json!({
        "kind": format!("{}List", kind.kind),
        "apiVersion": kind.api_version(),
        "metadata": {"resourceVersion": version},
        "items": objects,
    });
    Ok(json_answer(StatusCode::OK, &body))
}

/// Whether what a list shows has become another since a version, as far as is known. Only the newest state is kept.
async fn changed_since(call: &Call, version: u64) -> bool {
    let changes = call.cluster.objects.since(version).await;
    changes.is_none_or(|changes| changes.iter().any(|change| change.kind == call.place.kind))
}

/// The selector of a list, a watch or a deletion of many.
pub(super) fn selector(call: &Call) -> Result<Selector, Refusal> {
    if !call.place.name.is_empty() {
        return Selector::parse("", &format!("metadata.name={}", call.place.name));
    }
    let selector = Selector::parse(call.query.text("labelSelector"), call.query.text("fieldSelector"))?;
    selector.check_fields(call.place.kind)?;
    Ok(selector)
}

/// The `Scale` of a Deployment or ReplicaSet.
pub(super) async fn scale(call: Call) -> Result<Response, Refusal> {
    let found = current(&call).await?;
    Ok(json_answer(StatusCode::OK, &scale_of(&found)))
}

/// How many replicas an object asks for and has, as `autoscaling/v1` writes it.
pub(super) fn scale_of(object: &Value) -> Value {
    let labels = object["spec"]["selector"]["matchLabels"].as_object();
    let selector: Vec<String> =
        labels.into_iter().flatten().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or(""))).collect();
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": object::name(object), "namespace": object::namespace(object), "uid": object::uid(object),
            "resourceVersion": object["metadata"]["resourceVersion"], "creationTimestamp": object["metadata"]["creationTimestamp"],
        },
        "spec": {"replicas": number(object, "/spec/replicas").unwrap_or(0)},
        "status": {"replicas": number(object, "/status/replicas").unwrap_or(0), "selector": selector.join(",")},
    })
}

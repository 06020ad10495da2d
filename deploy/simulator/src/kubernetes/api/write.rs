//! Changes objects: create, replace, patch, scale, delete.

use std::collections::BTreeSet;

use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::validation::Validation;
use super::{Call, json_answer, permit, read, success};
use crate::kubernetes::json_patch;
use crate::kubernetes::object::{self, number, set, text};
use crate::kubernetes::patch;
use crate::kubernetes::rbac;
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::removal::Wish;
use crate::kubernetes::store::Key;
use crate::kubernetes::strategic;

/// The body of a create or a replace, without what its kind does not have.
fn whole(call: &Call, validation: &Validation<'_>) -> Result<Value, Refusal> {
    let mut new = call.json()?;
    check_place(call, &mut new)?;
    validation.whole(&mut new)?;
    Ok(new)
}

pub(super) async fn create(call: Call) -> Result<Response, Refusal> {
    let validation = Validation::of(&call, "CreateOptions")?;
    let new = whole(&call, &validation)?;
    check_rights(&call, &new).await?;
    let made = call.cluster.create(call.place.kind, new, call.query.is_dry()).await?;
    Ok(validation.warned(json_answer(StatusCode::CREATED, &made)))
}

pub(super) async fn replace(call: Call) -> Result<Response, Refusal> {
    let validation = Validation::of(&call, "UpdateOptions")?;
    let new = whole(&call, &validation)?;
    check_rights(&call, &new).await?;
    let key = call.place.key();
    let written = call.cluster.replace(&key, new, &call.place.part, call.query.is_dry()).await?;
    Ok(validation.warned(json_answer(StatusCode::OK, &written)))
}

/// A role or binding gives away only what its author may give.
async fn check_rights(call: &Call, object: &Value) -> Result<(), Refusal> {
    let kind = call.place.kind;
    if !kind.is_about_rights() {
        return Ok(());
    }
    check_built_in(call)?;
    if call.place.name.is_empty() && rbac::built_in(&call.cluster, kind, object::name(object)).is_some() {
        return Err(Refusal::exists(kind, object::name(object)));
    }
    permit::check_rights(&call.cluster, &call.who, kind, object).await
}

/// What every cluster has from its beginning stays as it is.
fn check_built_in(call: &Call) -> Result<(), Refusal> {
    let (kind, name) = (call.place.kind, &call.place.name);
    match rbac::built_in(&call.cluster, kind, name) {
        Some(_) => {
            let message = format!("{} \"{name}\" is forbidden: it is built in and not changed here", kind.qualified());
            Err(Refusal::forbidden(kind, name, message))
        }
        None => Ok(()),
    }
}

/// The body has to be about what the path names; what it leaves out is filled in.
fn check_place(call: &Call, body: &mut Value) -> Result<(), Refusal> {
    let place = &call.place;
    if !body.is_object() {
        return Err(Refusal::bad_request("the body of the request is no object"));
    }
    if !body["metadata"].is_object() {
        body["metadata"] = json!({});
    }
    let given = text(body, "/kind").to_string();
    if !given.is_empty() && given != place.kind.kind {
        return Err(Refusal::bad_request(format!(
            "{given} in version \"{}\" cannot be handled as a {}",
            text(body, "/apiVersion"),
            place.kind.kind
        )));
    }
    for (field, wanted) in [("name", &place.name), ("namespace", &place.namespace)] {
        let found = text(body, &format!("/metadata/{field}")).to_string();
        if wanted.is_empty() {
            continue;
        }
        if found.is_empty() {
            body["metadata"][field] = json!(wanted);
        } else if found != *wanted {
            return Err(Refusal::bad_request(format!(
                "the {field} of the provided object does not match the {field} sent on the request"
            )));
        }
    }
    if !place.kind.namespaced
        && let Some(metadata) = body["metadata"].as_object_mut()
    {
        metadata.remove("namespace");
    } else if place.kind.namespaced && object::namespace(body).is_empty() {
        return Err(Refusal::bad_request("an empty namespace may not be set during creation"));
    }
    Ok(())
}

pub(super) async fn patch(call: Call) -> Result<Response, Refusal> {
    let validation = Validation::of(&call, "PatchOptions")?;
    let document = call.json()?;
    let change: fn(&mut Value, &Value) -> Result<(), Refusal> = match call.content_type() {
        "application/apply-patch+yaml" => {
            let answer = apply(&call, &validation, document).await?;
            return Ok(validation.warned(answer));
        }
        "application/merge-patch+json" => |object, document| {
            patch::merge(object, document);
            Ok(())
        },
        "application/json-patch+json" => json_patch::apply,
        "application/strategic-merge-patch+json" => |object, document| {
            strategic::strategic(object, document);
            Ok(())
        },
        _ => {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml",
            ));
        }
    };
    if call.query.is_on("force") {
        return Err(invalid("force: Forbidden: may not be specified for non-apply patch"));
    }
    let (key, part) = (call.place.key(), &call.place.part);
    let edit = |object: &mut Value| validation.patched(object, |object| change(object, &document));
    if call.place.kind.is_about_rights() {
        check_built_in(&call)?;
        check_rights(&call, &*call.cluster.edit(&key, part, true, &edit).await?).await?;
    }
    let written = call.cluster.edit(&key, part, call.query.is_dry(), edit).await?;
    Ok(validation.warned(json_answer(StatusCode::OK, &written)))
}

fn invalid(why: &str) -> Refusal {
    let message = format!("PatchOptions.meta.k8s.io \"\" is invalid: {why}");
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message)
}

/// Server-side apply: makes what is not there, and conflicts where another manager wants something else.
async fn apply(call: &Call, validation: &Validation<'_>, mut wanted: Value) -> Result<Response, Refusal> {
    let manager = call.query.text("fieldManager").to_string();
    if manager.is_empty() {
        return Err(invalid("fieldManager: Required value: is required for apply patch"));
    }
    check_place(call, &mut wanted)?;
    validation.whole(&mut wanted)?;
    check_rights(call, &wanted).await?;
    let (key, dry) = (call.place.key(), call.query.is_dry());
    let cluster = &call.cluster;
    if cluster.objects.get(&key).await.is_none() {
        if call.place.part == "status" {
            return Err(Refusal::not_found(key.kind, &key.name));
        }
        match cluster.create(key.kind, wanted.clone(), dry).await {
            Ok(made) => {
                if !dry {
                    cluster.objects.note_applied(&key, &manager, wanted).await;
                }
                return Ok(json_answer(StatusCode::CREATED, &made));
            }
            // Somebody made it in between: then it is a change after all.
            Err(refusal) if refusal.reason == "AlreadyExists" => {}
            Err(refusal) => return Err(refusal),
        }
    }
    let applied = cluster.objects.applied(&key).await;
    let mine = patch::leaves(&wanted);
    let mut causes = Vec::new();
    for (other, document) in applied.iter().filter(|(other, _)| **other != manager) {
        for (path, value) in patch::leaves(document) {
            if mine.iter().any(|(it, new)| *it == path && *new != value) {
                causes.push((other.clone(), path));
            }
        }
    }
    if !causes.is_empty() && !call.query.is_on("force") {
        return Err(Refusal::apply_conflict(&causes));
    }
    let before = applied.get(&manager);
    let edit = |object: &mut Value| {
        *object = patch::apply(object, before, &wanted);
        Ok(())
    };
    let written = cluster.edit(&key, &call.place.part, dry, edit).await?;
    if !dry {
        // What was taken by force belongs to its new manager alone.
        for (other, document) in &applied {
            let lost: BTreeSet<&str> =
                causes.iter().filter(|(whose, _)| whose == other).map(|(_, path)| path.as_str()).collect();
            if !lost.is_empty() {
                cluster.objects.note_applied(&key, other, patch::without(document, &lost)).await;
            }
        }
        cluster.objects.note_applied(&key, &manager, wanted).await;
    }
    Ok(json_answer(StatusCode::OK, &written))
}

/// Sets the number of replicas, by replacing or patching the `Scale`.
pub(super) async fn scale(call: Call) -> Result<Response, Refusal> {
    let document = call.json()?;
    let replicas =
        number(&document, "/spec/replicas").ok_or_else(|| Refusal::bad_request("spec.replicas: Required value"))?;
    let edit = |object: &mut Value| {
        set(object, &["spec", "replicas"], json!(replicas));
        Ok(())
    };
    let written = call.cluster.edit(&call.place.key(), "", call.query.is_dry(), edit).await?;
    Ok(json_answer(StatusCode::OK, &read::scale_of(&written)))
}

fn wish(call: &Call) -> Result<Wish, Refusal> {
    let mut wish = Wish::from_body(&call.json()?);
    if let Some(seconds) = call.query.number("gracePeriodSeconds")? {
        wish.grace_seconds = Some(seconds);
    }
    if !call.query.text("propagationPolicy").is_empty() {
        wish.propagation = call.query.text("propagationPolicy").to_string();
    }
    wish.dry |= call.query.is_dry();
    Ok(wish)
}

pub(super) async fn delete(call: Call) -> Result<Response, Refusal> {
    let wish = wish(&call)?;
    check_built_in(&call)?;
    let key = call.place.key();
    let uid = call.cluster.objects.get(&key).await.map(|it| object::uid(&it).to_string());
    Ok(match call.cluster.delete(&key, &wish).await? {
        Some(standing) => json_answer(StatusCode::OK, &standing),
        None => {
            let details = json!({"name": key.name, "group": key.kind.group, "kind": key.kind.plural, "uid": uid});
            json_answer(StatusCode::OK, &success(details))
        }
    })
}

pub(super) async fn delete_all(call: Call) -> Result<Response, Refusal> {
    let selector = read::selector(&call)?;
    let wish = wish(&call)?;
    let kind = call.place.kind;
    let (version, objects) = call.cluster.objects.list(kind, &call.place.namespace).await;
    let mut items = Vec::new();
    for object in objects.iter().filter(|object| selector.matches(object)) {
        // One that somebody else deleted first is deleted.
        let _ = call.cluster.delete(&Key::of(kind, object), &wish).await;
        items.push(Value::clone(object));
    }
    let body = json!({"kind": format!("{}List", kind.kind), "apiVersion": kind.api_version(),
        "metadata": {"resourceVersion": version.to_string()}, "items": items});
    Ok(json_answer(StatusCode::OK, &body))
}

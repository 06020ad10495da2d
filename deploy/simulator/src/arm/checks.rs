//! Checks what every ARM request must meet before a kind sees it: api-version, provider, group, parent.
use std::collections::BTreeMap;

use serde_json::Value;

use super::path::ResourceId;
use super::refusal::Refusal;
use crate::resources;
use crate::shape::{self, Type};
use crate::world::World;

/// The collection of provider registrations, by lower-case namespace: `{"registrationState": "Registered" | …}`.
/// A namespace without a document counts as registered.
pub const PROVIDERS: &str = "providers";

/// The `api-version`, or 400.
pub(super) fn api_version(query: &BTreeMap<String, String>) -> Result<String, Refusal> {
    let Some(version) = query.get("api-version").filter(|version| !version.is_empty()) else {
        return Err(Refusal::bad(
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    let date = version.strip_suffix("-preview").unwrap_or(version);
    if date.len() == 10 && date.parse::<jiff::civil::Date>().is_ok() {
        return Ok(version.clone());
    }
    Err(Refusal::bad("InvalidApiVersionParameter", format!("The api-version '{version}' is invalid.")))
}

/// 409 `MissingSubscriptionRegistration` where the namespace is known and not registered.
pub fn registered(world: &World, namespace: &str) -> Result<(), Refusal> {
    let state = world.state.get(PROVIDERS, &namespace.to_ascii_lowercase());
    match state.as_ref().and_then(|provider| provider["registrationState"].as_str()) {
        None | Some("Registered") => Ok(()),
        Some(_) => Err(Refusal::conflict(
            "MissingSubscriptionRegistration",
            format!(
                "The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions."
            ),
        )),
    }
}

/// The id of the scope as it was first written, or 404: resource group, or the resource that is extended.
pub(super) fn scope(world: &World, id: &ResourceId) -> Result<String, Refusal> {
    let scope = id.scope();
    if scope.is_empty() {
        return Ok(String::new());
    }
    if scope.eq_ignore_ascii_case(&world.subscription_id()) {
        return Ok(world.subscription_id());
    }
    let Some(name) = id.resource_group() else {
        return Err(Refusal::not_found(
            "MissingSubscription",
            format!("The request did not have a subscription or a valid tenant level resource provider: '{scope}'."),
        ));
    };
    let group_id = format!("{}/resourceGroups/{name}", world.subscription_id());
    let written = |id: &str| world.state.read(|draft| resources::written(draft, id));
    let group = written(&group_id).ok_or_else(|| Refusal::group_not_found(name))?;
    if scope.eq_ignore_ascii_case(&group_id) {
        return Ok(group);
    }
    match written(scope) {
        Some(found) => Ok(found),
        None if let Some(secret) = secret(world, scope) => Ok(secret),
        None => Err(ResourceId::parse(scope)
            .map_or_else(|| Refusal::group_not_found(name), |id| Refusal::resource_not_found(&id))),
    }
}

/// One secret of a vault that is there, which roles can be given on; whether it is set is no matter.
fn secret(world: &World, scope: &str) -> Option<String> {
    let id =
        ResourceId::parse(scope).filter(|id| id.kind().eq_ignore_ascii_case("Microsoft.KeyVault/vaults/secrets"))?;
    let vault = world.state.read(|draft| resources::written(draft, id.parent()?.as_str()))?;
    Some(format!("{vault}/secrets/{}", id.name()))
}

/// 409 while the resource group is being deleted, 404 without the parent of a child.
pub(super) fn can_write(world: &World, id: &ResourceId) -> Result<(), Refusal> {
    if let Some(name) = id.resource_group() {
        let group_id = format!("{}/resourceGroups/{name}", world.subscription_id());
        let group = world.state.read(|draft| resources::find(draft, &group_id));
        if group.is_some_and(|group| group.provisioning_state() == "Deleting") {
            return Err(Refusal::conflict(
                "ResourceGroupBeingDeleted",
                format!("The resource group '{name}' is in deprovisioning state and cannot perform this operation."),
            ));
        }
    }
    let Some(parent) = id.parent() else {
        return Ok(());
    };
    if world.state.read(|draft| resources::find(draft, parent.as_str())).is_some() {
        return Ok(());
    }
    Err(Refusal::not_found(
        "ParentResourceNotFound",
        format!(
            "Failed to perform 'write' on resource(s) of type '{}', because the parent resource '{}' could not be found.",
            id.kind(),
            parent.as_str()
        ),
    ))
}

/// What every resource has, of the type that it has everywhere.
const RESOURCE: &[(&str, Type)] = &[
    ("", Type::Object),
    ("location", Type::Text),
    ("kind", Type::Text),
    ("tags", Type::Object),
    ("sku", Type::Object),
    ("identity", Type::Object),
    ("identity.type", Type::Text),
    ("identity.userAssignedIdentities", Type::Object),
    ("properties", Type::Object),
];

/// 400 `InvalidRequestContent` where the body of a resource has something of the wrong type.
pub(super) fn shape(body: &Value) -> Result<(), Refusal> {
    let Some(wrong) = shape::wrong(body, RESOURCE) else { return Ok(()) };
    Err(Refusal::bad(
        "InvalidRequestContent",
        format!(
            "The request content was invalid and could not be deserialized: 'Error converting value of type {} to type {}. Path '{}'.'.",
            wrong.found,
            wrong.wanted.in_go(),
            wrong.path
        ),
    ))
}

/// The JSON body, `Null` without one, or 400.
pub(super) fn body(bytes: &[u8]) -> Result<Value, Refusal> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|error| {
        Refusal::bad(
            "InvalidRequestContent",
            format!("The request content was invalid and could not be deserialized: '{error}'."),
        )
    })
}

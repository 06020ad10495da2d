//! Gives a machine tokens of the managed identities that sit on it.
use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Refused, bad, refuse};
use crate::clock::unix;
use crate::directory::{self, Principal};
use crate::door::Asker;
use crate::entra;
use crate::machines::Machine;
use crate::world::World;

pub(super) fn answer(world: &World, asker: &Asker, query: &BTreeMap<String, String>) -> Result<Response, Refused> {
    if !query.get("api-version").is_some_and(|version| matches!(version.as_str(), "2018-02-01" | "2019-08-01")) {
        return Err(bad("invalid_request", "Required query variable 'api-version' is missing or not supported"));
    }
    let Some(resource) = query.get("resource").filter(|resource| !resource.is_empty()) else {
        return Err(bad("invalid_request", "Required query variable 'resource' is missing"));
    };
    let principal = choose(world, asker.0.as_ref(), query).map_err(|why| bad("invalid_request", why))?;
    if let Err(refusal) = entra::check_resource(world, resource) {
        return Err(bad(refusal.error, &format!("AADSTS{}: {}", refusal.number, refusal.message)));
    }
    let token = entra::access_token(world, &principal, resource)
        .map_err(|error| refuse(StatusCode::INTERNAL_SERVER_ERROR, "server_error", &error.to_string()))?;
    let now = unix(world.clock.now());
    Ok(Json(json!({
        "access_token": token,
        "refresh_token": "",
        "client_id": principal.app_id,
        "expires_in": "3599",
        "expires_on": (now + 3599).to_string(),
        "ext_expires_in": "3599",
        "not_before": now.to_string(),
        "resource": resource,
        "token_type": "Bearer",
    }))
    .into_response())
}

/// The system-assigned identity, else the only user-assigned one, else the one that the request names.
pub(super) fn choose(
    world: &World,
    machine: Option<&Machine>,
    query: &BTreeMap<String, String>,
) -> Result<Principal, &'static str> {
    let identity = machine.map(|machine| world.state.read(|draft| machine.identity(draft))).unwrap_or_default();
    let system = principal_of(world, &identity["principalId"]);
    let users: Vec<(&str, Principal)> = identity["userAssignedIdentities"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(id, one)| Some((id.as_str(), principal_of(world, &one["principalId"])?)))
        .collect();
    let named = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let all = || system.iter().chain(users.iter().map(|(_, one)| one));
    let same = |id: Option<Uuid>, wanted: &str| id.is_some() && id == Uuid::parse_str(wanted).ok();
    let chosen = if let Some(client) = named("client_id") {
        all().find(|one| same(one.app_id, client))
    } else if let Some(object) = named("object_id").or_else(|| named("principal_id")) {
        all().find(|one| same(Some(one.object_id), object))
    } else if let Some(id) = named("msi_res_id").or_else(|| named("mi_res_id")) {
        users.iter().find(|(of, _)| of.eq_ignore_ascii_case(id)).map(|(_, one)| one)
    } else if system.is_some() {
        system.as_ref()
    } else if users.len() > 1 {
        return Err(
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request",
        );
    } else {
        users.first().map(|(_, one)| one)
    };
    chosen.cloned().ok_or("Identity not found")
}

fn principal_of(world: &World, object_id: &Value) -> Option<Principal> {
    let object_id = Uuid::parse_str(object_id.as_str()?).ok()?;
    world.state.read(|draft| directory::find(draft, object_id))
}

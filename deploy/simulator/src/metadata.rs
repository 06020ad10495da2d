//! Answers as the instance metadata service of the machine that asks: which identities sit on it decides.
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::unix;
use crate::directory::{self, Principal};
use crate::door::Asker;
use crate::entra;
use crate::parts::{Parts, Site};
use crate::world::World;

/// Adds the link-local address.
pub fn attach(parts: &mut Parts) {
    parts.add_site(Metadata);
}

struct Metadata;

impl Site for Metadata {
    fn answers(&self, _world: &World, host: &str) -> bool {
        host == "169.254.169.254"
    }

    fn router(&self, world: &Arc<World>) -> Router {
        Router::new().route("/metadata/identity/oauth2/token", get(token)).with_state(world.clone())
    }

    fn plain(&self) -> bool {
        true
    }
}

async fn token(
    State(world): State<Arc<World>>,
    Extension(asker): Extension<Asker>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let mut response = answer(&world, &asker, &headers, &query).unwrap_or_else(|refusal| *refusal);
    if let Ok(server) = "IMDS/150.870.65.512".parse() {
        response.headers_mut().insert("server", server);
    }
    response
}

type Refused = Box<Response>;

fn refuse(status: StatusCode, error: &str, description: &str) -> Refused {
    Box::new((status, Json(json!({"error": error, "error_description": description}))).into_response())
}

fn answer(
    world: &World,
    asker: &Asker,
    headers: &HeaderMap,
    query: &BTreeMap<String, String>,
) -> Result<Response, Refused> {
    let bad = |error: &str, description: &str| refuse(StatusCode::BAD_REQUEST, error, description);
    if headers
        .get("metadata")
        .and_then(|value| value.to_str().ok())
        .is_none_or(|value| !value.eq_ignore_ascii_case("true"))
    {
        return Err(bad("invalid_request", "Required metadata header not specified"));
    }
    if headers.contains_key("x-forwarded-for") {
        return Err(bad("invalid_request", "Requests that were forwarded are refused"));
    }
    if !query.get("api-version").is_some_and(|version| matches!(version.as_str(), "2018-02-01" | "2019-08-01")) {
        return Err(bad("invalid_request", "Required query variable 'api-version' is missing or not supported"));
    }
    let Some(resource) = query.get("resource").filter(|resource| !resource.is_empty()) else {
        return Err(bad("invalid_request", "Required query variable 'resource' is missing"));
    };
    let principal = choose(world, asker, query)?;
    if let Err(refusal) = entra::check_resource(resource) {
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
fn choose(world: &World, asker: &Asker, query: &BTreeMap<String, String>) -> Result<Principal, Refused> {
    let bad = |description: &str| refuse(StatusCode::BAD_REQUEST, "invalid_request", description);
    let identity =
        asker.0.as_ref().map(|machine| world.state.read(|draft| machine.identity(draft))).unwrap_or_default();
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
        return Err(bad(
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request",
        ));
    } else {
        users.first().map(|(_, one)| one)
    };
    chosen.cloned().ok_or_else(|| bad("Identity not found"))
}

fn principal_of(world: &World, object_id: &Value) -> Option<Principal> {
    let object_id = Uuid::parse_str(object_id.as_str()?).ok()?;
    world.state.read(|draft| directory::find(draft, object_id))
}

//! Answers at a vault's host name, once it resolves: who asks, which vault, then the secret or the key.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Extension, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use http::request::Parts as RequestParts;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::{self, Heard};
use super::refusal::VaultRefusal;
use super::{access, backup, deleted, firewall, keys, secrets};
use crate::addresses::Origin;
use crate::arm::Caller;
use crate::door::{Asker, HostName};
use crate::parts::Site;
use crate::resources::Resource;
use crate::roles::Moment;
use crate::settings::Settings;
use crate::world::World;

const SUFFIX: &str = ".vault.azure.net";

/// The hosts of all vaults.
pub(super) struct VaultHosts;

impl Site for VaultHosts {
    fn answers(&self, world: &World, host: &str) -> bool {
        vault(world, host).is_some()
    }

    fn router(&self, world: &Arc<World>) -> Router {
        Router::new().fallback(answer).layer(DefaultBodyLimit::max(1 << 20)).with_state(world.clone())
    }
}

/// The live vault behind a host name that resolves.
fn vault(world: &World, host: &str) -> Option<Resource> {
    let name = host.strip_suffix(SUFFIX)?;
    world.state.read(|draft| deleted::live(draft, name)).filter(|vault| vault.private["resolves"] == json!(true))
}

/// One request about a vault's data.
pub(super) struct Wish<'a> {
    pub(super) world: &'a World,
    pub(super) vault: Resource,
    pub(super) caller: Caller,
    /// What the front end that it came to knows of assignments.
    pub(super) at: Moment,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
}

/// A status with a document, or none.
pub(super) type Granted = Result<(StatusCode, Value), VaultRefusal>;

async fn answer(
    State(world): State<Arc<World>>,
    Extension(HostName(host)): Extension<HostName>,
    Extension(Asker(machine)): Extension<Asker>,
    Query(query): Query<BTreeMap<String, String>>,
    request: RequestParts,
    body: Bytes,
) -> Response {
    let client = request.headers.get("x-ms-client-request-id").cloned();
    let correlation = Uuid::new_v4().to_string();
    let begun = Instant::now();
    let (answer, region) = match vault(&world, &host) {
        None => (Err(VaultRefusal::new(StatusCode::NOT_FOUND, "VaultNotFound", "The vault is gone.")), String::new()),
        Some(vault) => {
            let origin = world.state.read(|draft| Origin::of(draft, machine.as_ref()));
            let is_address_authorized = firewall::is_open(&vault, &origin);
            let region = vault.body["location"].as_str().unwrap_or_default().to_owned();
            let mut heard =
                Heard { request: &request, host: &host, vault, origin, is_address_authorized, caller: None };
            let answer = grant(&world, &mut heard, query, &body).await;
            audit::note(&world, &heard, &answer, &correlation, begun.elapsed());
            (answer, region)
        }
    };
    let mut response = match answer {
        Ok((status, Value::Null)) => status.into_response(),
        Ok((status, body)) => (status, Json(body)).into_response(),
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    let mut add = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    add("x-ms-request-id", &correlation);
    add("x-ms-keyvault-region", &region);
    add("x-ms-keyvault-service-version", "1.9.2600.1");
    add("cache-control", "no-cache");
    if let Some(client) = client {
        headers.insert("x-ms-client-request-id", client);
    }
    response
}

async fn grant(world: &World, heard: &mut Heard<'_>, query: BTreeMap<String, String>, body: &[u8]) -> Granted {
    let request = heard.request;
    let header = request.headers.get("authorization").and_then(|value| value.to_str().ok());
    let caller = access::authenticate(world, header)?;
    heard.caller = Some(caller.clone());
    if !heard.is_address_authorized {
        return Err(firewall::refuse(world, &heard.vault, &caller, &heard.origin));
    }
    if world.state.read(Settings::read).rate_limits {
        let makes = request.method == Method::PUT;
        world.limits.take_of_vault(&world.clock, heard.vault.id(), makes).map_err(VaultRefusal::throttled)?;
    }
    if !query.contains_key("api-version") {
        return Err(VaultRefusal::bad("api-version must be specified"));
    }
    let body = match body {
        [] => Value::Null,
        body => serde_json::from_slice(body)
            .map_err(|error| VaultRefusal::bad(format!("The request body is not JSON: {error}.")))?,
    };
    let path = request.uri.path().trim_matches('/').to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    let at = world.front_ends.next(heard.vault.id(), world.clock.now());
    let wish = Wish { world, vault: heard.vault.clone(), caller, at, query, body };
    match (&request.method, parts.as_slice()) {
        (&Method::GET, ["secrets"]) => secrets::list(&wish),
        (&Method::PUT, ["secrets", name]) => secrets::set(&wish, name).await,
        (&Method::GET, ["secrets", name]) => secrets::get(&wish, name, ""),
        (&Method::DELETE, ["secrets", name]) => secrets::delete(&wish, name).await,
        (&Method::GET, ["secrets", name, "versions"]) => secrets::versions(&wish, name),
        (&Method::GET, ["secrets", name, version]) => secrets::get(&wish, name, version),
        (&Method::PATCH, ["secrets", name, version]) => secrets::update(&wish, name, version).await,
        (&Method::PATCH, ["secrets", name]) => secrets::update(&wish, name, "").await,
        (&Method::POST, ["secrets", "restore"]) => backup::restore(&wish).await,
        (&Method::POST, ["secrets", name, "backup"]) => backup::make(&wish, name).await,
        (&Method::POST, ["keys", name, "create"]) => keys::create(&wish, name).await,
        (&Method::GET, ["keys", name]) => keys::get(&wish, name, ""),
        (&Method::GET, ["keys", name, version]) if *version != "versions" => keys::get(&wish, name, version),
        (&Method::POST, ["keys", name, version, "wrapkey"]) => keys::wrap(&wish, name, version),
        (&Method::POST, ["keys", name, version, "unwrapkey"]) => keys::unwrap(&wish, name, version),
        (&Method::GET, ["deletedsecrets"]) => secrets::list_deleted(&wish),
        (&Method::GET, ["deletedsecrets", name]) => secrets::get_deleted(&wish, name),
        (&Method::DELETE, ["deletedsecrets", name]) => secrets::purge(&wish, name).await,
        (&Method::POST, ["deletedsecrets", name, "recover"]) => secrets::recover(&wish, name).await,
        _ => Err(VaultRefusal::new(
            StatusCode::NOT_FOUND,
            "NotFound",
            format!("No operation of this vault answers {} /{path}.", request.method),
        )),
    }
}

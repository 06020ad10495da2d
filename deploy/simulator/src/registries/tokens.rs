//! Trades the tokens of a registry: one of Entra for one that refreshes, and that for one that gives access.
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::{Value, json};
use uuid::Uuid;

use super::refusal::RegistryRefusal;
use crate::arm::verify_bearer;
use crate::clock::unix;
use crate::world::World;

/// Who signs the tokens of every registry.
const ISSUER: &str = "Azure Container Registry";
/// The user name that goes with a refresh token in place of a password.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";
const AUDIENCES: &[&str] =
    &["https://management.azure.com", "https://management.core.windows.net", "https://containerregistry.azure.net"];
/// How long the two sorts live, in seconds.
const REFRESH_LIFE: i64 = 3 * 3600;
const ACCESS_LIFE: i64 = 75 * 60;

/// Who has shown a token; nobody has none.
pub(super) type Who = Option<Uuid>;

/// POST to `/oauth2/exchange`: a token of Entra becomes a refresh token of this registry.
pub(super) fn exchange(
    world: &World,
    service: &str,
    form: &BTreeMap<String, String>,
) -> Result<Value, RegistryRefusal> {
    let shown = form.get("access_token").ok_or_else(RegistryRefusal::unauthorized)?;
    let caller = verify_bearer(world, shown, AUDIENCES).map_err(|_| RegistryRefusal::unauthorized())?;
    let token = made(world, service, "refresh_token", Some(caller.object_id), "", REFRESH_LIFE)?;
    Ok(json!({"refresh_token": token}))
}

/// POST or GET of `/oauth2/token`: a refresh token becomes an access token for a scope.
pub(super) fn access(
    world: &World,
    service: &str,
    headers: &HeaderMap,
    form: &BTreeMap<String, String>,
) -> Result<Value, RegistryRefusal> {
    let basic = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let basic = basic.and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
    let password = basic.as_deref().and_then(|text| text.split_once(':')).filter(|(user, _)| *user == NOBODY);
    let shown = form.get("refresh_token").map(String::as_str).or(password.map(|(_, password)| password));
    let who = match shown {
        Some(token) => verified(world, service, "refresh_token", token)?.0,
        None => None,
    };
    let scope = form.get("scope").map_or("", String::as_str);
    Ok(json!({"access_token": made(world, service, "access_token", who, scope, ACCESS_LIFE)?}))
}

/// Who is behind the access token of a request, and for which scope it was made.
pub(super) fn bearer(world: &World, service: &str, headers: &HeaderMap) -> Result<(Who, String), RegistryRefusal> {
    let shown = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    verified(world, service, "access_token", shown.ok_or_else(RegistryRefusal::unauthorized)?)
}

fn verified(world: &World, service: &str, sort: &str, token: &str) -> Result<(Who, String), RegistryRefusal> {
    let claims = world.tokens.verify(ISSUER, token, world.clock.now()).map_err(|_| RegistryRefusal::unauthorized())?;
    if claims["aud"].as_str() != Some(service) || claims["grant_type"] != sort {
        return Err(RegistryRefusal::unauthorized());
    }
    let who = claims["oid"].as_str().and_then(|id| Uuid::parse_str(id).ok());
    Ok((who, claims["scope"].as_str().unwrap_or_default().to_owned()))
}

fn made(world: &World, service: &str, sort: &str, who: Who, scope: &str, life: i64) -> Result<String, RegistryRefusal> {
    let now = unix(world.clock.now());
    let claims = json!({
        "iss": ISSUER, "aud": service, "sub": who, "oid": who, "tenant": world.tenant, "grant_type": sort,
        "scope": scope, "iat": now, "nbf": now, "exp": now + life, "jti": Uuid::new_v4(), "version": "1.0",
    });
    world.tokens.sign(ISSUER, &claims).map_err(|_| RegistryRefusal::unauthorized())
}

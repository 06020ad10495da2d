//! Publishes where the login host's endpoints and keys are.
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use url::Url;

use super::is_tenant;
use super::refusal::EntraRefusal;
use crate::world::World;

const HOST: &str = "https://login.microsoftonline.com";

/// The hosts of the clouds that Microsoft runs.
const AUTHORITIES: &[&str] = &[
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "sts.windows.net",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
];

/// What clients ask before they trust a host: whether it is one of the clouds that Microsoft runs.
pub(super) async fn instance(
    State(world): State<Arc<World>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let asked = query.get("authorization_endpoint").and_then(|asked| Url::parse(asked).ok());
    if asked.as_ref().and_then(Url::host_str).is_some_and(|host| !AUTHORITIES.contains(&host)) {
        return EntraRefusal::bad("invalid_instance", 50_049, "Unknown or invalid instance.").answer(&world);
    }
    Json(json!({
        "tenant_discovery_endpoint": format!("{HOST}/{}/v2.0/.well-known/openid-configuration", world.tenant),
        "api-version": "1.1",
        "metadata": [{
            "preferred_network": "login.microsoftonline.com",
            "preferred_cache": "login.windows.net",
            "aliases": ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
        }],
    }))
    .into_response()
}

/// The version 1 document.
pub(super) async fn version_1(State(world): State<Arc<World>>, Path(tenant): Path<String>) -> Response {
    document(&world, &tenant, "", &world.issuer())
}

/// The version 2 document.
pub(super) async fn version_2(State(world): State<Arc<World>>, Path(tenant): Path<String>) -> Response {
    document(&world, &tenant, "/v2.0", &world.issuer_of_version_2())
}

fn document(world: &World, tenant: &str, version: &str, issuer: &str) -> Response {
    if !is_tenant(world, tenant) {
        return EntraRefusal::tenant(tenant).answer(world);
    }
    let base = format!("{HOST}/{}", world.tenant);
    Json(json!({
        "issuer": issuer,
        "token_endpoint": format!("{base}/oauth2{version}/token"),
        // People are signed in by version 2 alone, whichever document led them there.
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "end_session_endpoint": format!("{base}/oauth2/v2.0/logout"),
        "jwks_uri": format!("{base}/discovery{version}/keys"),
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
    }))
    .into_response()
}

/// The keys behind version 1 access tokens.
pub(super) async fn keys_of_version_1(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.tokens.key_set(&world.issuer()))
}

/// The keys behind version 2 tokens.
pub(super) async fn keys_of_version_2(State(world): State<Arc<World>>) -> Json<Value> {
    let mut keys = world.tokens.key_set(&world.issuer());
    let more = world.tokens.key_set(&world.issuer_of_version_2());
    if let (Some(keys), Some(more)) = (keys["keys"].as_array_mut(), more["keys"].as_array()) {
        keys.extend(more.iter().cloned());
    }
    Json(keys)
}

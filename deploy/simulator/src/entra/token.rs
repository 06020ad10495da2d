//! Gives access tokens to programs that prove who they are with a secret, a certificate or a federated assertion.
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::json;
use uuid::Uuid;

use super::claims::{self, LIFE, Proof};
use super::refusal::EntraRefusal;
use super::sign_in::{self, Issuer};
use super::{is_tenant, proof};
use crate::directory::{self, Principal};
use crate::world::World;

/// POST to the token endpoint, version 1 (`resource`) or 2 (`scope`).
pub(super) async fn answer(
    State(world): State<Arc<World>>,
    State(issuer): State<Arc<Issuer>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(mut form): Form<BTreeMap<String, String>>,
) -> Response {
    if !is_tenant(&world, &tenant) {
        return EntraRefusal::tenant(&tenant).answer(&world);
    }
    add_basic(&headers, &mut form);
    if form.get("grant_type").is_some_and(|grant| sign_in::is_of_person(grant)) {
        return sign_in::token::redeemed(&issuer, &form);
    }
    let proved = prove(&world, &form).and_then(|proved| Ok((proved, audience(&world, &form)?)));
    let ((principal, proof), audience) = match proved {
        Ok(proved) => proved,
        Err(refusal) => return refusal.answer(&world),
    };
    match claims::of_application(&world, &principal, proof, &audience) {
        Ok(token) => Json(json!({
            "token_type": "Bearer", "expires_in": LIFE, "ext_expires_in": LIFE, "access_token": token,
        }))
        .into_response(),
        Err(error) => EntraRefusal::bad("server_error", 90033, error.to_string()).answer(&world),
    }
}

/// `client_secret_basic` puts the client into a header.
pub(super) fn add_basic(headers: &HeaderMap, form: &mut BTreeMap<String, String>) {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let Some(text) = header.and_then(|header| String::from_utf8(STANDARD.decode(header).ok()?).ok()) else {
        return;
    };
    if let Some((client, secret)) = text.split_once(':') {
        let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        form.insert("client_id".to_owned(), plain(client));
        form.insert("client_secret".to_owned(), plain(secret));
    }
}

/// The service principal that the request proves to be.
fn prove(world: &World, form: &BTreeMap<String, String>) -> Result<(Principal, Proof), EntraRefusal> {
    let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    match field("grant_type").ok_or_else(|| EntraRefusal::missing("grant_type"))? {
        "client_credentials" => {}
        other => {
            return Err(EntraRefusal::bad(
                "unsupported_grant_type",
                70003,
                format!("The app requested an unsupported grant type '{other}'."),
            ));
        }
    }
    let client = field("client_id").ok_or_else(|| EntraRefusal::missing("client_id"))?;
    let principal =
        Uuid::parse_str(client).ok().and_then(|id| world.state.read(|draft| directory::find_by_app(draft, id)));
    let principal = principal.ok_or_else(|| {
        EntraRefusal::bad(
            "unauthorized_client",
            700016,
            format!("Application with identifier '{client}' was not found in the directory 'Contoso Example'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."),
        )
    })?;
    let proof = proof::shown(world, &principal, form, None)?;
    Ok((principal, proof))
}

/// The audience that the token is for: version 1 names a resource, version 2 a scope below one.
fn audience(world: &World, form: &BTreeMap<String, String>) -> Result<String, EntraRefusal> {
    let audience = match (form.get("scope"), form.get("resource")) {
        (Some(scope), _) => {
            let wanted = scope.split_whitespace().find(|scope| scope.ends_with("/.default"));
            wanted.and_then(|scope| scope.strip_suffix("/.default")).map(str::to_owned).ok_or_else(|| {
                EntraRefusal::bad(
                    "invalid_scope",
                    1002012,
                    format!("The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."),
                )
            })?
        }
        (None, Some(resource)) => resource.clone(),
        (None, None) => return Err(EntraRefusal::missing("scope")),
    };
    claims::check_resource(world, &audience)?;
    Ok(audience)
}

//! Redeems codes and refresh tokens for id tokens and access tokens.
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{CODE_GRANT, Issuer, client, device};
use crate::clock::unix;
use crate::directory::{self, Principal};
use crate::entra::claims::{self, LIFE};
use crate::entra::refusal::EntraRefusal;
use crate::entra::token::add_basic;

/// How long a refresh token lives, in seconds: a day.
const REFRESH_LIFE: i64 = 24 * 3600;

/// For whom tokens are made.
pub(super) struct Session {
    pub(super) client_id: String,
    pub(super) user: Uuid,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    pub(super) signed_in: i64,
    /// Whether the application is a program on somebody's own machine, which cannot keep a secret.
    pub(super) without_proof: bool,
}

/// POST to the token endpoint.
pub(super) async fn answer(
    State(issuer): State<Arc<Issuer>>,
    headers: HeaderMap,
    Form(mut form): Form<BTreeMap<String, String>>,
) -> Response {
    add_basic(&headers, &mut form);
    redeemed(&issuer, &form)
}

/// The answer to a form that is whole.
pub(in crate::entra) fn redeemed(issuer: &Issuer, form: &BTreeMap<String, String>) -> Response {
    match session(issuer, form).and_then(|one| tokens(issuer, &one, form)) {
        Ok(body) => ([("cache-control", "no-store")], Json(body)).into_response(),
        Err(refusal) => refusal.answer(&issuer.world),
    }
}

fn session(issuer: &Issuer, form: &BTreeMap<String, String>) -> Result<Session, EntraRefusal> {
    let field = |name: &str| form.get(name).map(String::as_str).ok_or_else(|| EntraRefusal::missing(name));
    let prove = || client::prove(&issuer.world, form, &issuer.url);
    let shows_nothing = !form.contains_key("client_secret") && !form.contains_key("client_assertion");
    match field("grant_type")? {
        CODE_GRANT => {
            // A web application's address asks for proof, whatever else it may do; a program without any secret has none.
            let without_proof = shows_nothing && client::is_program(&issuer.world, field("client_id")?)?;
            if !without_proof {
                prove()?;
            }
            let verifier = field("code_verifier")?;
            let granted = by_code(issuer, field("code")?, field("redirect_uri")?, verifier, field("client_id")?)?;
            Ok(Session { without_proof, ..granted })
        }
        device::GRANT => {
            client::unproved(&issuer.world, field("client_id")?)?;
            device::session(issuer, field("device_code")?, field("client_id")?)
        }
        "refresh_token" => {
            let mut session = by_refresh(issuer, field("refresh_token")?, field("client_id")?)?;
            if session.without_proof && shows_nothing {
                client::unproved(&issuer.world, field("client_id")?)?;
            } else {
                prove()?;
            }
            if let Some(scope) = form.get("scope").filter(|scope| !scope.is_empty()) {
                session.scope.clone_from(scope);
            }
            Ok(session)
        }
        other => Err(EntraRefusal::bad(
            "unsupported_grant_type",
            70_003,
            format!("The app requested an unsupported grant type '{other}'."),
        )),
    }
}

fn by_code(issuer: &Issuer, code: &str, redirect: &str, verifier: &str, client: &str) -> Result<Session, EntraRefusal> {
    let granted = issuer.codes.redeem(code, issuer.world.clock.now()).ok_or_else(|| {
        EntraRefusal::bad("invalid_grant", 70_008, "The provided authorization code or refresh token has expired due to inactivity or was already redeemed. Send a new interactive authorization request.")
    })?;
    let same_redirect = client::redirect(redirect).is_ok_and(|url| url.as_str() == granted.redirect_uri);
    if granted.client_id != client || !same_redirect {
        return Err(EntraRefusal::bad(
            "invalid_grant",
            500_112,
            "The reply address does not match the reply address provided when requesting Authorization code.",
        ));
    }
    if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != granted.challenge {
        return Err(EntraRefusal::bad(
            "invalid_grant",
            501_481,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        ));
    }
    Ok(Session {
        client_id: granted.client_id,
        user: granted.user,
        scope: granted.scope,
        nonce: granted.nonce,
        signed_in: unix(granted.at),
        without_proof: false,
    })
}

/// A refresh token is signed like any other and says whose it is; nothing has to be kept.
fn by_refresh(issuer: &Issuer, token: &str, client: &str) -> Result<Session, EntraRefusal> {
    let refused = || {
        EntraRefusal::bad(
            "invalid_grant",
            700_082,
            "The refresh token has expired or is none of this directory. Send a new interactive authorization request.",
        )
    };
    let claims = issuer.world.tokens.verify(&issuer.url, token, issuer.world.clock.now()).map_err(|_| refused())?;
    if claims["use"] != "refresh" || claims["aud"].as_str() != Some(client) {
        return Err(refused());
    }
    Ok(Session {
        client_id: client.to_owned(),
        user: claims["oid"].as_str().and_then(|oid| Uuid::parse_str(oid).ok()).ok_or_else(refused)?,
        scope: claims["scope"].as_str().unwrap_or_default().to_owned(),
        nonce: None,
        signed_in: claims["auth_time"].as_i64().unwrap_or_default(),
        without_proof: claims["public"] == true,
    })
}

fn tokens(issuer: &Issuer, session: &Session, form: &BTreeMap<String, String>) -> Result<Value, EntraRefusal> {
    let world = &issuer.world;
    let gone = || EntraRefusal::bad("invalid_grant", 50_034, "The user account does not exist in the directory.");
    let found = world
        .state
        .read(|draft| Some((directory::find(draft, session.user)?, directory::groups_of(draft, session.user))));
    let (user, groups) = found.ok_or_else(gone)?;
    let application = client::find(world, &session.client_id)?;
    if user.disabled {
        return Err(disabled());
    }
    let failed = |error: crate::tokens::KeyError| EntraRefusal::bad("server_error", 90_033, error.to_string());
    let id_token = world.tokens.sign(&issuer.url, &id_claims(issuer, session, &user, &groups)).map_err(failed)?;
    let audience = resource(&session.scope);
    claims::check_resource(world, &audience)?;
    let access = claims::of_person(world, &user, Some(&application), &audience).map_err(failed)?;
    let mut body = json!({
        "token_type": "Bearer", "scope": session.scope, "expires_in": LIFE, "ext_expires_in": LIFE,
        "access_token": access, "id_token": id_token,
    });
    // What Microsoft's libraries ask for, to know the account again.
    if form.get("client_info").is_some_and(|asked| asked == "1") {
        let info = json!({"uid": user.object_id, "utid": world.tenant});
        body["client_info"] = json!(URL_SAFE_NO_PAD.encode(info.to_string()));
    }
    if session.scope.split_whitespace().any(|scope| scope == "offline_access") {
        let now = unix(world.clock.now());
        let claims = json!({
            "iss": issuer.url, "aud": session.client_id, "use": "refresh", "oid": session.user, "scope": session.scope,
            "auth_time": session.signed_in, "public": session.without_proof, "iat": now, "exp": now + REFRESH_LIFE, "jti": Uuid::new_v4(),
        });
        body["refresh_token"] = json!(world.tokens.sign(&issuer.url, &claims).map_err(failed)?);
    }
    Ok(body)
}

/// Of an account that an administrator has switched off.
pub(super) fn disabled() -> EntraRefusal {
    EntraRefusal::bad(
        "invalid_grant",
        50_057,
        "The user account is disabled. The account has been disabled by an administrator.",
    )
}

fn id_claims(issuer: &Issuer, session: &Session, user: &Principal, groups: &[Uuid]) -> Value {
    let now = unix(issuer.world.clock.now());
    // Pairwise: another application sees another subject.
    let subject = Sha256::digest(format!("{}|{}", user.object_id, session.client_id));
    let mut claims = json!({
        "iss": issuer.url, "aud": session.client_id, "iat": now, "nbf": now, "exp": now + LIFE, "auth_time": session.signed_in,
        "sub": URL_SAFE_NO_PAD.encode(subject), "oid": user.object_id, "tid": issuer.world.tenant, "ver": "2.0",
        "name": user.name, "preferred_username": user.user_name, "email": user.user_name,
        "roles": user.app_roles,
    });
    claims::add_groups(&issuer.world, &mut claims, user, groups);
    if let Some(nonce) = &session.nonce {
        claims["nonce"] = json!(nonce);
    }
    claims
}

/// The resource that the access token is for: named by a scope with a slash, else Microsoft Graph.
fn resource(scope: &str) -> String {
    let named = scope
        .split_whitespace()
        .filter_map(|scope| scope.rsplit_once('/'))
        .map(|(resource, _)| resource.to_owned())
        .next();
    named.unwrap_or_else(|| "https://graph.microsoft.com".to_owned())
}

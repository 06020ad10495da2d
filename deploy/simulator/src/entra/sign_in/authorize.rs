//! Shows the accounts to choose from and sends the browser back with a code for the chosen one.
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::response::Response;

use super::back::{Back, MODES};
use super::codes::Granted;
use super::token::disabled;
use super::{Issuer, client, page};
use crate::directory::{self, Principal};
use crate::entra::refusal::EntraRefusal;

/// What the application asked for, checked.
pub(super) struct Asked {
    pub(super) client_id: String,
    pub(super) application: String,
    pub(super) scope: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) back: Back,
    /// The parameters as they came, to be sent again with the choice.
    pub(super) parameters: BTreeMap<String, String>,
}

enum Refused {
    /// Nobody to send back to: the person reads it here.
    Here(EntraRefusal),
    /// The application is told.
    There(Box<Back>, &'static str, &'static str),
}

/// GET: the page with the accounts.
pub(super) async fn choose(
    State(issuer): State<Arc<Issuer>>,
    Query(parameters): Query<BTreeMap<String, String>>,
) -> Response {
    match check(&issuer, parameters) {
        Ok(asked) if asked.parameters.get("prompt").map(String::as_str) == Some("none") => {
            // There is no session here: whoever asks without a page is told so.
            asked.back.with(&[("error", "login_required"), ("error_description", "somebody has to choose an account")])
        }
        Ok(asked) => page::accounts(&issuer, &asked),
        Err(refused) => refuse(refused),
    }
}

/// POST: an account was chosen.
pub(super) async fn chosen(
    State(issuer): State<Arc<Issuer>>,
    Form(mut parameters): Form<BTreeMap<String, String>>,
) -> Response {
    let account = parameters.remove("account").unwrap_or_default();
    let asked = match check(&issuer, parameters) {
        Ok(asked) => asked,
        Err(refused) => return refuse(refused),
    };
    if account == "cancel" {
        return asked.back.with(&[("error", "access_denied"), ("error_description", "the sign-in was cancelled")]);
    }
    let Some(user) = find_user(&issuer, &account) else { return page::accounts(&issuer, &asked) };
    if user.disabled {
        return page::refused(&disabled());
    }
    let code = issuer.codes.give(Granted {
        client_id: asked.client_id,
        redirect_uri: asked.back.address.to_string(),
        challenge: asked.challenge,
        nonce: asked.nonce,
        scope: asked.scope,
        user: user.object_id,
        at: issuer.world.clock.now(),
    });
    asked.back.with(&[("code", &code)])
}

fn check(issuer: &Issuer, parameters: BTreeMap<String, String>) -> Result<Asked, Refused> {
    let field = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
    let missing = |name: &str| Refused::Here(EntraRefusal::missing(name));
    let client_id = field("client_id").ok_or_else(|| missing("client_id"))?.clone();
    let application = client::find(&issuer.world, &client_id).map_err(Refused::Here)?;
    let redirect_uri = field("redirect_uri").ok_or_else(|| missing("redirect_uri"))?;
    let address = client::redirect(redirect_uri).map_err(Refused::Here)?;
    let wanted = field("response_mode").map_or(MODES[0], String::as_str);
    let mode = MODES.into_iter().find(|mode| *mode == wanted);
    let back = Back { address, mode: mode.unwrap_or(MODES[0]), state: field("state").cloned() };
    let there = |error, why| Refused::There(Box::new(back.clone()), error, why);
    if mode.is_none() {
        return Err(there("invalid_request", "the response mode is none of query, fragment and form_post"));
    }
    if field("response_type").map(String::as_str) != Some("code") {
        return Err(there("unsupported_response_type", "only the response type 'code' is answered"));
    }
    let scope = field("scope").cloned().unwrap_or_default();
    if !scope.split_whitespace().any(|scope| scope == "openid") {
        return Err(there("invalid_scope", "the scope has to hold 'openid'"));
    }
    if field("code_challenge_method").map(String::as_str) != Some("S256") {
        return Err(there("invalid_request", "a code challenge with the method S256 is required"));
    }
    let Some(challenge) = field("code_challenge").filter(|challenge| challenge.len() == 43).cloned() else {
        return Err(there("invalid_request", "the code challenge is not the SHA-256 of a verifier"));
    };
    Ok(Asked {
        client_id,
        application: application.name,
        nonce: field("nonce").cloned(),
        scope,
        challenge,
        back,
        parameters,
    })
}

fn refuse(refused: Refused) -> Response {
    match refused {
        Refused::Here(refusal) => page::refused(&refusal),
        Refused::There(back, error, why) => back.with(&[("error", error), ("error_description", why)]),
    }
}

/// The account of that name.
pub(super) fn find_user(issuer: &Issuer, account: &str) -> Option<Principal> {
    let mut users = directory::all(&issuer.world.state).into_iter();
    users.find(|one| one.user_name.as_deref() == Some(account))
}

//! Finds who asks: the account of the session for pages, the owner of the bearer token for programs.

use super::Web;
use super::issuers::Issuers;
use super::proxy::CallerAddress;
use super::session::{ACCOUNT, hash};
use app::error::PortalError;
use app::routes;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Extensions, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::account::{Account, Caller};
use secrecy::{ExposeSecret, SecretString};
use std::convert::Infallible;
use std::net::IpAddr;
use tower_sessions::Session;

/// The signed-in caller of a plain post; a stranger is sent to sign in, and back to the page he came from.
#[derive(Clone, Debug)]
pub struct SignedIn(pub Caller);

/// What the session knows; kept in the request's extensions by [`look_up`].
#[derive(Clone, Debug)]
pub struct Known(pub Option<Caller>);

/// The hash under which the request's session is kept; empty where it has none.
#[derive(Clone, Debug, Default)]
pub struct InSession(pub String);

/// Reads the session once a request.
pub async fn look_up(session: Session, mut request: Request, next: Next) -> Response {
    let account = session.get::<Account>(ACCOUNT).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a session could not be read");
        None
    });
    let here = session.id().map(|id| hash(&id)).unwrap_or_default();
    request.extensions_mut().insert(InSession(here));
    let from = address(request.extensions()).map(|from| from.to_string());
    request.extensions_mut().insert(Known(account.map(|account| Caller::person(account, from))));
    next.run(request).await
}

/// The caller's address, where the server knows it.
pub(super) fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<CallerAddress>().map(|CallerAddress(address)| *address)
}

/// That address, of anybody.
#[derive(Clone, Debug)]
pub struct Address(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Address(address(&parts.extensions).map(|from| from.to_string())))
    }
}

/// Sends strangers to the sign-in page, with the way back.
pub async fn signed_in_only(request: Request, next: Next) -> Response {
    let known = request.extensions().get::<Known>().is_some_and(|known| known.0.is_some());
    match known || open_to_strangers(request.uri().path()) {
        true => next.run(request).await,
        false => to_sign_in(request.method(), request.uri().path_and_query().map_or("/", |path| path.as_str())),
    }
}

/// Server functions tell a stranger themselves, so that the page can say it in place.
fn open_to_strangers(path: &str) -> bool {
    path == routes::sign_in() || path.starts_with("/ask/") || is_of_problems(path)
}

/// What an error means is for whoever met it.
fn is_of_problems(path: &str) -> bool {
    path.strip_prefix(routes::problems()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn to_sign_in(method: &Method, path: &str) -> Response {
    let back = if *method == Method::GET { path } else { routes::home() };
    Redirect::to(&routes::sign_in_back_to(back)).into_response()
}

impl FromRequestParts<Web> for SignedIn {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, _web: &Web) -> Result<Self, Response> {
        let known = parts.extensions.get::<Known>().and_then(|known| known.0.clone());
        let back = || to_sign_in(&parts.method, parts.uri.path_and_query().map_or("/", |path| path.as_str()));
        known.map(SignedIn).ok_or_else(back)
    }
}

/// The owner of the token in `Authorization: Bearer keystead_…`, or the program of an issuer's (`eyJ…`).
#[derive(Clone, Debug)]
pub struct Bearer(pub Caller);

/// Puts the owner into the extensions, or answers 401 with a problem document.
pub async fn bearer_only(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")));
    let from = address(request.extensions());
    let owner: Result<Option<Caller>, PortalError> = match token.map(str::trim) {
        Some(token) => owner(&web, token, from.map(|from| from.to_string())).await,
        None => Ok(None),
    };
    let passed = match (&owner, token) {
        (Ok(Some(caller)), Some(token)) => web.gates.program(limited_as(caller, token.trim())),
        _ => web.gates.stranger(from).map(|()| None),
    };
    let left = match passed {
        Ok(left) => left,
        Err(too_often) => return too_often.to_program(),
    };
    let shown = Shown(SecretString::from(token.unwrap_or_default().trim()));
    match owner {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(shown);
            request.extensions_mut().insert(Bearer(caller));
            let mut answer = next.run(request).await;
            if let Some(left) = left {
                left.tell(answer.headers_mut());
            }
            answer
        }
        Ok(None) => super::rest::problem::unauthorized().into_response(),
        Err(error) => super::rest::problem::Refusal(error).into_response(),
    }
}

/// By a token of ours, or by one of an issuer that is believed.
async fn owner(web: &Web, token: &str, from: Option<String>) -> Result<Option<Caller>, PortalError> {
    if !Issuers::is_one(token) {
        return web.tokens.owner(token, from).await;
    }
    match web.issuers.vouched(token).await {
        Some(vouched) => web.tokens.vouched(&vouched.name, vouched.known, from).await,
        None => Ok(None),
    }
}

/// An issuer gives its programs another token as often as they like: they are limited by name.
fn limited_as<'a>(caller: &'a Caller, token: &'a str) -> &'a str {
    if Issuers::is_one(token) { &caller.account.name } else { token }
}

/// The token with which the owner came, for streams: they end with it.
#[derive(Clone, Debug)]
pub struct Shown(SecretString);

impl Shown {
    /// Returns when the token is valid no more, or its owner has other roles or teams than the caller.
    pub fn over(&self, web: &Web, caller: Caller) -> impl Future<Output = ()> + Send + use<> {
        let (web, token) = (web.clone(), self.0.clone());
        async move {
            loop {
                web.tokens.pass_a_while().await;
                match Box::pin(owner(&web, token.expose_secret(), caller.from.clone())).await {
                    Ok(Some(owner)) if owner.account == caller.account => {}
                    Err(error) => tracing::debug!(%error, "a token was not looked up, and is again"),
                    Ok(_) => return,
                }
            }
        }
    }
}

impl FromRequestParts<Web> for Shown {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, _web: &Web) -> Result<Self, Response> {
        let known = parts.extensions.get::<Shown>().cloned();
        known.ok_or_else(|| super::rest::problem::unauthorized().into_response())
    }
}

impl FromRequestParts<Web> for Bearer {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, _web: &Web) -> Result<Self, Response> {
        let known = parts.extensions.get::<Bearer>().cloned();
        known.ok_or_else(|| super::rest::problem::unauthorized().into_response())
    }
}

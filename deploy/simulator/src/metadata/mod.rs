//! Answers as the instance metadata service of the machine that asks: which identities sit on it decides.
//!
//! [`app_service`] is the other flavour of managed identity: an endpoint and a header in a program's environment.
pub(crate) mod app_service;
mod instance;
mod token;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::arm::set_retry_after;
use crate::door::Asker;
use crate::parts::{Parts, Site};
use crate::settings::Settings;
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
        Router::new()
            .route("/metadata/identity/oauth2/token", get(token))
            .route("/metadata/instance", get(instance))
            .with_state(world.clone())
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
    let answer =
        may_ask(&headers).and_then(|()| count(&world, &asker)).and_then(|()| token::answer(&world, &asker, &query));
    of_metadata(answer)
}

async fn instance(
    State(world): State<Arc<World>>,
    Extension(asker): Extension<Asker>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    of_metadata(may_ask(&headers).and_then(|()| instance::answer(&world, &asker, &query)))
}

fn of_metadata(answer: Result<Response, Refused>) -> Response {
    let mut response = answer.unwrap_or_else(|refusal| *refusal);
    if let Ok(server) = "IMDS/150.870.65.512".parse() {
        response.headers_mut().insert("server", server);
    }
    response
}

type Refused = Box<Response>;

fn refuse(status: StatusCode, error: &str, description: &str) -> Refused {
    Box::new((status, Json(json!({"error": error, "error_description": description}))).into_response())
}

fn bad(error: &str, description: &str) -> Refused {
    refuse(StatusCode::BAD_REQUEST, error, description)
}

/// What keeps away requests that somebody else was made to send.
fn may_ask(headers: &HeaderMap) -> Result<(), Refused> {
    let header = headers.get("metadata").and_then(|value| value.to_str().ok());
    if !header.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(bad("invalid_request", "Required metadata header not specified"));
    }
    if headers.contains_key("x-forwarded-for") {
        return Err(bad("invalid_request", "Requests that were forwarded are refused"));
    }
    Ok(())
}

/// A machine gets twenty tokens a second.
fn count(world: &World, asker: &Asker) -> Result<(), Refused> {
    let machine = asker.0.as_ref().map(|machine| machine.name.as_str()).unwrap_or_default();
    if !world.state.read(Settings::read).rate_limits {
        return Ok(());
    }
    world.limits.take_of_metadata(&world.clock, machine).map_err(|wait| {
        let mut refused = refuse(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests");
        set_retry_after(refused.headers_mut(), wait);
        refused
    })
}

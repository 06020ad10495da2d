//! Lets a test be an issuer that the directory's applications trust: federated credentials, and tokens of such an issuer.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::directory::change;
use crate::clock::unix;
use crate::entra::federation::ISSUERS;
use crate::state::StateError;
use crate::world::World;

/// A federated credential of an application, added to those that it has.
#[derive(Deserialize)]
pub(super) struct Federated {
    application: Uuid,
    issuer: String,
    subject: String,
    audience: String,
}

pub(super) async fn federate(State(world): State<Arc<World>>, Json(asked): Json<Federated>) -> Response {
    let credential = json!({"issuer": asked.issuer, "subject": asked.subject, "audiences": [asked.audience]});
    change(&world, asked.application, |found| found.federated.push(credential)).await
}

/// What a token of an issuer outside of Azure says. Its keys can be read from then on.
#[derive(Deserialize)]
pub(super) struct Issued {
    issuer: String,
    subject: String,
    audience: String,
    /// Seconds for which it counts.
    #[serde(default = "hour")]
    seconds: i64,
}

fn hour() -> i64 {
    3600
}

pub(super) async fn issue(State(world): State<Arc<World>>, Json(asked): Json<Issued>) -> Response {
    let now = unix(world.clock.now());
    let claims = json!({
        "iss": asked.issuer, "sub": asked.subject, "aud": [asked.audience], "iat": now, "nbf": now,
        "exp": now + asked.seconds, "jti": Uuid::new_v4(),
    });
    let known = world
        .state
        .change(|draft| {
            draft.put(ISSUERS, &asked.issuer, json!({}));
            Ok::<_, StateError>(())
        })
        .await;
    match (known, world.tokens.sign(&asked.issuer, &claims)) {
        (Ok(()), Ok(token)) => Json(json!({ "token": token })).into_response(),
        (Err(error), _) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
        (_, Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

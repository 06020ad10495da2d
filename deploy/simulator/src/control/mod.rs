//! Answers requests to the front door itself: whether it lives, what Azure is to be like, what it made wait, and to stop.
mod directory;
mod faults;
mod offer;
mod page;
mod trust;
mod world;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::metadata::app_service;
use crate::parts::{Parts, Site};
use crate::world::World;

/// The name of the control routes behind the proxy.
pub(crate) const HOST: &str = "control.simulator";

/// The same routes under the name `control.simulator`, for clients that only know the proxy.
pub(crate) fn attach(parts: &mut Parts) {
    parts.add_site(Control);
}

struct Control;

impl Site for Control {
    fn answers(&self, _world: &World, host: &str) -> bool {
        host == HOST
    }

    fn router(&self, world: &Arc<World>) -> Router {
        routes(world)
    }

    fn plain(&self) -> bool {
        true
    }
}

/// Every change takes JSON, which a page in a browser cannot send here unasked.
fn routes(world: &Arc<World>) -> Router {
    Router::new()
        .route("/", get(page::show))
        .route("/style.css", get(page::style))
        .route("/page.js", get(page::script))
        .route("/alive", get(alive))
        .route("/faults", get(faults::waiting).post(faults::add).delete(faults::clear))
        .route("/faults/catalogue", get(faults::catalogue))
        .route("/faults/random", get(faults::random).post(faults::set_random).delete(faults::end_random))
        .route("/world", get(world::picture))
        .route("/creations", get(world::creations))
        .route("/waits", get(waits))
        .route("/limits", get(limits))
        .route("/settings", get(world::settings).patch(world::change_settings))
        .route("/applications", get(directory::applications))
        .route("/consents", post(directory::consent))
        .route("/roles", post(directory::assign))
        .route("/groups", post(directory::join))
        .route("/certificates", post(directory::register))
        .route("/accounts", post(directory::stand))
        .route("/federations", post(trust::federate))
        .route("/assertions", post(trust::issue))
        .route("/msi/token", get(app_service::answer))
        .route("/changes", post(world::change))
        .route("/quotas", get(offer::quotas).post(offer::set_quota))
        .route("/sizes", get(offer::restrictions).post(offer::restrict).delete(offer::clear_restrictions))
        .route("/versions", post(offer::set_version))
        .route("/images", post(offer::set_image))
        .route("/advance", post(advance))
        .route("/stop", post(stop))
        .with_state(world.clone())
}

/// Answers a request that names no other host.
pub(crate) async fn answer(world: &Arc<World>, request: Request<Body>) -> Result<Response, Infallible> {
    routes(world).oneshot(request).await
}

async fn alive(State(world): State<Arc<World>>) -> Json<Value> {
    Json(
        json!({"folder": world.folder, "process": std::process::id(), "speed": world.clock.speed(), "now": world.clock.now()}),
    )
}

async fn waits(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!(world.waits.all()))
}

async fn limits(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.limits.told(&world.clock))
}

/// Moves a manual clock: `{"milliseconds": 30000}`; 409 where the clock is the wall's.
async fn advance(State(world): State<Arc<World>>, Json(by): Json<Value>) -> Response {
    match (&world.clock, by["milliseconds"].as_u64()) {
        (crate::Clock::Manual(_), Some(by)) => {
            world.clock.advance(std::time::Duration::from_millis(by));
            Json(json!({"now": world.clock.now()})).into_response()
        }
        (crate::Clock::Manual(_), None) => (StatusCode::BAD_REQUEST, "say how many milliseconds\n").into_response(),
        _ => (StatusCode::CONFLICT, "the clock is the wall's and moves by itself\n").into_response(),
    }
}

async fn stop(State(world): State<Arc<World>>, Json(_): Json<Value>) -> StatusCode {
    // The answer first, then the end.
    tokio::spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        world.stopping.cancel();
    });
    StatusCode::ACCEPTED
}

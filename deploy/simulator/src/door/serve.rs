//! Hands a request to its site's routes, after the faults that wait for it.
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Method, Request, StatusCode};
use tower::ServiceExt;

use super::{Asker, HostName};
use crate::clock::later;
use crate::control;
use crate::faults::{self, Asked, Drop, Fault};
use crate::world::World;

/// The connection is closed without an answer, because a fault says so or the name is gone.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without an answer")]
pub(super) struct Dropped;

/// Answers one request.
pub(super) async fn request(
    world: &World,
    router: Router,
    host: HostName,
    asker: Asker,
    mut request: Request<Body>,
) -> Result<Response, Dropped> {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let name = host.0.clone();
    let machine = asker.0.as_ref().map(|machine| machine.name.clone());
    let asked = Asked { method: method.as_str(), host: &name, path: &path, machine: machine.as_deref() };
    // Who controls the faults is not hit by them.
    let faults = (name != control::HOST).then_some(&world.faults);
    if faults.is_some_and(|faults| faults.is_hidden(&asked, world.clock.now())) {
        return Ok(faults::not_there(world, &asked, request.headers()));
    }
    let fault = faults.and_then(|faults| faults.strike(&asked));
    if let Some(fault) = &fault {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        if fault.drop == Some(Drop::Before) {
            return Err(Dropped);
        }
        if let Some(answer) = faults::answer(world, &asked, request.headers(), fault) {
            tracing::info!(host = name, %method, path, status = answer.status().as_u16(), "on purpose");
            return Ok(answer);
        }
    }
    request.extensions_mut().insert(host);
    request.extensions_mut().insert(asker);
    // A task of its own: what was begun is brought to its end also where the client hangs up meanwhile.
    let Ok(Ok(response)) = tokio::spawn(router.oneshot(request)).await else { return Err(Dropped) };
    tracing::info!(host = name, %method, path, status = response.status().as_u16());
    if method == Method::PUT && response.status().is_success() {
        let made = response.status() == StatusCode::CREATED;
        if let Some(lag) = faults.and_then(|faults| faults.strike_lag(&asked, made)) {
            world.faults.hide(&path, later(world.clock.now(), lag));
        }
    }
    match fault {
        Some(Fault { drop: Some(Drop::After), .. }) => Err(Dropped),
        Some(Fault { truncate: Some(most), .. }) if response.status() != StatusCode::NO_CONTENT => {
            Ok(faults::cut(response, most))
        }
        _ => Ok(response),
    }
}

//! Hands a request to its site's routes, after the faults that wait for it.
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;

use super::{Asker, HostName};
use crate::faults::{Drop, Fault};
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
    let fault = world.faults.strike(method.as_str(), &host.0, &path);
    if let Some(fault) = &fault {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        if fault.drop == Some(Drop::Before) {
            return Err(Dropped);
        }
        if let Some(answer) = refused(fault) {
            return Ok(answer);
        }
    }
    let name = host.0.clone();
    request.extensions_mut().insert(host);
    request.extensions_mut().insert(asker);
    let Ok(response) = router.oneshot(request).await;
    tracing::info!(host = name, %method, path, status = response.status().as_u16());
    match fault {
        Some(Fault { drop: Some(Drop::After), .. }) => Err(Dropped),
        _ => Ok(response),
    }
}

fn refused(fault: &Fault) -> Option<Response> {
    let status = StatusCode::from_u16(fault.status?).ok()?;
    let body = axum::Json(json!({"error": {"code": fault.code, "message": fault.message}}));
    let mut response = (status, body).into_response();
    if let Some(seconds) = fault.retry_after {
        response.headers_mut().insert("retry-after", seconds.into());
    }
    Some(response)
}

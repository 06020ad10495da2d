//! Puts requests to a world without a connection, as the front door hands them on: for tests that ask thousands.
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use azure_simulator::door::{Asker, HostName};
use azure_simulator::machines::Machine;
use azure_simulator::{World, directory, entra, seed};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinError;
use tower::ServiceExt;

/// A token of the service principal that owns the subscription.
pub fn token(world: &World, audience: &str) -> String {
    let owner = world.state.read(|draft| directory::find(draft, seed::id_of("service-principal/owner"))).unwrap();
    entra::access_token(world, &owner, audience).unwrap()
}

/// The answer, or nothing where no site has that name; an error where the site panics.
pub async fn answer(
    world: &Arc<World>,
    host: &str,
    machine: Option<Machine>,
    mut request: Request<Body>,
) -> Option<Result<Response, JoinError>> {
    let (_, router) = world.parts.site(world, host)?;
    request.extensions_mut().insert(HostName(host.to_owned()));
    request.extensions_mut().insert(Asker(machine));
    let task = tokio::spawn(router.oneshot(request));
    Some(task.await.map(|answered| answered.unwrap_or_else(|never| match never {})))
}

/// Asks with the owner's token; status and document. A name that does not resolve is 404.
pub async fn ask(world: &Arc<World>, method: Method, url: &str, body: Value) -> (StatusCode, Value) {
    let (host, path) = url.trim_start_matches("https://").split_once('/').unwrap();
    let audience =
        if host.ends_with("vault.azure.net") { "https://vault.azure.net" } else { "https://management.azure.com" };
    let sign = if path.contains('?') { '&' } else { '?' };
    let request = Request::builder()
        .method(method)
        .uri(format!("/{path}{sign}api-version=2024-11-01"))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {}", token(world, audience)))
        .body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) });
    let Some(answered) = answer(world, host, None, request.unwrap()).await else {
        return (StatusCode::NOT_FOUND, Value::Null);
    };
    let response = answered.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes))))
}

//! Gives tokens as App Service does: at the address in `IDENTITY_ENDPOINT`, to who sends what `IDENTITY_HEADER` holds.
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::token;
use crate::clock::unix;
use crate::entra;
use crate::machines::{self, Machine};
use crate::world::World;

/// The variables that lead a program on that machine here.
pub(crate) fn variables(world: &World, machine: &Machine) -> Value {
    json!({
        "IDENTITY_ENDPOINT": format!("http://127.0.0.1:{}/msi/token", world.door_port),
        "IDENTITY_HEADER": format!("{}.{}", machine.name, machine.key),
    })
}

/// GET of the endpoint.
pub(crate) async fn answer(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    grant(&world, &headers, &query).unwrap_or_else(|(status, message)| {
        let body = json!({"statusCode": status.as_u16(), "message": message, "correlationId": Uuid::new_v4()});
        (status, Json(body)).into_response()
    })
}

fn grant(
    world: &World,
    headers: &HeaderMap,
    query: &BTreeMap<String, String>,
) -> Result<Response, (StatusCode, String)> {
    let bad = |message: &str| (StatusCode::BAD_REQUEST, message.to_owned());
    let shown = headers.get("x-identity-header").and_then(|value| value.to_str().ok());
    let machine = shown.and_then(|shown| machines::from_key(&world.state, shown.split_once('.')?));
    let machine =
        machine.ok_or((StatusCode::UNAUTHORIZED, "The header X-IDENTITY-HEADER is missing or wrong.".to_owned()))?;
    if query.get("api-version").map(String::as_str) != Some("2019-08-01") {
        return Err(bad("The parameter api-version has to be 2019-08-01."));
    }
    let resource = query.get("resource").filter(|resource| !resource.is_empty());
    let resource = resource.ok_or_else(|| bad("The parameter resource is missing."))?;
    let principal = token::choose(world, Some(&machine), query).map_err(bad)?;
    entra::check_resource(world, resource)
        .map_err(|refusal| bad(&format!("AADSTS{}: {}", refusal.number, refusal.message)))?;
    let token = entra::access_token(world, &principal, resource)
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let expires = unix(world.clock.now()) + 3599;
    Ok(Json(json!({
        "access_token": token, "client_id": principal.app_id, "expires_on": expires.to_string(),
        "resource": resource, "token_type": "Bearer",
    }))
    .into_response())
}

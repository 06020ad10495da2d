//! `/api/v1/webhooks` lists and makes subscriptions, `/api/v1/webhooks/{id}` reads, changes and removes one; under it stand
//! its deliveries, its secrets and its test.

use super::body::Body;
use super::list::linked;
use super::problem::Refusal;
use super::refusals::{Unfound, Unsaid, Unshown};
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::view::webhook::{Change, Deliveries, Delivery, Filter, List, Log, Made, New, Row};

/// Webhooks of the teams that the caller looks after, newest first.
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "webhooks", params(Filter),
    security(("token" = [])),
    responses((status = 200, description = "A page of them", body = List), Unfound)
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    OriginalUri(uri): OriginalUri,
    Query(filter): Query<Filter>,
) -> Result<impl IntoResponse, Refusal> {
    let list = web.portal.webhooks(&caller, &filter).await?;
    Ok((linked(&uri, list.next.as_deref()), Json(list)))
}

/// Makes a webhook. The secret that signs what it is told is in this answer alone.
#[utoipa::path(
    post, path = "/api/v1/webhooks", tag = "webhooks",
    request_body(content = New, example = json!({
        "team": "payments", "name": "chat", "url": "https://hooks.contoso.example/keystead", "events": ["job.finished"]
    })),
    security(("token" = [])),
    responses((status = 201, description = "The webhook with its secret", body = Made), Unsaid)
)]
pub async fn create(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Body(new): Body<New>,
) -> Result<impl IntoResponse, Refusal> {
    let made = web.portal.create_webhook(&caller, &new).await?;
    let place = format!("/api/v1/webhooks/{}", made.row.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, place), (header::CACHE_CONTROL, "no-store".to_owned())], Json(made)))
}

/// A webhook, without its secret.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "Of the webhook")),
    security(("token" = [])),
    responses((status = 200, description = "The webhook", body = Row), Unshown)
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<String>,
) -> Result<Json<Row>, Refusal> {
    Ok(Json(web.portal.webhook(&caller, &id).await?))
}

/// Changes what is named: where it is told, of what, and whether it is told at all.
#[utoipa::path(
    patch, path = "/api/v1/webhooks/{id}", tag = "webhooks",
    request_body(content = Change, example = json!({"enabled": false})),
    params(("id" = String, Path, description = "Of the webhook")),
    security(("token" = [])),
    responses((status = 200, description = "The webhook as it is now", body = Row), Unsaid)
)]
pub async fn change(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<String>,
    Body(change): Body<Change>,
) -> Result<Json<Row>, Refusal> {
    Ok(Json(web.portal.change_webhook(&caller, &id, &change).await?))
}

/// Removes a webhook, with its deliveries; what was still to be sent is not.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "Of the webhook")),
    security(("token" = [])),
    responses((status = 200, description = "The webhook as it was", body = Row), Unshown)
)]
pub async fn remove(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<String>,
) -> Result<Json<Row>, Refusal> {
    Ok(Json(web.portal.remove_webhook(&caller, &id).await?))
}

/// Another secret signs from now on; for 24 hours each delivery bears the signature of the one before too.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/secrets", tag = "webhooks",
    params(("id" = String, Path, description = "Of the webhook")),
    security(("token" = [])),
    responses((status = 201, description = "The webhook with its new secret", body = Made), Unshown)
)]
pub async fn rotate(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Refusal> {
    let made = web.portal.rotate_secret(&caller, &id).await?;
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(made)))
}

/// Sends the webhook a `ping`.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks",
    params(("id" = String, Path, description = "Of the webhook")),
    security(("token" = [])),
    responses((status = 202, description = "The delivery, which is on its way", body = Delivery), Unsaid)
)]
pub async fn test(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Delivery>), Refusal> {
    Ok((StatusCode::ACCEPTED, Json(web.portal.test_webhook(&caller, &id).await?)))
}

/// What was sent to a webhook, newest first, with how it came out; kept for 30 days.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = String, Path, description = "Of the webhook"), Deliveries),
    security(("token" = [])),
    responses((status = 200, description = "A page of them", body = Log), Unfound)
)]
pub async fn deliveries(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
    Query(page): Query<Deliveries>,
) -> Result<impl IntoResponse, Refusal> {
    let log = web.portal.deliveries(&caller, &id, &page).await?;
    Ok((linked(&uri, log.next.as_deref()), Json(log)))
}

/// Sends a delivery again that has ended, under the same `webhook-id`.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/deliveries/{delivery}/redelivery", tag = "webhooks",
    params(
        ("id" = String, Path, description = "Of the webhook"),
        ("delivery" = String, Path, description = "Of the delivery")
    ),
    security(("token" = [])),
    responses((status = 202, description = "The delivery, which is on its way", body = Delivery), Unsaid)
)]
pub async fn redeliver(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<(StatusCode, Json<Delivery>), Refusal> {
    Ok((StatusCode::ACCEPTED, Json(web.portal.redeliver(&caller, &id, &delivery).await?)))
}

//! `/api/v1/deliveries` lists the notices that could not be delivered; `redelivery` under one sends it again.

use super::list::{USUAL, linked};
use super::problem::Refusal;
use super::query::Pages;
use super::refusals::{Unasked, Unsaid};
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::view::notice::Deliveries;

/// What was given up, or has been tried in vain so far, newest first; for platform engineers.
#[utoipa::path(
    get, path = "/api/v1/deliveries", tag = "notices", params(Pages),
    security(("token" = [])),
    responses((status = 200, description = "A page of them", body = Deliveries), Unasked)
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    OriginalUri(here): OriginalUri,
    Query(page): Query<Pages>,
) -> Result<impl IntoResponse, Refusal> {
    let limit = page.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(USUAL);
    let found = web.portal.undelivered(&caller, &page.after, limit).await?;
    Ok((linked(&here, found.next.as_deref()), Json(found)))
}

/// Sends one again, from now on and for another day.
#[utoipa::path(
    post, path = "/api/v1/deliveries/{id}/redelivery", tag = "notices",
    params(("id" = String, Path, description = "Of the list")),
    security(("token" = [])),
    responses((status = 202, description = "It is on its way again"), Unsaid)
)]
pub async fn again(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    web.portal.repeat_notice(&caller, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

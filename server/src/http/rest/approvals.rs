//! `/api/v1/approvals` lists what waits for the caller; `/api/v1/handover` lets another decide for a while.

use super::body::Body;
use super::list::{Paged, Paging};
use super::problem::Refusal;
use super::refusals::{Unknown, Unlisted, Unplaced};
use super::requests::Requests;
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::view::request::{Filter, HandingOver, Row, Show};
use serde::Deserialize;
use utoipa::ToSchema;

/// What waits for the caller's decision at a glance, oldest first.
#[utoipa::path(
    get, path = "/api/v1/approvals", tag = "approvals", params(Paged),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page of requests", body = Requests, headers(("Link" = String, description = "The next page"))),
        Unlisted,
    )
)]
pub async fn list(State(web): State<Web>, Bearer(caller): Bearer, paging: Paging) -> Result<Response, Refusal> {
    let filter = Filter { show: Show::Inbox, ..Filter::default() };
    let (rows, _) = web.portal.request_rows(&caller, &filter, "", paging.limit).await?;
    let (rows, next) = paging.cut(rows, |row| row.id.to_string());
    Ok(paging.page::<Row>(&Requests { rows, next: next.clone() }, next.as_deref()))
}

/// What the caller has handed over, could hand over, and was handed.
#[utoipa::path(
    get, path = "/api/v1/handover", tag = "approvals",
    security(("token" = [])),
    responses((status = 200, description = "As it is now", body = HandingOver), Unknown)
)]
pub async fn read(State(web): State<Web>, Bearer(caller): Bearer) -> Result<Json<HandingOver>, Refusal> {
    Ok(Json(web.portal.handing_over(&caller).await?))
}

/// To whom, and until when.
#[derive(Deserialize, ToSchema)]
#[schema(examples(json!({"to": "manager@contoso.example", "until": "2026-12-04"})))]
pub struct HandOver {
    /// Account name of a manager or of a platform engineer.
    to: String,
    /// The last day, in UTC.
    until: String,
}

/// Lets somebody decide in the caller's place until the end of a day; the caller still can.
#[utoipa::path(
    post, path = "/api/v1/handover", tag = "approvals", request_body = HandOver,
    security(("token" = [])),
    responses(
        (status = 201, description = "They are handed over", body = HandingOver),
        Unplaced,
    )
)]
pub async fn hand_over(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Body(asked): Body<HandOver>,
) -> Result<(StatusCode, Json<HandingOver>), Refusal> {
    web.portal.hand_over(&caller, &asked.to, &asked.until).await?;
    Ok((StatusCode::CREATED, Json(web.portal.handing_over(&caller).await?)))
}

/// Takes back what the caller has handed over.
#[utoipa::path(
    delete, path = "/api/v1/handover", tag = "approvals",
    security(("token" = [])),
    responses((status = 204, description = "The caller alone decides again"), Unknown)
)]
pub async fn take_back(State(web): State<Web>, Bearer(caller): Bearer) -> Result<StatusCode, Refusal> {
    web.portal.take_back(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `/api/v1/people` lists who has an account; `departures` and `returns` under it mark who has left, and who has not.

use super::body::Body;
use super::problem::Refusal;
use super::refusals::{Unasked, Unsaid};
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use domain::account::AccountId;
use domain::view::environment::Whole;
use domain::view::people::{Ended, Filter, List};
use serde::Deserialize;
use utoipa::ToSchema;

/// People by name, with what each holds.
#[utoipa::path(
    get, path = "/api/v1/people", tag = "people", params(Filter),
    security(("token" = [])),
    responses((status = 200, description = "A page of them", body = List), Unasked)
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Query(filter): Query<Filter>,
) -> Result<Json<List>, Refusal> {
    Ok(Json(web.portal.people(&caller, &filter).await?))
}

/// Of whom it is said.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"account": "TENANT/OBJECT"}))]
pub struct Somebody {
    /// The `id` of the list.
    account: String,
}

/// Marks somebody as having left: sessions, tokens and hand-overs end, requests are withdrawn, environments are offered.
#[utoipa::path(
    post, path = "/api/v1/people/departures", tag = "people", request_body = Somebody,
    security(("token" = [])),
    responses((status = 201, description = "What ended with it", body = Ended), Unsaid)
)]
pub async fn leave(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Body(somebody): Body<Somebody>,
) -> Result<(StatusCode, Json<Ended>), Refusal> {
    Ok((StatusCode::CREATED, Json(web.portal.mark_left(&caller, &AccountId(somebody.account)).await?)))
}

/// Takes that back: they may sign in again. What has ended stays ended.
#[utoipa::path(
    post, path = "/api/v1/people/returns", tag = "people", request_body = Somebody,
    security(("token" = [])),
    responses((status = 204, description = "They may sign in again"), Unsaid)
)]
pub async fn come_back(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Body(somebody): Body<Somebody>,
) -> Result<StatusCode, Refusal> {
    web.portal.mark_back(&caller, &AccountId(somebody.account)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the caller the owner of an environment whose owner has left.
#[utoipa::path(
    post, path = "/api/v1/environments/{name}/ownership", tag = "environments",
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses((status = 200, description = "The environment with its new owner", body = Whole), Unsaid)
)]
pub async fn take_on(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
) -> Result<Json<Whole>, Refusal> {
    web.portal.take_on(&caller, &name).await?;
    Ok(Json(web.portal.environment(&caller, &name).await?))
}

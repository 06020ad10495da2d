//! `POST` to `change`, `destruction`, `release` under an environment asks for it; `GET` shows what the last two would do.

use super::body::Body;
use super::problem::Refusal;
use super::query::Purge;
use super::refusals::{Unplanned, Unsaid};
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use domain::account::Caller;
use domain::form::Form;
use domain::id::RequestId;
use domain::view::request::{Destruction, Release, Whole};
use serde::Deserialize;
use utoipa::ToSchema;

/// Asks that it become another one: an answer that is left out keeps what stands.
#[utoipa::path(
    post, path = "/api/v1/environments/{name}/change", tag = "environments", request_body = Form,
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses(
        (status = 201, description = "The request waits for its decision", body = Whole, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn change(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    Body(form): Body<Form>,
) -> Result<impl IntoResponse, Refusal> {
    let id = web.portal.submit_change(&caller, &name, &form).await?;
    sent(&web, &caller, &id).await
}

/// Asks that it be made again as it was approved.
#[utoipa::path(
    post, path = "/api/v1/environments/{name}/repair", tag = "environments",
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses(
        (status = 201, description = "The request waits for its decision", body = Whole, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn repair(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, Refusal> {
    let id = web.portal.submit_repair(&caller, &name).await?;
    sent(&web, &caller, &id).await
}

/// Looks now whether it still is as it was approved; what differs stands in the environment's `drift` then.
#[utoipa::path(
    post, path = "/api/v1/environments/{name}/looks", tag = "environments",
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses((status = 202, description = "It is looked at", headers(("Location" = String))), Unsaid)
)]
pub async fn look(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, Refusal> {
    web.portal.look(&caller, &name).await?;
    Ok((StatusCode::ACCEPTED, AppendHeaders([(LOCATION, format!("/api/v1/environments/{name}"))])))
}

/// What a removal would do, with the digest that asking for it needs.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/destruction", tag = "environments", operation_id = "plan_environment_destruction",
    params(("name" = String, Path, description = "Of the environment"), Purge),
    security(("token" = [])),
    responses((status = 200, description = "The plan over what stands now", body = Destruction), Unplanned)
)]
pub async fn destruction(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    Query(asked): Query<Purge>,
) -> Result<Json<Destruction>, Refusal> {
    Ok(Json(web.portal.destruction(&caller, &name, asked.purge).await?))
}

/// A removal that is asked for.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"reason": "The load test is over", "digest": "4f9c…", "purge": false}))]
pub struct Removal {
    #[serde(default)]
    purge: bool,
    #[serde(default)]
    reason: String,
    /// Of the plan that was looked at.
    digest: String,
}

/// Asks that nothing of it stay.
#[utoipa::path(
    post, path = "/api/v1/environments/{name}/destruction", tag = "environments", request_body = Removal,
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses(
        (status = 201, description = "The request waits for its decision", body = Whole, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn destroy(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    Body(removal): Body<Removal>,
) -> Result<impl IntoResponse, Refusal> {
    let id = web.portal.submit_destruction(&caller, &name, removal.purge, &removal.reason, &removal.digest).await?;
    sent(&web, &caller, &id).await
}

/// What stays on Azure where Keystead lets go of it, with the digest that asking for it needs.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/release", tag = "environments", operation_id = "plan_environment_release",
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses((status = 200, description = "The list of what stands now", body = Release), Unplanned)
)]
pub async fn release(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
) -> Result<Json<Release>, Refusal> {
    Ok(Json(web.portal.release(&caller, &name).await?))
}

/// A release that is asked for.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"reason": "The team goes on with it by itself", "digest": "4f9c…"}))]
pub struct LettingGo {
    /// Needed.
    reason: String,
    /// Of the list that was looked at.
    digest: String,
}

/// Asks that Keystead let go of it, while Azure keeps it.
#[utoipa::path(
    post, path = "/api/v1/environments/{name}/release", tag = "environments", request_body = LettingGo,
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses(
        (status = 201, description = "The request waits for its decision", body = Whole, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn let_go(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    Body(asked): Body<LettingGo>,
) -> Result<impl IntoResponse, Refusal> {
    let id = web.portal.submit_release(&caller, &name, &asked.reason, &asked.digest).await?;
    sent(&web, &caller, &id).await
}

/// The request that waits now, under its own address.
async fn sent(web: &Web, caller: &Caller, id: &RequestId) -> Result<impl IntoResponse + use<>, Refusal> {
    let whole = web.portal.request(caller, id).await?;
    let address = [(LOCATION, format!("/api/v1/requests/{id}"))];
    Ok((StatusCode::CREATED, AppendHeaders(address), Json(whole)))
}

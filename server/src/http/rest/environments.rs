//! `/api/v1/environments` lists, `/api/v1/environments/{name}` reads; under it the checks are asked for, and the evidence.

use super::jobs::SOON;
use super::list::{Paged, Paging};
use super::prefer::Prefer;
use super::problem::Refusal;
use super::refusals::{Unlisted, Unread, Unsaid, Unshown};
use crate::http::Web;
use crate::http::audit::archive;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::id::ValidationId;
use domain::view::environment::{Filter, Row, Whole};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of environments; `next` is the cursor of the page after it.
#[derive(Serialize, ToSchema)]
pub struct Environments {
    rows: Vec<Row>,
    next: Option<String>,
}

/// Environments: what needs a person first, then by name, or as `sort` says.
#[utoipa::path(
    get, path = "/api/v1/environments", tag = "environments", params(Filter, Paged),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page of them", body = Environments, headers(("Link" = String, description = "The next page"))),
        Unlisted,
    )
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Query(filter): Query<Filter>,
    paging: Paging,
) -> Result<Response, Refusal> {
    let (rows, next) = web.portal.environment_rows(&caller, &filter, paging.limit).await?;
    Ok(paging.page::<Row>(&Environments { rows, next: next.clone() }, next.as_deref()))
}

/// An environment with its parts, its newest checks, and what the caller may do with it.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}", tag = "environments",
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses((status = 200, description = "The environment as it is now", body = Whole), Unread)
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
) -> Result<Json<Whole>, Refusal> {
    Ok(Json(web.portal.environment(&caller, &name).await?))
}

/// A run of the checks that was asked for.
#[derive(Serialize, ToSchema)]
pub struct Begun {
    /// Its results stand in the environment's `validation` and `history`.
    validation: ValidationId,
    /// Whether it goes on still.
    running: bool,
}

/// Runs the checks again. With `Prefer: wait=30` the answer comes when they have ended, or after so many seconds.
#[utoipa::path(
    post, path = "/api/v1/environments/{name}/validation", tag = "environments",
    params(("name" = String, Path, description = "Of the environment"), Prefer),
    security(("token" = [])),
    responses(
        (status = 202, description = "They run, or ran already", body = Begun, headers(("Location" = String), ("Retry-After" = String), ("Preference-Applied" = String))),
        (status = 200, description = "They have ended already", body = Begun, headers(("Location" = String), ("Preference-Applied" = String))),
        Unsaid,
    )
)]
pub async fn validate(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    prefer: Prefer,
) -> Result<impl IntoResponse, Refusal> {
    let validation = web.portal.validate(&caller, &name).await?;
    let address = AppendHeaders([(LOCATION, format!("/api/v1/environments/{name}"))]);
    let waited = prefer.until(&web, web.portal.validated(&caller, &name)).await?;
    let running = !waited.came();
    let soon = running.then_some(AppendHeaders([(RETRY_AFTER, SOON)]));
    let status = if running { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, waited, address, soon, Json(Begun { validation, running })))
}

/// Everything that proves how it came to be what it is: `keystead audit verify` checks the file.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/evidence", tag = "environments", operation_id = "read_environment_evidence",
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses(
        (status = 200, description = "An archive with a signed manifest", body = Vec<u8>, content_type = "application/zip"),
        Unshown,
    )
)]
pub async fn evidence(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    Ok(archive(&web, &caller, &name).await?)
}

//! What proves an environment, under its address: `checks` of the newest run, `validations`.

use super::list::{Paged, Paging};
use super::problem::Refusal;
use super::refusals::{Unread, Unseen};
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::Moment;
use domain::check;
use domain::id::ValidationId;
use domain::view::environment::Validation;
use serde::Serialize;
use utoipa::ToSchema;

/// What the newest run of the checks has found.
#[derive(Serialize, ToSchema)]
pub struct Checks {
    validation: ValidationId,
    at: Moment,
    /// Whether more will come.
    running: bool,
    rows: Vec<check::Result>,
    next: Option<String>,
}

/// What the newest run of the checks has found, with evidence, cause and remedy.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/checks", tag = "environments",
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses((status = 200, description = "All of them, in their order", body = Checks), Unread)
)]
pub async fn checks(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
) -> Result<Json<Checks>, Refusal> {
    let run = web.portal.validation(&caller, &name, None).await?;
    Ok(Json(Checks { validation: run.id, at: run.at, running: run.running, rows: run.results, next: None }))
}

/// A page of runs of the checks; `next` is the cursor of the page after it.
#[derive(Serialize, ToSchema)]
pub struct Validations {
    rows: Vec<Validation>,
    next: Option<String>,
}

/// Runs of the checks, newest first, without their evidence.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/validations", tag = "environments",
    params(("name" = String, Path, description = "Of the environment"), Paged),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page of them", body = Validations, headers(("Link" = String, description = "The next page"))),
        Unseen,
    )
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    paging: Paging,
) -> Result<Response, Refusal> {
    let (rows, next) = web.portal.validations(&caller, &name, &paging.after, paging.limit).await?;
    Ok(paging.page::<Validation>(&Validations { rows, next: next.clone() }, next.as_deref()))
}

/// A run of the checks with everything that it found.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/validations/{id}", tag = "environments",
    params(("name" = String, Path, description = "Of the environment"), ("id" = String, Path, description = "Of the run")),
    security(("token" = [])),
    responses((status = 200, description = "The run as it is now", body = Validation), Unread)
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path((name, id)): Path<(String, ValidationId)>,
) -> Result<Json<Validation>, Refusal> {
    Ok(Json(web.portal.validation(&caller, &name, Some(&id)).await?))
}

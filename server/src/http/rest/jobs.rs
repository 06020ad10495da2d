//! `GET /api/v1/jobs/{id}` reads a job; `POST` to what stands under it says a word to it.

use super::body::Body;
use super::problem::Refusal;
use super::refusals::{Unread, Unsaid};
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use domain::account::Caller;
use domain::id::{JobId, RequestId};
use domain::view::job::Whole;
use domain::view::request::Whole as Request;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

/// A job with its steps, what stopped it, and what may be done with it now.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "Of the job")),
    security(("token" = [])),
    responses(
        (status = 200, description = "The job as it is now", body = Whole),
        Unread,
    )
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
) -> Result<Json<Whole>, Refusal> {
    now(&web, &caller, &id).await
}

/// A word that is said with its reason.
#[derive(Deserialize, ToSchema)]
#[schema(as = Said)]
pub struct Word {
    /// Kept in the job's log.
    reason: String,
}

/// A reason where one is to be given, and a password where that is the remedy.
#[derive(Deserialize, ToSchema)]
pub struct Retry {
    #[serde(default)]
    reason: String,
    /// Sealed at once in place of the one that was refused, and never shown again.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, write_only)]
    db_password: Option<SecretString>,
}

/// Stops it after the steps at work; what was made stays.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", request_body = Word,
    params(("id" = String, Path, description = "Of the job")),
    security(("token" = [])),
    responses(
        (status = 200, description = "It was said; the job as it is now", body = Whole),
        Unsaid,
    )
)]
pub async fn cancel(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
    Body(word): Body<Word>,
) -> Result<Json<Whole>, Refusal> {
    web.portal.cancel(&caller, &id, &word.reason).await?;
    now(&web, &caller, &id).await
}

/// Lets it go on from where it stopped.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/retry", tag = "jobs", request_body = Retry,
    params(("id" = String, Path, description = "Of the job")),
    security(("token" = [])),
    responses(
        (status = 200, description = "It was said; the job as it is now", body = Whole),
        Unsaid,
    )
)]
pub async fn retry(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
    Body(retry): Body<Retry>,
) -> Result<Json<Whole>, Refusal> {
    web.portal.retry(&caller, &id, retry.db_password, &retry.reason).await?;
    now(&web, &caller, &id).await
}

/// Removes again what it made.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/roll-back", tag = "jobs", request_body = Word,
    params(("id" = String, Path, description = "Of the job")),
    security(("token" = [])),
    responses(
        (status = 200, description = "It was said; the job as it is now", body = Whole),
        Unsaid,
    )
)]
pub async fn roll_back(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
    Body(word): Body<Word>,
) -> Result<Json<Whole>, Refusal> {
    web.portal.roll_back(&caller, &id, &word.reason).await?;
    now(&web, &caller, &id).await
}

/// Takes it from a worker that hangs; another goes on.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/take-over", tag = "jobs", request_body = Word,
    params(("id" = String, Path, description = "Of the job")),
    security(("token" = [])),
    responses(
        (status = 200, description = "It was said; the job as it is now", body = Whole),
        Unsaid,
    )
)]
pub async fn take_over(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
    Body(word): Body<Word>,
) -> Result<Json<Whole>, Refusal> {
    web.portal.take_over(&caller, &id, &word.reason).await?;
    now(&web, &caller, &id).await
}

/// A name that is free.
#[derive(Deserialize, ToSchema)]
#[schema(examples(json!({"vault_name": "kv-payments-stage"})))]
pub struct AnotherName {
    vault_name: String,
}

/// Gives the vault another name where the first is taken: it is approved anew, and the same job goes on then.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/vault-name", tag = "jobs", request_body = AnotherName,
    params(("id" = String, Path, description = "Of the job")),
    security(("token" = [])),
    responses(
        (status = 201, description = "The request waits for its decision", body = Request, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn vault_name(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
    Body(another): Body<AnotherName>,
) -> Result<impl IntoResponse, Refusal> {
    let request = web.portal.change_vault_name(&caller, &id, &another.vault_name).await?;
    back(&web, &caller, &request).await
}

/// Plans over what stands now: it is approved anew, and the same job goes on then.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/plan", tag = "jobs",
    params(("id" = String, Path, description = "Of the job")),
    security(("token" = [])),
    responses(
        (status = 201, description = "The request waits for its decision", body = Request, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn plan_again(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
) -> Result<impl IntoResponse, Refusal> {
    let request = web.portal.plan_again(&caller, &id).await?;
    back(&web, &caller, &request).await
}

/// The request that went back to the approver, under its own address.
async fn back(web: &Web, caller: &Caller, id: &RequestId) -> Result<impl IntoResponse + use<>, Refusal> {
    let request = web.portal.request(caller, id).await?;
    let address = [(LOCATION, format!("/api/v1/requests/{id}"))];
    Ok((StatusCode::CREATED, AppendHeaders(address), Json(request)))
}

async fn now(web: &Web, caller: &Caller, id: &JobId) -> Result<Json<Whole>, Refusal> {
    Ok(Json(web.portal.job(caller, id).await?))
}

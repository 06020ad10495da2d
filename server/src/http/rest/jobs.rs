//! `/api/v1/jobs` lists, `/api/v1/jobs/{id}` reads a job; `POST` to what stands under it says a word to it.

use super::body::Body;
use super::list::linked;
use super::prefer::{Prefer, Waited};
use super::problem::Refusal;
use super::refusals::{Unread, Unsaid, Unsought};
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::account::Caller;
use domain::id::{JobId, RequestId};
use domain::view::Page;
use domain::view::job::{Filter, Row, Step, Whole};
use domain::view::request::Whole as Request;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Seconds after which it is worth asking again how far a job has come.
pub const SOON: &str = "5";

/// Jobs, newest first.
#[utoipa::path(
    get, path = "/api/v1/jobs", tag = "jobs", params(Filter),
    security(("token" = [])),
    responses((status = 200, description = "A page of them", body = Page<Row>, headers(("Link" = String))), Unsought)
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    OriginalUri(here): OriginalUri,
    Query(filter): Query<Filter>,
) -> Result<impl IntoResponse, Refusal> {
    let page = web.portal.jobs(&caller, &filter).await?;
    Ok((linked(&here, page.next.as_deref()), Json(page)))
}

/// A job with its steps, what stopped it, and what may be done with it now. With `Prefer: wait=30` the answer comes when
/// nothing of it goes on by itself any more, or after so many seconds.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "Of the job"), Prefer),
    security(("token" = [])),
    responses(
        (status = 200, description = "The job as it is now", body = Whole, headers(("Preference-Applied" = String))),
        Unread,
    )
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
    prefer: Prefer,
) -> Result<impl IntoResponse, Refusal> {
    let waited = rested(&web, &caller, Some(&id), &prefer).await?;
    Ok((waited, now(&web, &caller, &id).await?))
}

/// The steps of a job.
#[derive(Serialize, ToSchema)]
pub struct Steps {
    rows: Vec<Step>,
    next: Option<String>,
}

/// The steps of a job in the order of its plan, each with its state and what it waits for.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/steps", tag = "jobs",
    params(("id" = String, Path, description = "Of the job")),
    security(("token" = [])),
    responses((status = 200, description = "All of them", body = Steps), Unread)
)]
pub async fn steps(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
) -> Result<Json<Steps>, Refusal> {
    Ok(Json(Steps { rows: web.portal.job(&caller, &id).await?.steps, next: None }))
}

/// Waits as is preferred until nothing of the job goes on by itself.
pub(super) async fn rested(web: &Web, caller: &Caller, id: Option<&JobId>, prefer: &Prefer) -> Result<Waited, Refusal> {
    match id {
        Some(id) => prefer.until(web, web.portal.rests(caller, id)).await,
        None => Ok(Waited::default()),
    }
}

/// A job that goes on: 202 with where to look and when, or 200 where it has come to rest meanwhile.
async fn goes_on(web: &Web, caller: &Caller, id: &JobId, prefer: &Prefer) -> Result<Response, Refusal> {
    let waited = rested(web, caller, Some(id), prefer).await?;
    let Json(whole) = now(web, caller, id).await?;
    if !whole.row.state.moving() {
        return Ok((waited, Json(whole)).into_response());
    }
    let where_and_when = AppendHeaders([(LOCATION, format!("/api/v1/jobs/{id}")), (RETRY_AFTER, SOON.to_owned())]);
    Ok((StatusCode::ACCEPTED, waited, where_and_when, Json(whole)).into_response())
}

/// A word that is said with its reason.
#[derive(Deserialize, ToSchema)]
#[schema(as = Said, example = json!({"reason": "It is not needed any more"}))]
pub struct Word {
    /// Kept in the job's log.
    reason: String,
}

/// A reason where one is to be given, and a password where that is the remedy.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"reason": "The registry answers again"}))]
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
    params(("id" = String, Path, description = "Of the job"), Prefer),
    security(("token" = [])),
    responses(
        (status = 202, description = "It goes on; the job as it is now", body = Whole, headers(("Location" = String), ("Retry-After" = String), ("Preference-Applied" = String))),
        (status = 200, description = "It has come to rest already; the job as it is now", body = Whole, headers(("Preference-Applied" = String))),
        Unsaid,
    )
)]
pub async fn retry(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
    prefer: Prefer,
    Body(retry): Body<Retry>,
) -> Result<Response, Refusal> {
    web.portal.retry(&caller, &id, retry.db_password, &retry.reason).await?;
    goes_on(&web, &caller, &id, &prefer).await
}

/// Removes again what it made.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/roll-back", tag = "jobs", request_body = Word,
    params(("id" = String, Path, description = "Of the job"), Prefer),
    security(("token" = [])),
    responses(
        (status = 202, description = "It goes on; the job as it is now", body = Whole, headers(("Location" = String), ("Retry-After" = String), ("Preference-Applied" = String))),
        (status = 200, description = "It has come to rest already; the job as it is now", body = Whole, headers(("Preference-Applied" = String))),
        Unsaid,
    )
)]
pub async fn roll_back(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
    prefer: Prefer,
    Body(word): Body<Word>,
) -> Result<Response, Refusal> {
    web.portal.roll_back(&caller, &id, &word.reason).await?;
    goes_on(&web, &caller, &id, &prefer).await
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

//! `/api/v1/requests` lists and submits, `/api/v1/requests/{id}` reads, and what stands under it answers: approval,
//! rejection, changes, withdrawal, comments.

use super::body::Body;
use super::jobs::{SOON, rested};
use super::list::{Paged, Paging};
use super::prefer::Prefer;
use super::problem::Refusal;
use super::refusals::{Unlisted, Unread, Unsaid};
use crate::http::Web;
use crate::http::caller::Bearer;
use app::error::PortalError;
use app::portal::{Sent, Submission};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::account::Caller;
use domain::field::FieldError;
use domain::form::Form;
use domain::id::{JobId, PlanId, RequestId};
use domain::request::Decision;
use domain::view::request::{Filter, Row, Whole};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of requests; `next` is the cursor of the page after it.
#[derive(Serialize, ToSchema)]
pub struct Requests {
    pub rows: Vec<Row>,
    pub next: Option<String>,
}

/// Requests: newest first, those that wait for the caller's decision oldest first.
#[utoipa::path(
    get, path = "/api/v1/requests", tag = "requests", params(Filter, Paged),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page of them", body = Requests, headers(("Link" = String, description = "The next page"))),
        Unlisted,
    )
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Query(filter): Query<Filter>,
    paging: Paging,
) -> Result<Response, Refusal> {
    let (rows, next) = web.portal.request_rows(&caller, &filter, &paging.after, paging.limit).await?;
    Ok(paging.page::<Row>(&Requests { rows, next: next.clone() }, next.as_deref()))
}

/// A request with its plan, its levels, what was said, and what the caller may do with it.
#[utoipa::path(
    get, path = "/api/v1/requests/{id}", tag = "requests",
    params(("id" = String, Path, description = "Of the request")),
    security(("token" = [])),
    responses((status = 200, description = "The request as it is now", body = Whole), Unread)
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<RequestId>,
) -> Result<Json<Whole>, Refusal> {
    Ok(Json(web.portal.request(&caller, &id).await?))
}

/// The form's answers, or a plan that was made before; with the database user's password where the template does not
/// bring it.
#[derive(Deserialize, ToSchema)]
#[schema(examples(
    json!({"name": "payments-staging", "team": "payments", "region": "westeurope", "template": "web-app-one-node"}),
    json!({"plan": "01990a3c-7d21-7c4e-9a55-0f6f3f1f2b10", "digest": "9f3c 21ab", "reason": "For the load test"}),
))]
pub struct Submit {
    /// Of `POST /api/v1/plans`; sent as it is, without any answer but `reason`.
    #[serde(default)]
    plan: Option<PlanId>,
    /// Of that plan.
    #[serde(default)]
    digest: String,
    #[serde(flatten)]
    form: Form,
    /// Sealed at once and never shown again.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, write_only)]
    db_password: Option<SecretString>,
}

/// The comment and the plan that one approves.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"digest": "4f9c…", "level": 0, "comment": "Fits the quarter's budget"}))]
pub struct Approval {
    #[serde(default)]
    comment: String,
    /// The request's `digest`: what one has seen is what one approves.
    digest: String,
    /// The request's `level`, so that an answer to one is never taken for an answer to the next; without it the one that
    /// is asked now.
    #[serde(default)]
    level: Option<u32>,
}

/// What an approval came to.
#[derive(Serialize, ToSchema)]
pub struct Approved {
    pub request: RequestId,
    /// What it began, to be read at `/api/v1/jobs/{id}`; none where others are asked still, or an environment was
    /// released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// Of that job, as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<domain::job::State>,
}

/// Asks for an environment, or for what a plan does that was made before: it is frozen until a manager has decided.
#[utoipa::path(
    post, path = "/api/v1/requests", tag = "requests", request_body = Submit,
    security(("token" = [])),
    responses(
        (status = 201, description = "The request waits for its decision", body = Whole, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn submit(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Body(submit): Body<Submit>,
) -> Result<impl IntoResponse, Refusal> {
    let id = match submit.plan {
        None => {
            let submission = Submission { form: submit.form, password: submit.db_password, draft: None };
            web.portal.submit(&caller, submission).await?
        }
        Some(plan) => {
            let reason = Some(submit.form.reason.clone()).filter(|reason| !reason.trim().is_empty());
            alone(Form { reason: String::new(), ..submit.form })?;
            let sent = Sent { digest: submit.digest, reason, password: submit.db_password };
            web.portal.submit_plan(&caller, &plan, sent).await?
        }
    };
    let whole = web.portal.request(&caller, &id).await?;
    Ok((StatusCode::CREATED, AppendHeaders([(LOCATION, format!("/api/v1/requests/{id}"))]), Json(whole)))
}

/// A plan has its answers already.
fn alone(form: Form) -> Result<(), PortalError> {
    match form == Form::default() {
        true => Ok(()),
        false => {
            let said = "A plan is sent as it was made: leave the form's answers out, or make another plan.";
            Err(PortalError::invalid(vec![FieldError::new("plan", said)]))
        }
    }
}

/// Approves a request: where nobody else has to, its job begins.
#[utoipa::path(
    post, path = "/api/v1/requests/{id}/approval", tag = "requests", request_body = Approval,
    params(("id" = String, Path, description = "Of the request"), Prefer),
    security(("token" = [])),
    responses(
        (status = 202, description = "It counts, and the job has begun", body = Approved, headers(("Location" = String), ("Retry-After" = String), ("Preference-Applied" = String))),
        (status = 200, description = "The job that it began has come to rest already", body = Approved, headers(("Location" = String), ("Preference-Applied" = String))),
        (status = 201, description = "It counts: others are asked, or the environment is released", body = Approved, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn approve(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<RequestId>,
    prefer: Prefer,
    Body(approval): Body<Approval>,
) -> Result<Response, Refusal> {
    let whole =
        web.portal.decide(&caller, &id, Decision::Approve, &approval.comment, &approval.digest, approval.level).await?;
    let Some(job) = whole.job else {
        let address = AppendHeaders([(LOCATION, format!("/api/v1/requests/{id}"))]);
        return Ok(
            (StatusCode::CREATED, address, Json(Approved { request: id, job: None, state: None })).into_response()
        );
    };
    let waited = rested(&web, &caller, Some(&job), &prefer).await?;
    let state = web.portal.job(&caller, &job).await?.row.state;
    let address = AppendHeaders([(LOCATION, format!("/api/v1/jobs/{job}"))]);
    let soon = state.moving().then_some(AppendHeaders([(RETRY_AFTER, SOON)]));
    let status = if state.moving() { StatusCode::ACCEPTED } else { StatusCode::OK };
    let approved = Approved { request: id, job: Some(job), state: Some(state) };
    Ok((status, waited, address, soon, Json(approved)).into_response())
}

/// Why not, and on which level.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"comment": "Two nodes are enough for a load test", "level": 0}))]
pub struct Answered {
    /// What would make the next one better; needed.
    comment: String,
    /// The request's `level`; without it the one that is asked now.
    #[serde(default)]
    level: Option<u32>,
}

/// Rejects a request: it ends, and the name that it held is free.
#[utoipa::path(
    post, path = "/api/v1/requests/{id}/rejection", tag = "requests", request_body = Answered,
    params(("id" = String, Path, description = "Of the request")),
    security(("token" = [])),
    responses((status = 200, description = "It has ended", body = Whole), Unsaid)
)]
pub async fn reject(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<RequestId>,
    Body(answered): Body<Answered>,
) -> Result<Json<Whole>, Refusal> {
    answer(&web, &caller, &id, Decision::Reject, &answered).await
}

/// Sends a request back: it ends, and becomes a draft of the one who asked.
#[utoipa::path(
    post, path = "/api/v1/requests/{id}/changes", tag = "requests", request_body = Answered,
    params(("id" = String, Path, description = "Of the request")),
    security(("token" = [])),
    responses((status = 200, description = "It went back", body = Whole), Unsaid)
)]
pub async fn send_back(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<RequestId>,
    Body(answered): Body<Answered>,
) -> Result<Json<Whole>, Refusal> {
    answer(&web, &caller, &id, Decision::Changes, &answered).await
}

async fn answer(
    web: &Web,
    caller: &Caller,
    id: &RequestId,
    decision: Decision,
    answered: &Answered,
) -> Result<Json<Whole>, Refusal> {
    Ok(Json(web.portal.decide(caller, id, decision, &answered.comment, "", answered.level).await?))
}

/// Takes back a request of the caller's own.
#[utoipa::path(
    post, path = "/api/v1/requests/{id}/withdrawal", tag = "requests",
    params(("id" = String, Path, description = "Of the request")),
    security(("token" = [])),
    responses((status = 200, description = "It has ended", body = Whole), Unsaid)
)]
pub async fn withdraw(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<RequestId>,
) -> Result<Json<Whole>, Refusal> {
    Ok(Json(web.portal.withdraw(&caller, &id).await?))
}

/// What is to be said of a request.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"comment": "Is purge protection needed here?"}))]
pub struct Comment {
    comment: String,
}

/// Adds words to what was said of a request.
#[utoipa::path(
    post, path = "/api/v1/requests/{id}/comments", tag = "requests", request_body = Comment,
    params(("id" = String, Path, description = "Of the request")),
    security(("token" = [])),
    responses((status = 201, description = "It stands in the request's record", body = Whole), Unsaid)
)]
pub async fn comment(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<RequestId>,
    Body(said): Body<Comment>,
) -> Result<impl IntoResponse, Refusal> {
    Ok((StatusCode::CREATED, Json(web.portal.comment(&caller, &id, &said.comment).await?)))
}

//! `POST /api/v1/requests` submits, `POST /api/v1/requests/{id}/approval` approves.

use super::body::Body;
use super::problem::Refusal;
use super::refusals::{Unbegun, Unsaid};
use crate::http::Web;
use crate::http::caller::Bearer;
use app::portal::Submission;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use domain::id::{JobId, RequestId};
use domain::request::Decision;
use domain::view::request::Whole;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The form's answers, with the database user's password where the template does not bring it.
#[derive(Deserialize, ToSchema)]
pub struct Submit {
    #[serde(flatten)]
    form: domain::form::Form,
    /// Sealed at once and never shown again.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, write_only)]
    db_password: Option<SecretString>,
}

/// The comment and the plan that one approves.
#[derive(Deserialize, ToSchema)]
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
}

/// Asks for an environment: the plan is frozen and the name is held until a manager has decided.
#[utoipa::path(
    post, path = "/api/v1/requests", tag = "requests", request_body = Submit,
    security(("token" = [])),
    responses(
        (status = 201, description = "The request waits for its decision", body = Whole, headers(("Location" = String))),
        Unbegun,
    )
)]
pub async fn submit(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Body(submit): Body<Submit>,
) -> Result<impl IntoResponse, Refusal> {
    let submission = Submission { form: submit.form, password: submit.db_password, draft: None };
    let id = web.portal.submit(&caller, submission).await?;
    let whole = web.portal.request(&caller, &id).await?;
    Ok((StatusCode::CREATED, AppendHeaders([(LOCATION, format!("/requests/{id}"))]), Json(whole)))
}

/// Approves a request: where nobody else has to, its job begins.
#[utoipa::path(
    post, path = "/api/v1/requests/{id}/approval", tag = "requests", request_body = Approval,
    params(("id" = String, Path, description = "Of the request")),
    security(("token" = [])),
    responses(
        (status = 201, description = "It counts: the job has begun, others are asked, or the environment is released", body = Approved, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn approve(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<RequestId>,
    Body(approval): Body<Approval>,
) -> Result<impl IntoResponse, Refusal> {
    let whole =
        web.portal.decide(&caller, &id, Decision::Approve, &approval.comment, &approval.digest, approval.level).await?;
    let job = whole.job;
    let address = job.as_ref().map_or_else(|| format!("/requests/{id}"), |job| format!("/api/v1/jobs/{job}"));
    Ok((StatusCode::CREATED, AppendHeaders([(LOCATION, address)]), Json(Approved { request: id, job })))
}

//! `GET /api/v1/jobs/{id}` reads a job.

use super::problem::Refusal;
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{Path, State};
use domain::id::JobId;
use domain::problem::Problem;
use domain::view::job::Whole;

/// A job with its steps, what stopped it, and what may be done with it now.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "Of the job")),
    security(("token" = [])),
    responses(
        (status = 200, description = "The job as it is now", body = Whole),
        (status = 401, description = "No valid token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such job", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<JobId>,
) -> Result<Json<Whole>, Refusal> {
    Ok(Json(web.portal.job(&caller, &id).await?))
}

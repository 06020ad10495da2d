//! `POST /api/v1/notices/{id}/again` sends what could not be delivered once more.

use super::problem::Refusal;
use super::refusals::Unsaid;
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// Sends a notice again that could not be delivered.
#[utoipa::path(
    post, path = "/api/v1/notices/{id}/again", tag = "notices",
    params(("id" = String, Path, description = "Of what could not be delivered")),
    security(("token" = [])),
    responses((status = 202, description = "It is sent again"), Unsaid)
)]
pub async fn again(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    web.portal.repeat_notice(&caller, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

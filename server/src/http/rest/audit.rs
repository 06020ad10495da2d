//! `GET /api/v1/audit` writes out the record.

use super::problem::Refusal;
use super::refusals::Unasked;
use crate::http::Web;
use crate::http::audit::file;
use crate::http::caller::Bearer;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::view::audit::{Filter, Form};

/// The record as JSON Lines, with the chain and its signed checkpoints: `keystead audit verify` checks the file.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", params(Filter),
    security(("token" = [])),
    responses(
        (status = 200, description = "One line an entry, in the order of the chain", body = String, content_type = "application/jsonl"),
        Unasked,
    )
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Query(filter): Query<Filter>,
) -> Result<Response, Refusal> {
    Ok(file(&web, &caller, &filter, Form::JsonLines).await?)
}

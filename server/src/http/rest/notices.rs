//! `GET /api/v1/notices` lists what the caller was told.

use super::list::linked;
use super::problem::Refusal;
use super::query::Pages;
use super::refusals::Unsought;
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{OriginalUri, Query, State};
use axum::response::IntoResponse;
use domain::Moment;
use domain::view::notice::Row;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that the caller was told.
#[derive(Serialize, ToSchema)]
pub struct Notice {
    id: String,
    at: Moment,
    /// What is told, in one line.
    subject: String,
    /// `request`, `job`, `environment` or `approvals`.
    about: String,
    /// Id of the request or job, or the environment's name; empty for approvals.
    of: String,
}

impl From<Row> for Notice {
    fn from(row: Row) -> Notice {
        let (about, of) = row.about.key();
        Notice { about: about.to_owned(), of: of.to_owned(), id: row.id, at: row.at, subject: row.subject }
    }
}

/// A page of notices; `next` is the cursor of the page after it.
#[derive(Serialize, ToSchema)]
pub struct Notices {
    rows: Vec<Notice>,
    next: Option<String>,
}

/// What the caller was told, newest first.
#[utoipa::path(
    get, path = "/api/v1/notices", tag = "account", params(Pages),
    security(("token" = [])),
    responses((status = 200, description = "A page of them", body = Notices, headers(("Link" = String))), Unsought)
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    OriginalUri(here): OriginalUri,
    Query(told): Query<Pages>,
) -> Result<impl IntoResponse, Refusal> {
    let found = web.portal.notices(&caller, &told.after, Some(told.limit.unwrap_or(50))).await?;
    let rows = found.rows.into_iter().map(Notice::from).collect();
    Ok((linked(&here, found.next.as_deref()), Json(Notices { rows, next: found.next })))
}

//! Events of a job, of an environment and of everything that the caller may see: a page, or as they come where the
//! program accepts `text/event-stream`.

use super::list::linked;
use super::problem::Refusal;
use super::query::Behind;
use super::refusals::{Unheard, Unsought};
use crate::http::Web;
use crate::http::caller::{Bearer, Shown};
use crate::http::events::{Told, event, of_job as told_of_job, stream};
use app::error::PortalError;
use app::portal::FeedChange;
use axum::Json;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use domain::feed::{Filter, Page};
use domain::field::FieldError;
use domain::id::JobId;
use domain::view::job::Line;
use futures::StreamExt;
use serde::Serialize;
use utoipa::ToSchema;

/// Lines of one page, and the most there can be.
const LINES: u32 = 50;
const MOST: u32 = 200;

/// Whether the program wants to hear what comes.
fn listens(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|text| text.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream")))
}

/// Where a program that comes back was.
fn last_heard(headers: &HeaderMap) -> Option<String> {
    headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Nothing is said where a stream begins but the cursor.
#[derive(Serialize)]
struct Begun {}

fn told(change: FeedChange) -> Told {
    match change {
        FeedChange::Begin(cursor) => Some(event("begin", &Begun {}).id(cursor)),
        FeedChange::Event(happened) => Some(event(happened.kind.key(), &*happened).id(happened.id.as_str())),
        FeedChange::End => None,
    }
}

fn paged(here: &Uri, page: Page) -> Response {
    (linked(here, page.next.as_deref()), Json(page)).into_response()
}

/// Everything that the caller may see, oldest first; as a stream with `Accept: text/event-stream`, which goes on behind
/// `Last-Event-ID`. Each event of a stream is named by its kind; the first is `begin`, and has the cursor alone. `again` says that the stream ends and that one should
/// come back: this server stops, the token has ended, or it stands for other teams now.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "events", params(Filter),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page of them, or a stream", content((Page = "application/json"), (String = "text/event-stream")), headers(("Link" = String))),
        Unsought,
    )
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    shown: Shown,
    OriginalUri(here): OriginalUri,
    Query(mut filter): Query<Filter>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if !listens(&headers) {
        return Ok(paged(&here, web.portal.events(&caller, &filter).await?));
    }
    filter.after = last_heard(&headers).unwrap_or(filter.after);
    let changes = web.portal.follow_events(&caller, &filter).await?;
    Ok(stream(&web, changes.map(told), shown.over(&web, caller)))
}

/// Everything about one environment: its state, its requests, its jobs with their steps, its checks, its drift. A stream
/// tells `end` and ends when the environment is gone.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/events", tag = "events",
    params(("name" = String, Path, description = "Of the environment"), Filter),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page of them, or a stream", content((Page = "application/json"), (String = "text/event-stream")), headers(("Link" = String))),
        Unheard,
    )
)]
pub async fn of_environment(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    shown: Shown,
    Path(name): Path<String>,
    OriginalUri(here): OriginalUri,
    Query(mut filter): Query<Filter>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if !listens(&headers) {
        return Ok(paged(&here, web.portal.events_of(&caller, &name, &filter).await?));
    }
    filter.after = last_heard(&headers).unwrap_or(filter.after);
    let changes = web.portal.follow_events_of(&caller, &name, &filter).await?;
    Ok(stream(&web, changes.map(told), shown.over(&web, caller)))
}

/// A page of lines; `next` is the cursor of the page after it.
#[derive(Serialize, ToSchema)]
pub struct Lines {
    rows: Vec<Line>,
    next: Option<String>,
}

/// The lines of a job's log, oldest first; as a stream with `Accept: text/event-stream`, which goes on behind
/// `Last-Event-ID`: `now` is the job as `GET /jobs/{id}` shows it, `line` a line of the log, `end` says that the job is
/// over and the stream with it, `again` that one should come back.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/events", tag = "events",
    params(("id" = String, Path, description = "Of the job"), Behind),
    security(("token" = [])),
    responses(
        (status = 200, description = "A page of lines, or a stream", content((Lines = "application/json"), (String = "text/event-stream")), headers(("Link" = String))),
        Unheard,
    )
)]
pub async fn of_job(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    shown: Shown,
    Path(id): Path<JobId>,
    OriginalUri(here): OriginalUri,
    Query(behind): Query<Behind>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if listens(&headers) {
        let last = last_heard(&headers).and_then(|id| id.parse::<i64>().ok());
        let changes = web.portal.follow(&caller, &id, last.unwrap_or(behind.after)).await?;
        return Ok(stream(&web, changes.map(told_of_job), shown.over(&web, caller)));
    }
    let limit = behind.limit.unwrap_or(LINES);
    if !(1..=MOST).contains(&limit) {
        let wrong = FieldError::new("limit", format!("A whole number from 1 to {MOST}."));
        return Err(PortalError::invalid(vec![wrong]).into());
    }
    let mut rows = web.portal.lines(&caller, &id, behind.after).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|line| line.number.to_string());
    Ok((linked(&here, next.as_deref()), Json(Lines { rows, next })).into_response())
}

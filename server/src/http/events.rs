//! Live jobs: server-sent events of what changed and what was said, and the whole log as a text to be saved.

use super::Web;
use super::caller::{InSession, SignedIn};
use super::error::Failed;
use super::session::Sessions;
use app::portal::JobChange;
use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::id::JobId;
use domain::view::job::Line;
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;

#[derive(Deserialize)]
pub struct After {
    #[serde(default)]
    after: i64,
}

/// `GET /jobs/{id}/events`: `now`, `line`, `end`; and `again` when this server stops and another may be asked, or the
/// session has ended and nobody is told any more.
pub async fn follow(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Extension(InSession(here)): Extension<InSession>,
    Extension(sessions): Extension<Sessions>,
    Path(id): Path<JobId>,
    Query(query): Query<After>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|id| id.parse::<i64>().ok());
    let changes = web.portal.follow(&caller, &id, last.unwrap_or(query.after)).await?;
    let stopping = web.stopping.clone();
    let events = changes.map(|change| match change {
        JobChange::Now(whole) => Event::default().event("now").data(&*whole),
        JobChange::Line(line) => event("line", &line).id(line.number.to_string()),
        JobChange::End => Event::default().event("end").data("{}"),
    });
    let events = events.take_until(stopping.cancelled_owned()).take_until(Box::pin(sessions.ended(here)));
    let events = events.chain(futures::stream::once(async { Event::default().event("again").data("{}") }));
    let answer = Sse::new(events.map(Ok::<Event, Infallible>));
    let answer = answer.keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    // A proxy that gathers answers would make the page stand still.
    Ok(([(HeaderName::from_static("x-accel-buffering"), "no")], answer).into_response())
}

fn event<T: Serialize>(name: &str, value: &T) -> Event {
    let event = Event::default().event(name);
    match serde_json::to_string(value) {
        Ok(text) => event.data(text),
        Err(_) => event,
    }
}

/// `GET /jobs/{id}/log.txt`.
pub async fn log(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(id): Path<JobId>,
) -> Result<Response, Failed> {
    let mut text = String::new();
    let mut after = 0;
    loop {
        let lines = web.portal.lines(&caller, &id, after).await?;
        let Some(last) = lines.last() else { break };
        after = last.number;
        lines.iter().for_each(|line| text.push_str(&said(line)));
    }
    let name = format!("attachment; filename=\"job-{id}.txt\"");
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)], text).into_response())
}

fn said(line: &Line) -> String {
    let title = if line.title.is_empty() { "Job" } else { &line.title };
    format!("{}  {title}: {}\n", line.at.rfc3339(), line.text)
}

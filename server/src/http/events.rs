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
use futures::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    Ok(stream(&web, changes.map(of_job), sessions.ended(here)))
}

/// What a listener is told; `None` where nothing more will come.
pub(super) type Told = Option<Event>;

/// What a listener to a job is told.
pub(super) fn of_job(change: JobChange) -> Told {
    match change {
        JobChange::Now(whole) => Some(Event::default().event("now").data(&*whole)),
        JobChange::Line(line) => Some(event("line", &line).id(line.number.to_string())),
        JobChange::End => None,
    }
}

/// Events as they come, until `end`; or `again` where this server stops, or `over` says that the listener is told nothing
/// any more.
pub(super) fn stream(
    web: &Web,
    events: impl Stream<Item = Told> + Send + 'static,
    over: impl Future<Output = ()> + Send + 'static,
) -> Response {
    let (stopping, ended) = (web.stopping.clone(), Arc::new(AtomicBool::new(false)));
    let plain = |name: &str| Event::default().event(name).data("{}");
    let end = Arc::clone(&ended);
    let events = events.map(move |told| {
        told.unwrap_or_else(|| {
            end.store(true, Ordering::Relaxed);
            plain("end")
        })
    });
    let events = events.take_until(stopping.cancelled_owned()).take_until(Box::pin(over));
    let again = async move { (!ended.load(Ordering::Relaxed)).then(|| plain("again")) };
    let events = events.chain(futures::stream::once(again).filter_map(std::future::ready));
    let answer = Sse::new(events.map(Ok::<Event, Infallible>));
    let answer = answer.keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    // A proxy that gathers answers would make the page stand still.
    ([(HeaderName::from_static("x-accel-buffering"), "no")], answer).into_response()
}

pub(super) fn event<T: Serialize>(name: &str, value: &T) -> Event {
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

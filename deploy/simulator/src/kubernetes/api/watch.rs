//! Watches: every change after a version, one JSON line each, until the client goes or its time is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;

use super::options::{self, Start};
use super::table::{self, Include, Look};
use super::{Call, read};
use crate::kubernetes::object;
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::selector::Selector;
use crate::kubernetes::store::{Change, What};

/// How often a client that asked for bookmarks gets one.
const BOOKMARK: Duration = Duration::from_secs(60);
/// So long before its time is over a watch gets a last bookmark, from which the next one can go on.
const BEFORE_THE_END: Duration = Duration::from_secs(2);

pub(super) async fn follow(call: Call) -> Result<Response, Refusal> {
    let selector = read::selector(&call)?;
    let from = Start::of(&call.query)?;
    let newest = *call.cluster.objects.newest().borrow();
    if let Start::Standing(wanted) = from
        && wanted > newest
    {
        return Err(options::too_large(wanted, newest));
    }
    // A server without a limit of its own would keep forgotten watches for ever.
    let seconds = call.query.number("timeoutSeconds")?.and_then(|it| u64::try_from(it).ok()).filter(|it| *it > 0);
    let life = Duration::from_secs(seconds.unwrap_or(3600));
    let (lines, stream) = mpsc::channel::<Result<Bytes, std::convert::Infallible>>(64);
    let look = call.look();
    let watch = Watch { call, selector, lines, look, begun: AtomicBool::new(false) };
    let stopping = watch.call.cluster.stopping.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = watch.run(from, life) => {}
            () = tokio::time::sleep(life) => {}
            () = stopping.cancelled() => {}
        }
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from_stream(ReceiverStream::new(stream))).into_response())
}

struct Watch {
    call: Call,
    selector: Selector,
    lines: mpsc::Sender<Result<Bytes, std::convert::Infallible>>,
    look: Look,
    /// Whether a table's columns have been told.
    begun: AtomicBool,
}

impl Watch {
    async fn run(&self, from: Start, life: Duration) {
        let objects = &self.call.cluster.objects;
        let bookmarks = self.call.query.is_on("allowWatchBookmarks");
        let mut seen = match from {
            Start::After(version) => version,
            Start::Now => *objects.newest().borrow(),
            Start::Standing(_) => {
                let (version, standing) = objects.list(self.call.place.kind, &self.call.place.namespace).await;
                for object in standing.iter().filter(|object| self.selector.matches(object)) {
                    if !self.tell("ADDED", object).await {
                        return;
                    }
                }
                version
            }
        };
        if bookmarks && self.call.query.is_on("sendInitialEvents") && !self.bookmark(seen, true).await {
            return;
        }
        let mut newest = objects.newest();
        let mut due = Instant::now() + BOOKMARK.min(life.saturating_sub(BEFORE_THE_END));
        loop {
            newest.borrow_and_update();
            let Some(changes) = objects.since(seen).await else {
                let oldest = objects.oldest().await;
                let gone = Refusal::gone(format!("too old resource version: {seen} ({oldest})"));
                self.send("ERROR", &gone.body()).await;
                return;
            };
            for change in changes {
                seen = change.version;
                if let Some((what, object)) = self.concerns(&change)
                    && !self.tell(what, &object).await
                {
                    return;
                }
            }
            tokio::select! {
                () = tokio::time::sleep_until(due), if bookmarks => {
                    due = Instant::now() + BOOKMARK;
                    if !self.bookmark(seen, false).await { return }
                }
                changed = newest.changed() => if changed.is_err() { return },
                () = self.lines.closed() => return,
            }
        }
    }

    /// What the change is for this watch: an object may enter or leave what the selector selects. One that leaves is
    /// told as it was, under the version of the change.
    fn concerns(&self, change: &Change) -> Option<(&'static str, Arc<Value>)> {
        let place = &self.call.place;
        let here = place.namespace.is_empty() || object::namespace(&change.object) == place.namespace;
        if change.kind != place.kind || !here {
            return None;
        }
        let after = change.what != What::Deleted && self.selector.matches(&change.object);
        let before = change.before.as_ref().filter(|it| self.selector.matches(it));
        match (before, after) {
            (None, true) => Some(("ADDED", change.object.clone())),
            (Some(_), true) => Some(("MODIFIED", change.object.clone())),
            (Some(_), false) if change.what == What::Deleted => Some(("DELETED", change.object.clone())),
            (Some(before), false) => {
                let mut last = Value::clone(before);
                last["metadata"]["resourceVersion"] = json!(change.version.to_string());
                Some(("DELETED", Arc::new(last)))
            }
            (None, false) => None,
        }
    }

    async fn bookmark(&self, version: u64, ends_initial: bool) -> bool {
        let kind = self.call.place.kind;
        let mut object = json!({"kind": kind.kind, "apiVersion": kind.api_version(),
            "metadata": {"resourceVersion": version.to_string(), "creationTimestamp": null}});
        if ends_initial {
            object["metadata"]["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        match self.look {
            Look::Whole => self.send("BOOKMARK", &object).await,
            Look::Table(_) => {
                let now = self.call.cluster.now();
                let table = table::table(kind, &[], Include::Nothing, &version.to_string(), now, false);
                self.send("BOOKMARK", &table).await
            }
        }
    }

    /// One object as this client wants to see it.
    async fn tell(&self, what: &str, object: &Value) -> bool {
        match self.look {
            Look::Whole => self.send(what, object).await,
            Look::Table(include) => {
                let first = !self.begun.swap(true, Ordering::Relaxed);
                let row = table::row(self.call.place.kind, object, include, self.call.cluster.now(), first);
                self.send(what, &row).await
            }
        }
    }

    async fn send(&self, what: &str, object: &Value) -> bool {
        let line = format!("{}\n", json!({"type": what, "object": object}));
        self.lines.send(Ok(Bytes::from(line))).await.is_ok()
    }
}

//! Watches: every change after a version, one JSON line each, until the client goes or its time is over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::table::{self, Include, Look};
use super::{Call, read};
use crate::kubernetes::object;
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::selector::Selector;
use crate::kubernetes::store::{Change, What};

/// How often a client that asked for bookmarks gets one while nothing happens.
const BOOKMARK: Duration = Duration::from_secs(60);

pub(super) async fn follow(call: Call) -> Result<Response, Refusal> {
    let selector = read::selector(&call)?;
    let from = match call.query.text("resourceVersion") {
        "" | "0" => None,
        text => Some(text.parse().map_err(|_| {
            Refusal::bad_request(format!(
                "resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax"
            ))
        })?),
    };
    // A server without a limit of its own would keep forgotten watches for ever.
    let seconds = call.query.number("timeoutSeconds")?.and_then(|it| u64::try_from(it).ok()).filter(|it| *it > 0);
    let life = Duration::from_secs(seconds.unwrap_or(3600));
    let (lines, stream) = mpsc::channel::<Result<Bytes, std::convert::Infallible>>(64);
    let look = call.look();
    let watch = Watch { call, selector, lines, look, begun: AtomicBool::new(false) };
    let stopping = watch.call.cluster.stopping.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = watch.run(from) => {}
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
    async fn run(&self, from: Option<u64>) {
        let objects = &self.call.cluster.objects;
        let initial = self.call.query.is_on("sendInitialEvents");
        let mut seen = match from {
            Some(version) if !initial => version,
            _ => {
                let (version, standing) = objects.list(self.call.place.kind, &self.call.place.namespace).await;
                for object in standing.iter().filter(|object| self.selector.matches(object)) {
                    if !self.tell("ADDED", object).await {
                        return;
                    }
                }
                version
            }
        };
        if initial && !self.bookmark(seen, true).await {
            return;
        }
        let mut newest = objects.newest();
        loop {
            newest.borrow_and_update();
            let Some(changes) = objects.since(seen).await else {
                let gone = Refusal::gone(format!("too old resource version: {seen}"));
                self.send("ERROR", &gone.body()).await;
                return;
            };
            for change in changes {
                seen = change.version;
                if let Some(what) = self.concerns(&change)
                    && !self.tell(what, &change.object).await
                {
                    return;
                }
            }
            tokio::select! {
                changed = newest.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(BOOKMARK), if self.call.query.is_on("allowWatchBookmarks") => {
                    if !self.bookmark(seen, false).await { return }
                }
                () = self.lines.closed() => return,
            }
        }
    }

    /// What the change is for this watch: an object may enter or leave what the selector selects.
    fn concerns(&self, change: &Change) -> Option<&'static str> {
        let place = &self.call.place;
        let here = place.namespace.is_empty() || object::namespace(&change.object) == place.namespace;
        if change.kind != place.kind || !here {
            return None;
        }
        let after = change.what != What::Deleted && self.selector.matches(&change.object);
        let before = change.before.as_ref().is_some_and(|it| self.selector.matches(it));
        match (before, after) {
            (false, true) => Some("ADDED"),
            (true, true) => Some("MODIFIED"),
            (true, false) => Some("DELETED"),
            (false, false) => None,
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

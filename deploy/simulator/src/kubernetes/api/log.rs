//! Reads the log of a container, once or as it grows.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::Call;
use crate::kubernetes::object::{self, list, text};
use crate::kubernetes::pods::log::{Line, Log};
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::store::Key;

/// How often a followed log is looked at.
const GLANCE: Duration = Duration::from_millis(200);

pub(super) async fn read(call: Call) -> Result<Response, Refusal> {
    let key = call.place.key();
    let pod = call.cluster.objects.get(&key).await.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
    let container = container(&call, &pod)?;
    let status = list(&pod, "/status/containerStatuses").iter().find(|it| text(it, "/name") == container);
    let restarts = status.and_then(|it| it["restartCount"].as_i64()).unwrap_or(0);
    let previous = call.query.is_on("previous");
    if previous && restarts == 0 {
        let (name, pod) = (&container, &key.name);
        return Err(Refusal::bad_request(format!(
            "previous terminated container \"{name}\" in pod \"{pod}\" not found"
        )));
    }
    if let Some(reason) = status.and_then(|it| it["state"]["waiting"]["reason"].as_str())
        && !previous
        && restarts == 0
    {
        let why = match reason {
            "ErrImagePull" | "ImagePullBackOff" => "trying and failing to pull image",
            other => other,
        };
        return Err(Refusal::bad_request(format!(
            "container \"{container}\" in pod \"{}\" is waiting to start: {why}",
            key.name
        )));
    }
    let turn = if previous { restarts - 1 } else { restarts };
    let log = Log::of(&call.cluster, object::uid(&pod), &container, turn);
    let want = Want::from(&call)?;
    let mut lines = log.lines();
    let seen = lines.len();
    lines.retain(|line| want.since.is_none_or(|since| line.time >= since));
    if let Some(tail) = want.tail {
        let surplus = lines.len().saturating_sub(tail);
        lines.drain(..surplus);
    }
    if !call.query.is_on("follow") {
        let text: String = lines.iter().map(|line| want.show(line)).collect();
        return Ok(([(header::CONTENT_TYPE, "text/plain")], text).into_response());
    }
    let (sender, stream) = mpsc::channel::<Result<Bytes, std::convert::Infallible>>(64);
    tokio::spawn(follow(call, key, log, want, lines, seen, sender));
    Ok(([(header::CONTENT_TYPE, "text/plain")], Body::from_stream(ReceiverStream::new(stream))).into_response())
}

fn container(call: &Call, pod: &Value) -> Result<String, Refusal> {
    let names: Vec<&str> = list(pod, "/spec/containers").iter().map(|it| text(it, "/name")).collect();
    match (call.query.text("container"), names.as_slice()) {
        ("", [only]) => Ok((*only).to_string()),
        ("", many) => Err(Refusal::bad_request(format!(
            "a container name must be specified for pod {}, choose one of: [{}]",
            object::name(pod),
            many.join(" ")
        ))),
        (asked, all) if all.contains(&asked) => Ok(asked.to_string()),
        (asked, _) => {
            Err(Refusal::bad_request(format!("container {asked} is not valid for pod {}", object::name(pod))))
        }
    }
}

struct Want {
    timestamps: bool,
    tail: Option<usize>,
    since: Option<Timestamp>,
}

impl Want {
    fn from(call: &Call) -> Result<Self, Refusal> {
        let seconds = call.query.number("sinceSeconds")?;
        let since = match call.query.text("sinceTime") {
            "" => seconds.and_then(|it| call.cluster.now().checked_sub(jiff::SignedDuration::from_secs(it)).ok()),
            text => text.parse().ok(),
        };
        let tail = call.query.number("tailLines")?.and_then(|it| usize::try_from(it).ok());
        Ok(Self { timestamps: call.query.is_on("timestamps"), tail, since })
    }

    fn show(&self, line: &Line) -> String {
        if self.timestamps { format!("{} {}\n", line.time, line.text) } else { format!("{}\n", line.text) }
    }
}

/// Sends what is there, then what comes, until the container of this turn has ended.
async fn follow(
    call: Call,
    key: Key,
    log: Log,
    want: Want,
    first: Vec<Line>,
    first_seen: usize,
    sender: mpsc::Sender<Result<Bytes, std::convert::Infallible>>,
) {
    let mut seen = first_seen;
    let mut fresh = first;
    loop {
        for line in &fresh {
            if sender.send(Ok(Bytes::from(want.show(line)))).await.is_err() {
                return;
            }
        }
        let over = match call.cluster.objects.get(&key).await {
            None => true,
            Some(pod) => !list(&pod, "/status/containerStatuses").iter().any(|status| {
                text(status, "/name") == log.container
                    && status["restartCount"].as_i64() == Some(log.turn)
                    && status["state"].get("running").is_some()
            }),
        };
        let lines = log.lines();
        // A log that was cut at its front begins anew.
        let from = if lines.len() < seen { 0 } else { seen };
        seen = lines.len();
        fresh = lines[from..].to_vec();
        if fresh.is_empty() {
            if over {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(GLANCE) => {}
                () = sender.closed() => return,
                () = call.cluster.stopping.cancelled() => return,
            }
        }
    }
}

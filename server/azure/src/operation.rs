//! Decides by Azure's rules for long-running operations whether an answer is the end or how the end is found out.
//!
//! The rules are those of Azure Resource Manager ("Track asynchronous Azure operations") as its own clients apply them:
//! `Azure-AsyncOperation` is preferred to `Location`; without either a PUT or PATCH is followed by the resource's
//! `provisioningState`, which means done where it is absent from a 200 and under way where it is absent from a 201.
use crate::{
    api,
    error::Error,
    id::kind_of_path,
    refusal::{self, Words},
    wait,
};
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// Where an answer names no time: within AKS's limits of two reads a second of operations and one of clusters.
pub(crate) const NEXT_LOOK: Duration = Duration::from_secs(2);

/// An operation that Azure has taken on. It is plain data: store it, and poll it again after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// How its end is found out.
    pub follow: Follow,
    /// The path that was written, deleted or posted to.
    pub resource: String,
    /// `PUT`, `PATCH`, `DELETE` or `POST`.
    pub method: String,
    /// When Azure took it on, by this machine's clock.
    pub started: Timestamp,
    /// How long Azure asked to wait before the first poll, in milliseconds.
    pub first_look_ms: u64,
}

/// How the end of an operation is found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Follow {
    /// The address of a status document, from the header `Azure-AsyncOperation`; the result of a POST lies at `location`.
    AsyncOperation { url: String, location: Option<String> },
    /// An address that answers 202 while it runs, from the header `Location`.
    Location { url: String },
    /// The resource's own `properties.provisioningState`; a deletion ends with 404.
    ResourceState,
}

/// What a write was answered with.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It is done; the resource as it is now, or `Null` where there is none.
    Done(Value),
    /// It goes on; poll it.
    Accepted(Operation),
}

/// What one poll found.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Poll again after this long; where Azure has moved the operation, poll `moved` from now on.
    Running { after: Duration, moved: Option<Operation> },
    /// It is done; the resource as it is now, or `Null` where there is none.
    Succeeded(Value),
    /// Azure gave up. The resource may exist, half made: it has to be deleted or written again.
    Failed { code: String, message: String },
}

impl Operation {
    /// How long to wait before the first poll.
    pub fn first_look(&self) -> Duration {
        Duration::from_millis(self.first_look_ms)
    }
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The document of a read; an empty answer is `Null`, and a gateway's page is not taken for one.
    pub(crate) fn document(&self, resource: &str) -> Result<Value, Error> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let message = format!("the answer is not a document: {error}");
            Error::rejected("GET", resource, "NotUnderstood", message)
        })
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    fn after(&self) -> Duration {
        wait::after(&self.headers).unwrap_or(NEXT_LOOK)
    }
}

/// What to do next in a poll that one answer does not decide.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    Answer(Progress),
    /// Read the resource (or the result of a POST): it is the result.
    Read(String),
}

/// Reads the answer to a write.
pub(crate) fn begun(method: &Method, path: &str, reply: &Reply, now: Timestamp) -> Result<Answer, Error> {
    if *method == Method::DELETE && matches!(reply.status, 204 | 404) {
        return Ok(Answer::Done(Value::Null));
    }
    if !matches!(reply.status, 200 | 201 | 202 | 204) {
        return Err(refusal::read(method.as_str(), path, reply.status, &reply.headers, &reply.body));
    }
    let accepted = |follow| {
        Answer::Accepted(Operation {
            follow,
            resource: path.to_owned(),
            method: method.as_str().to_owned(),
            started: now,
            first_look_ms: u64::try_from(reply.after().as_millis()).unwrap_or(u64::MAX),
        })
    };
    let location = reply.header("location");
    if let Some(url) = reply.header("azure-asyncoperation") {
        return Ok(accepted(Follow::AsyncOperation { url, location }));
    }
    let body = reply.json();
    let immediate = api::immediate(&kind_of_path(path)) && reply.status != 202;
    if let Some(url) = location.filter(|_| !immediate) {
        return Ok(accepted(Follow::Location { url }));
    }
    let under_way = match (method, reply.status, state(&body)) {
        (_, 204, _) => false,
        (&Method::PUT | &Method::PATCH, _, Some(state)) => !is(state, "Succeeded"),
        (&Method::PUT | &Method::PATCH, 201, None) => !immediate,
        (&Method::PUT | &Method::PATCH | &Method::DELETE, 202, _) => true,
        _ => false,
    };
    Ok(if under_way {
        accepted(Follow::ResourceState)
    } else if *method == Method::DELETE {
        Answer::Done(Value::Null)
    } else {
        Answer::Done(body)
    })
}

/// Reads the answer to a poll. `ours` names the place that was read, for the error.
pub(crate) fn polled(operation: &Operation, ours: &str, reply: &Reply) -> Result<Next, Error> {
    let deleting = operation.method == Method::DELETE.as_str();
    let refused = || refusal::read("GET", ours, reply.status, &reply.headers, &reply.body);
    let running = |moved| Next::Answer(Progress::Running { after: reply.after(), moved });
    match &operation.follow {
        Follow::AsyncOperation { url, location } => {
            if !matches!(reply.status, 200..=202) {
                return Err(refused());
            }
            let body = reply.json();
            let status = body.get("status").and_then(Value::as_str).or_else(|| state(&body));
            match status {
                Some(status) if is(status, "Succeeded") => Ok(succeeded(operation, location.as_deref(), body)),
                Some(status) if ended(status) => Ok(Next::Answer(failed(status, &body))),
                Some(_) => Ok(running(moved(operation, url, reply.header("azure-asyncoperation")))),
                None if reply.status == 202 => Ok(running(None)),
                None => Err(Error::rejected(
                    "GET",
                    ours,
                    "NoStatus",
                    "the status document of the operation names no status",
                )),
            }
        }
        Follow::Location { url } => match reply.status {
            202 => Ok(running(moved(operation, url, reply.header("location")))),
            200 | 201 | 204 => Ok(succeeded(operation, None, reply.json())),
            404 if deleting => Ok(Next::Answer(Progress::Succeeded(Value::Null))),
            _ => Err(refused()),
        },
        Follow::ResourceState => {
            let body = reply.json();
            match (reply.status, state(&body)) {
                (404 | 204, _) if deleting => Ok(Next::Answer(Progress::Succeeded(Value::Null))),
                (200 | 201, Some(status)) if ended(status) => Ok(Next::Answer(failed(status, &body))),
                (200 | 201, Some(status)) if is(status, "Succeeded") && !deleting => {
                    Ok(Next::Answer(Progress::Succeeded(body)))
                }
                (200 | 201, None) if !deleting => Ok(Next::Answer(Progress::Succeeded(body))),
                (200..=202, _) => Ok(running(None)),
                _ => Err(refused()),
            }
        }
    }
}

/// The end of a write is the resource itself, of a POST what lies at its location, of a deletion nothing.
fn succeeded(operation: &Operation, location: Option<&str>, body: Value) -> Next {
    match (operation.method.as_str(), location) {
        ("PUT" | "PATCH", _) => Next::Read(operation.resource.clone()),
        ("DELETE", _) => Next::Answer(Progress::Succeeded(Value::Null)),
        (_, Some(location)) => Next::Read(location.to_owned()),
        _ => Next::Answer(Progress::Succeeded(body)),
    }
}

/// The same operation at another address, where the answer names one.
fn moved(operation: &Operation, from: &str, to: Option<String>) -> Option<Operation> {
    let to = to.filter(|to| to != from)?;
    let follow = match &operation.follow {
        Follow::AsyncOperation { location, .. } => Follow::AsyncOperation { url: to, location: location.clone() },
        _ => Follow::Location { url: to },
    };
    Some(Operation { follow, ..operation.clone() })
}

/// Azure's words for a failure: the status document's `error`, a cluster's `status.provisioningError`, or the state alone.
fn failed(status: &str, body: &Value) -> Progress {
    let at = |pointer: &str| body.pointer(pointer).filter(|error| error.is_object()).map(refusal::of_object);
    let Words { code, message, .. } =
        ["/error", "/properties/status/provisioningError", "/properties/error", "/properties/provisioningError"]
            .into_iter()
            .filter_map(at)
            .find(|words| !words.code.is_empty() || !words.message.is_empty())
            .unwrap_or_default();
    Progress::Failed {
        code: if code.is_empty() { status.to_owned() } else { code },
        message: if message.is_empty() {
            format!("the operation ended as {status}; Azure names no reason")
        } else {
            message
        },
    }
}

fn state(body: &Value) -> Option<&str> {
    body.pointer("/properties/provisioningState").and_then(Value::as_str)
}

fn is(status: &str, word: &str) -> bool {
    status.eq_ignore_ascii_case(word)
}

fn ended(status: &str) -> bool {
    ["Failed", "Canceled", "Cancelled"].iter().any(|word| is(status, word))
}

#[cfg(test)]
mod tests;

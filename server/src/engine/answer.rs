//! Azure's answers as a step's: what a look, an ask, a poll and a removal mean for the job.

use super::context::Context;
use super::refusal;
use super::step::{Found, Progress, StepError, Undo};
use azure::{Answer, Operation};
use domain::failure::Failure;
use serde_json::Value;

/// What a `get` found. A resource that says it is being made is one to follow by its own state; a failed one counts as
/// absent, because Azure wants it put again.
pub fn found<T>(
    cx: &Context<'_>,
    resource: Option<Value>,
    read: impl FnOnce(&Value) -> Result<T, StepError>,
) -> Result<Found<T>, StepError> {
    let Some(document) = resource else { return Ok(Found::Absent) };
    match document.pointer("/properties/provisioningState").and_then(Value::as_str) {
        None | Some("Succeeded") => Ok(Found::There { output: read(&document)?, document }),
        Some("Failed" | "Canceled") => Ok(Found::Absent),
        Some(_) => {
            let operation = Operation {
                follow: azure::Follow::ResourceState,
                resource: text(&document, "/id")?,
                method: "PUT".to_owned(),
                started: jiff::Timestamp::from_millisecond(cx.now.0).unwrap_or_default(),
                first_look_ms: MOVING.as_millis() as u64,
            };
            Ok(Found::Moving { operation: kept(&operation)?, after: MOVING })
        }
    }
}

/// How soon to look again at a resource that somebody's earlier ask is still making.
const MOVING: std::time::Duration = std::time::Duration::from_secs(2);

/// What an ask came to.
pub fn begun<T>(answer: Answer, read: impl FnOnce(&Value) -> Result<T, StepError>) -> Result<Progress<T>, StepError> {
    Ok(match answer {
        Answer::Done(document) => Progress::Made(read(&document)?),
        Answer::Accepted(operation) => Progress::Asked { after: operation.first_look(), operation: kept(&operation)? },
    })
}

/// One poll of what [`begun`] or [`found`] named.
pub async fn followed<T>(
    cx: &Context<'_>,
    operation: &Value,
    read: impl FnOnce(&Value) -> Result<T, StepError>,
) -> Result<Progress<T>, StepError> {
    match polled(cx, operation).await? {
        Polled::Running { operation, after } => Ok(Progress::Asked { operation, after }),
        Polled::Done(document) => Ok(Progress::Made(read(&document)?)),
    }
}

/// What a removal came to.
pub fn undone(answer: Answer) -> Result<Undo, StepError> {
    Ok(match answer {
        Answer::Done(_) => Undo::Gone,
        Answer::Accepted(operation) => Undo::Asked { after: operation.first_look(), operation: kept(&operation)? },
    })
}

/// One poll of what [`undone`] named.
pub async fn followed_undo(cx: &Context<'_>, operation: &Value) -> Result<Undo, StepError> {
    Ok(match polled(cx, operation).await? {
        Polled::Running { operation, after } => Undo::Asked { operation, after },
        Polled::Done(_) => Undo::Gone,
    })
}

enum Polled {
    Running { operation: Value, after: std::time::Duration },
    Done(Value),
}

async fn polled(cx: &Context<'_>, operation: &Value) -> Result<Polled, StepError> {
    let known: Operation =
        serde_json::from_value(operation.clone()).map_err(|error| not_understood(&error.to_string()))?;
    Ok(match cx.azure.arm().poll(&known).await? {
        azure::Progress::Running { after, moved } => {
            let operation = match moved {
                Some(moved) => kept(&moved)?,
                None => operation.clone(),
            };
            Polled::Running { operation, after }
        }
        azure::Progress::Succeeded(document) => Polled::Done(document),
        azure::Progress::Failed { code, message } => return Err(refusal::given_up(&code, &message)),
    })
}

/// A text that the document must have, by its JSON pointer.
pub fn text(document: &Value, pointer: &str) -> Result<String, StepError> {
    let found = document.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| not_understood(&format!("{pointer} is missing")))
}

fn kept(operation: &Operation) -> Result<Value, StepError> {
    serde_json::to_value(operation).map_err(|error| not_understood(&error.to_string()))
}

fn not_understood(why: &str) -> StepError {
    StepError::Fail {
        failure: Failure {
            title: "Azure’s answer was not understood".to_owned(),
            quote: Some(why.to_owned()),
            cause: "Azure answered in a form that this version of Keystead does not know.".to_owned(),
            remedy: "Retry; if it says the same again, tell those who run Keystead.".to_owned(),
            mend: None,
        },
    }
}

/// What passes by itself is tried again; what a step knows better about, it catches before this.
impl From<azure::Error> for StepError {
    fn from(error: azure::Error) -> Self {
        refusal::step_error(&error)
    }
}

impl From<crate::store::Error> for StepError {
    fn from(error: crate::store::Error) -> Self {
        StepError::later(format!("Keystead’s own database: {error}"))
    }
}

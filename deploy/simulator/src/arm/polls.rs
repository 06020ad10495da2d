//! Answers polls of long-running operations, by status address and by result address.
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Ask, Poll};
use super::authorize::permit;
use super::refusal::Refusal;
use crate::operations::Operation;
use crate::resources;
use crate::world::World;

/// How long a client is told to wait between two polls, before the speed divides it.
const BETWEEN_POLLS: Duration = Duration::from_secs(5);

/// Answers for `…/operations/{id}` and `…/operationresults/{id}`; `None` for every other path.
pub(super) fn answer(world: &World, path: &str, ask: &Ask) -> Option<Result<Answer, Refusal>> {
    let lower = path.to_ascii_lowercase();
    let (rest, id) = lower.rsplit_once('/')?;
    let by_status = rest.ends_with("/operations");
    if ask.method != Method::GET || !(by_status || rest.ends_with("/operationresults")) {
        return None;
    }
    Some(poll(world, ask, id, by_status))
}

fn poll(world: &World, ask: &Ask, id: &str, by_status: bool) -> Result<Answer, Refusal> {
    permit(world, ask, "Microsoft.Resources/subscriptions/operationresults/read", &world.subscription_id())?;
    let operation = world.state.read(|draft| Operation::find(draft, id));
    let operation = operation
        .ok_or_else(|| Refusal::not_found("OperationNotFound", format!("The operation '{id}' could not be found.")))?;
    if by_status {
        return Ok(match operation.running() {
            true => waiting(StatusCode::OK, Some(operation.body()), operation, Poll::AsyncOperation),
            false => Answer::Document(StatusCode::OK, operation.body()),
        });
    }
    if operation.running() {
        return Ok(waiting(StatusCode::ACCEPTED, None, operation, Poll::Location));
    }
    if let Some(error) = &operation.error {
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        return Err(Refusal::conflict(&text("code"), text("message")));
    }
    let resource = world.state.read(|draft| resources::find(draft, &operation.resource));
    Ok(match resource {
        Some(resource) => Answer::Document(StatusCode::OK, resource.body),
        None => Answer::Document(StatusCode::OK, json!({})),
    })
}

fn waiting(status: StatusCode, body: Option<Value>, operation: Operation, poll: Poll) -> Answer {
    Answer::Poll { status, body, operation, poll, retry_after: BETWEEN_POLLS }
}

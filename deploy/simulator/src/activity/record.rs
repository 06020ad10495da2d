//! Writes events down: when something is asked through the resource manager, and when an operation ends.
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::arm::{Answer, Ask, Refusal};
use crate::operations::Operation;
use crate::state::{Entry, StateError};
use crate::world::World;

/// The collection of what an operation's last event needs, by the operation's id.
const TRAILS: &str = "trails";

/// Writes down what was asked and what came of it; reads leave nothing. Gives back what came of it.
pub async fn witness(world: &World, ask: &Ask, outcome: Result<Answer, Refusal>) -> Result<Answer, Refusal> {
    let Some(noted) = ask.noted.get() else {
        return outcome;
    };
    let trail = json!({
        "action": noted.action,
        "resource": noted.scope,
        "caller": ask.caller.name,
        "principal": ask.caller.object_id,
        "claims": ask.caller.claims,
        "method": ask.method.as_str(),
        "operationId": Uuid::new_v4(),
        "request": ask.headers.get("x-ms-client-request-id").and_then(|id| id.to_str().ok()),
    });
    let event = |status: &str, code: StatusCode, error: Value| {
        entry(world, &noted.scope, &ask.correlation, &trail, status, Some(code), error)
    };
    let begun = || event("Started", StatusCode::CONTINUE, Value::Null);
    let entries = match &outcome {
        Ok(Answer::Document(status, _) | Answer::Empty(status)) => {
            vec![begun(), event("Succeeded", *status, Value::Null)]
        }
        Ok(Answer::Long { status, operation, .. }) => {
            let mut kept = trail.clone();
            kept["correlation"] = json!(ask.correlation);
            world.state.put(TRAILS, &operation.id.to_string(), kept).await?;
            let mut accepted = event("Accepted", *status, Value::Null);
            accepted.body["operation"] = json!(operation.verb);
            vec![begun(), accepted]
        }
        Ok(Answer::List(_) | Answer::Poll { .. }) => Vec::new(),
        // Who may not leaves one event, and nothing began.
        Err(refusal) if matches!(refusal.status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED) => {
            vec![event("Failed", refusal.status, refusal.body())]
        }
        Err(refusal) => vec![begun(), event("Failed", refusal.status, refusal.body())],
    };
    world.state.append(&entries).await?;
    outcome
}

/// Writes down how an operation ended.
pub async fn ended(world: &World, operation: &Operation) -> Result<(), StateError> {
    let id = operation.id.to_string();
    let Some(trail) = world.state.get(TRAILS, &id) else {
        return Ok(());
    };
    let resource = trail["resource"].as_str().unwrap_or_default();
    let correlation = trail["correlation"].as_str().unwrap_or_default();
    let error = operation.error.as_ref().map(|error| json!({ "error": error })).unwrap_or_default();
    let event = entry(world, resource, correlation, &trail, &operation.status, None, error);
    world.state.append(&[event]).await?;
    world.state.remove(TRAILS, &id).await
}

fn entry(
    world: &World,
    resource: &str,
    correlation: &str,
    trail: &Value,
    status: &str,
    code: Option<StatusCode>,
    error: Value,
) -> Entry {
    let mut body = trail.clone();
    body["status"] = json!(status);
    body["code"] = json!(code.map(|code| code.as_u16()));
    body["error"] = error;
    body["id"] = json!(Uuid::new_v4());
    Entry { at: world.clock.now(), resource: resource.to_owned(), correlation: correlation.to_owned(), body }
}

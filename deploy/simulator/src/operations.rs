//! Carries long-running operations through: a row with a due time, an effect when it has come, and the same again after a restart.
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::activity;
use crate::arm::Refusal;
use crate::clock::{Clock, later};
use crate::state::{Draft, StateError};
use crate::waits::Wait;
use crate::world::World;

/// How long an operation that has ended can still be asked about, at least.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The collection of the operations, by id.
pub const OPERATIONS: &str = "operations";

/// One operation that goes on, or has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    /// Its id, part of the address that callers poll.
    pub id: Uuid,
    /// The kind whose [`crate::parts::Kind::complete`] ends it, for example `Microsoft.KeyVault/vaults`.
    pub kind: String,
    /// The resource that it is about.
    pub resource: String,
    /// What is done to it: `create`, `delete` …, in the kind's own words.
    pub verb: String,
    /// Whatever else the kind needs to end it.
    #[serde(default)]
    pub arguments: Value,
    /// When it was asked for.
    pub started: Timestamp,
    /// When its effect comes, or the next part of it.
    pub due: Timestamp,
    /// Whether a part of its effect has come.
    #[serde(default)]
    pub begun: bool,
    /// When it ended.
    #[serde(default)]
    pub ended: Option<Timestamp>,
    /// `InProgress`, `Succeeded`, `Failed` or `Canceled`.
    pub status: String,
    /// Why it failed: `{"code", "message"}`.
    #[serde(default)]
    pub error: Option<Value>,
}

impl Operation {
    /// Notes, as part of the change that starts it, an operation that takes `simulated` on Azure.
    /// After the change has been written, hand it to [`follow`] or return it in [`crate::arm::Answer::Long`].
    pub fn begin(
        draft: &mut Draft<'_>,
        clock: &Clock,
        kind: &str,
        resource: &str,
        verb: &str,
        simulated: Duration,
    ) -> Self {
        let operation = Self {
            id: Uuid::new_v4(),
            kind: kind.to_owned(),
            resource: resource.to_owned(),
            verb: verb.to_owned(),
            arguments: Value::Null,
            started: clock.now(),
            due: clock.after(simulated),
            begun: false,
            ended: None,
            status: "InProgress".to_owned(),
            error: None,
        };
        operation.put(draft);
        operation
    }

    /// Writes it.
    pub fn put(&self, draft: &mut Draft<'_>) {
        draft.put(OPERATIONS, &self.id.to_string(), serde_json::to_value(self).unwrap_or(Value::Null));
    }

    /// The operation with that id.
    pub fn find(draft: &Draft<'_>, id: &str) -> Option<Self> {
        serde_json::from_value(draft.get(OPERATIONS, &id.to_ascii_lowercase())?).ok()
    }

    /// Whether it still goes on.
    pub fn running(&self) -> bool {
        self.status == "InProgress"
    }

    /// The body that a poll of its status address answers.
    pub fn body(&self) -> Value {
        let mut body = json!({"name": self.id, "status": self.status, "startTime": self.started});
        if let Some(ended) = self.ended {
            body["endTime"] = json!(ended);
        }
        if let Some(error) = &self.error {
            body["error"] = error.clone();
        }
        body
    }
}

/// Lets an operation that has just begun take longer, where a fault says so.
pub async fn prolong(world: &World, operation: &mut Operation) -> Result<(), StateError> {
    let Some(slower) = world.faults.strike_duration(&operation.kind, &operation.resource, &operation.verb) else {
        return Ok(());
    };
    let usual = operation.due.duration_since(operation.started).unsigned_abs();
    operation.due = later(operation.started, slower.apply(usual));
    write(world, operation).await
}

/// Waits for the operation's due time in the background and then brings its effect about, part by part.
pub fn follow(world: &Arc<World>, mut operation: Operation) {
    let world = world.clone();
    let mut from = operation.started;
    tokio::spawn(async move {
        while operation.running() {
            world.waits.note(Wait {
                of: operation.resource.clone(),
                why: operation.verb.clone(),
                from,
                until: operation.due,
            });
            tokio::select! {
                () = world.clock.until(operation.due) => {}
                () = world.stopping.cancelled() => return,
            }
            if let Err(error) = go_on(&world, &mut operation).await {
                return tracing::error!(%error, "an operation could not be ended");
            }
            from = world.clock.now();
        }
    });
}

/// Takes up everything that went on when the simulator last ended, and forgets what ended more than a day ago.
pub async fn resume(world: &Arc<World>) -> Result<(), StateError> {
    let now = world.clock.now();
    for (id, document) in world.state.list(OPERATIONS) {
        match serde_json::from_value::<Operation>(document) {
            Ok(operation) if operation.running() => follow(world, operation),
            Ok(operation) if operation.ended.is_some_and(|ended| later(ended, KEPT) > now) => {}
            _ => world.state.remove(OPERATIONS, &id).await?,
        }
    }
    Ok(())
}

/// Brings the part of the effect about whose time has come: the operation has a later due time then, or has ended.
async fn go_on(world: &Arc<World>, operation: &mut Operation) -> Result<(), StateError> {
    let effect = match effect(world, operation).await {
        Ok(Some(due)) => {
            operation.due = due;
            operation.begun = true;
            return write(world, operation).await;
        }
        Ok(None) => Ok(()),
        Err(refusal) => Err(refusal),
    };
    if let (Err(refusal), Some(kind)) = (&effect, world.parts.kind(&operation.kind)) {
        kind.fail(world, operation, refusal).await?;
    }
    operation.ended = Some(world.clock.now());
    match effect {
        Ok(()) => operation.status = "Succeeded".to_owned(),
        Err(refusal) => {
            operation.status = "Failed".to_owned();
            operation.error = Some(json!({"code": refusal.code, "message": refusal.message}));
        }
    }
    write(world, operation).await?;
    activity::ended(world, operation).await
}

/// When it goes on, or nothing where it is over.
async fn effect(world: &Arc<World>, operation: &mut Operation) -> Result<Option<Timestamp>, Refusal> {
    let strikes =
        |operation: &Operation| world.faults.strike_operation(&operation.kind, &operation.resource, &operation.verb);
    if let Some(failure) = (!operation.begun).then(|| strikes(operation)).flatten() {
        let name = operation.resource.rsplit('/').next().unwrap_or_default();
        return Err(Refusal::conflict(&failure.code, failure.message.replace("{name}", name)));
    }
    let Some(kind) = world.parts.kind(&operation.kind) else {
        return Err(Refusal::internal(&format!("no kind {} ends this operation", operation.kind)));
    };
    match kind.proceed(world, operation).await? {
        Some(due) => Ok(Some(due)),
        None => kind.complete(world, operation).await.map(|()| None),
    }
}

async fn write(world: &World, operation: &Operation) -> Result<(), StateError> {
    world
        .state
        .change(|draft| {
            operation.put(draft);
            Ok(())
        })
        .await
}

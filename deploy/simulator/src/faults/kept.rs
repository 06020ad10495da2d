//! Keeps what waits to go wrong through a restart, so that a rehearsal does not end with the process that rehearses it.
use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::random::{Plan, Random};
use super::{Fault, Faults, lock};
use crate::StartError;
use crate::parts::{Parts, Start};
use crate::seed::SETTINGS;
use crate::state::StateError;
use crate::world::World;

/// The document's id among the settings.
const ID: &str = "faults";

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    waiting: Vec<Fault>,
    hidden: HashMap<String, Timestamp>,
    /// Its counts begin anew.
    random: Option<Plan>,
}

/// Reads what was kept, and keeps what changes from then on.
pub(crate) fn attach(parts: &mut Parts) {
    parts.add_start(Keeper);
}

struct Keeper;

#[async_trait]
impl Start for Keeper {
    async fn start(&self, world: &Arc<World>) -> Result<(), StartError> {
        let kept = world.state.get(SETTINGS, ID).and_then(|kept| serde_json::from_value::<Kept>(kept).ok());
        world.faults.take_up(kept.unwrap_or_default());
        let world = world.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = world.stopping.cancelled() => return,
                    () = world.faults.changed.notified() => {}
                }
                if let Err(error) = world.faults.keep(&world).await {
                    tracing::warn!(%error, "what waits to go wrong could not be kept");
                }
            }
        });
        Ok(())
    }

    async fn stop(&self, world: &Arc<World>) {
        if let Err(error) = world.faults.keep(world).await {
            tracing::warn!(%error, "what waits to go wrong could not be kept");
        }
    }
}

impl Faults {
    fn take_up(&self, kept: Kept) {
        *lock(&self.waiting) = kept.waiting;
        *lock(&self.hidden) = kept.hidden;
        *lock(&self.random) = kept.random.and_then(|plan| Random::new(plan).ok());
    }

    /// Writes down what waits now.
    pub async fn keep(&self, world: &World) -> Result<(), StateError> {
        // One after another, so that the newest is written last.
        let _turn = self.keeping.lock().await;
        let kept = Kept {
            waiting: lock(&self.waiting).clone(),
            hidden: lock(&self.hidden).clone(),
            random: lock(&self.random).as_ref().map(|random| random.plan().clone()),
        };
        let kept = json!(kept);
        // Whoever adds one waits until it is written, and the keeper is told of it too.
        if world.state.get(SETTINGS, ID).as_ref() == Some(&kept) {
            return Ok(());
        }
        world.state.put(SETTINGS, ID, kept).await
    }
}

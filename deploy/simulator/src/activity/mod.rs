//! The activity log: what was written, deleted or done through the resource manager, by whom, and how it ended.
//!
//! It shows an event some minutes after it happened, for 90 days. Shapes: the events of Microsoft.Insights 2015-04-01.
mod event;
mod record;
mod values;

use std::time::Duration;

use async_trait::async_trait;

use crate::StartError;
use crate::parts::{Parts, Start};
use crate::world::World;

pub use record::{ended, witness};

/// How long Azure takes until an event shows.
const LAG: Duration = Duration::from_secs(120);
/// How long it is kept.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// Adds the log.
pub fn attach(parts: &mut Parts) {
    parts.add_function(values::Values);
    parts.add_start(Forgetting);
}

struct Forgetting;

#[async_trait]
impl Start for Forgetting {
    /// Forgets what is too old. A simulator does not run for months; each start is often enough.
    async fn start(&self, world: &std::sync::Arc<World>) -> Result<(), StartError> {
        let oldest = world.clock.now().checked_sub(KEPT).unwrap_or_default();
        let forgotten = world.state.forget_before(oldest).await;
        forgotten.map_err(|error| StartError::new("forgetting old activity", error))
    }
}

//! Looks at finished environments now and then: whether they are still as they were approved.

use super::{Next, Timer};
use crate::engine::Engine;
use crate::store::{Change, Store, drift, timer};
use async_trait::async_trait;
use domain::Moment;
use domain::id::EnvironmentId;
use std::sync::Arc;

pub struct DriftLook {
    pub store: Store,
    pub engine: Arc<Engine>,
}

#[async_trait]
impl Timer for DriftLook {
    fn kind(&self) -> &'static str {
        timer::DRIFT
    }

    async fn ring(&self, subject: &str, now: Moment) -> Result<Next, String> {
        let environment = EnvironmentId::new(subject);
        let looked = self.engine.drift(&environment, now).await.map_err(|error| error.to_string())?;
        // A job that changes it sets this timer again when it has ended.
        let Some(lines) = looked else { return Ok(Next::Done) };
        drift::keep(&self.store, &environment, &lines, now).await.map_err(|error| error.to_string())?;
        self.store.announce(Change::Environment(environment)).await;
        Ok(Next::Again(now.plus(timer::DRIFT_MILLIS)))
    }
}

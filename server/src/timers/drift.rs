//! Looks at finished environments now and then: whether they are still as they were approved, and who could read their
//! secrets.

use super::{Next, Timer};
use crate::engine::Engine;
use crate::holders::Holders;
use crate::preflight::Picture;
use crate::store::event::Journal;
use crate::store::{Change, Store, access, drift, timer};
use async_trait::async_trait;
use azure::{Azure, Seen};
use domain::Moment;
use domain::id::EnvironmentId;
use std::sync::Arc;

pub struct DriftLook {
    pub store: Store,
    pub engine: Arc<Engine>,
    pub holders: Arc<Holders>,
    pub azure: Azure,
    pub picture: Picture,
}

/// How old the picture may be that a look is answered from, in milliseconds: of a thousand environments each has its turn
/// every fifteen minutes, and they share three pictures meanwhile.
const OLDEST: i64 = 5 * 60 * 1_000;

/// Steps that make a principal, and where their output names it.
const PRINCIPALS: [(&str, &str, &str); 2] =
    [("app-identity", "principal_id", "The web app"), ("cluster", "kubelet_object_id", "The nodes of the cluster")];

impl DriftLook {
    /// A picture that is newer than the job that finished it; none where it is not yet time for the next look, because
    /// then somebody asked for one, and wants to know how it is now.
    async fn seen(&self, finished: &Journal, now: Moment) -> Option<Seen> {
        let ended = finished.status.ended.unwrap_or(finished.job.created_at);
        let looked = drift::find(&self.store, &finished.job.environment).await.ok()?.map(|drift| drift.looked);
        if now.since(looked.map_or(ended, |looked| looked.max(ended))) < timer::DRIFT_MILLIS {
            return None;
        }
        let seen = self.picture.seen(&self.azure, now, OLDEST.min(now.since(ended))).await;
        // Then everything is looked at by itself, and says why it cannot be.
        seen.inspect_err(|error| tracing::warn!(%error, "the subscription could not be listed")).ok()
    }

    async fn look_at_holders(&self, finished: &Journal, now: Moment) -> Result<(), String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let installation = self.engine.installation().await.map_err(|error| said(&error))?;
        let made = PRINCIPALS.iter().filter_map(|(step, field, name)| {
            let output = finished.status.step(step)?.output.as_ref()?;
            Some((output[*field].as_str()?.to_owned(), (*name).to_owned()))
        });
        let made: Vec<(String, String)> = made.collect();
        let look =
            self.holders.look(&finished.job.wish, &installation, &made, now).await.map_err(|error| said(&error))?;
        let kept = access::keep(&self.store, &finished.job.environment, &look.holdings, &look.unknown, now).await;
        kept.map_err(|error| said(&error))
    }
}

#[async_trait]
impl Timer for DriftLook {
    fn kind(&self) -> &'static str {
        timer::DRIFT
    }

    async fn ring(&self, subject: &str, now: Moment) -> Result<Next, String> {
        let environment = EnvironmentId::new(subject);
        let finished = self.engine.finished(&environment).await.map_err(|error| error.to_string())?;
        // A job that changes it sets this timer again when it has ended.
        let Some(finished) = finished else { return Ok(Next::Done) };
        let looked = self
            .engine
            .drift(&finished, self.seen(&finished, now).await, now)
            .await
            .map_err(|error| error.to_string())?;
        let Some(lines) = looked else { return Ok(Next::Done) };
        drift::keep(&self.store, &environment, &lines, now).await.map_err(|error| error.to_string())?;
        if let Err(error) = self.look_at_holders(&finished, now).await {
            // The one that comes next bridges the gap, and says so.
            tracing::warn!(%error, %environment, "who can read the secrets could not be looked at");
        }
        self.store.announce(Change::Environment(environment)).await;
        Ok(Next::Again(now.plus(timer::DRIFT_MILLIS)))
    }
}

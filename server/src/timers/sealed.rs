//! Deletes the sealed password of a job that stopped and that nobody came back for within seven days.

use super::{Next, Timer};
use crate::store::{Store, sealed, timer};
use async_trait::async_trait;
use domain::Moment;
use domain::id::RequestId;

pub struct SealedCleanUp {
    pub store: Store,
}

#[async_trait]
impl Timer for SealedCleanUp {
    fn kind(&self) -> &'static str {
        timer::SEALED
    }

    /// A job that moves keeps its password: when it stops again, it sets this timer again.
    async fn ring(&self, subject: &str, _now: Moment) -> Result<Next, String> {
        let gone = sealed::delete_if_stopped(&self.store, &RequestId::new(subject)).await;
        gone.map(|_| Next::Done).map_err(|error| error.to_string())
    }
}

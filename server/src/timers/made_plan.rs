//! Deletes plans that nobody can send any more, once an hour.

use super::{Next, Timer};
use crate::store::{self, Store, made_plan, timer};
use async_trait::async_trait;
use domain::Moment;

/// In milliseconds.
const EVERY: i64 = 3_600_000;
/// One that has expired is still read for so long, so that whoever sends it is told why it is refused.
const READ_FOR: i64 = 24 * 3_600_000;

pub struct PlanSweep {
    pub store: Store,
}

impl PlanSweep {
    /// Sets the timer, where no server has yet.
    pub async fn begin(store: &Store, now: Moment) -> Result<(), store::Error> {
        timer::set_once(store, timer::MADE_PLAN, "", now.plus(EVERY)).await
    }
}

#[async_trait]
impl Timer for PlanSweep {
    fn kind(&self) -> &'static str {
        timer::MADE_PLAN
    }

    async fn ring(&self, _subject: &str, now: Moment) -> Result<Next, String> {
        let swept = made_plan::sweep(&self.store, now.plus(-READ_FOR)).await;
        swept.map(|_| Next::Again(now.plus(EVERY))).map_err(|error| error.to_string())
    }
}

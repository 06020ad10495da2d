//! Runs the checks: those that a person asked for, and again those of a run in which one could not tell.

use super::{Next, Timer};
use crate::checks::{Run, Subject};
use crate::store::{Store, timer, validation};
use async_trait::async_trait;
use azure::Azure;
use domain::Moment;
use domain::id::EnvironmentId;

pub struct ChecksAgain {
    pub store: Store,
    pub azure: Azure,
}

#[async_trait]
impl Timer for ChecksAgain {
    fn kind(&self) -> &'static str {
        timer::CHECKS
    }

    /// The run itself sets this timer again, until nothing is open or three rounds have passed.
    async fn ring(&self, subject: &str, now: Moment) -> Result<Next, String> {
        let environment = EnvironmentId::new(subject);
        let said = |error: crate::store::Error| error.to_string();
        let newest = validation::newest(&self.store, &environment, 1).await.map_err(said)?;
        let Some(last) = newest.into_iter().next() else { return Ok(Next::Done) };
        let Some(subject) = Subject::of(&self.store, &self.azure, &environment, now).await.map_err(said)? else {
            return Ok(Next::Done);
        };
        let run = if last.validation.running {
            // Asked for by hand, or left by a server that died: the same run is made, or made again.
            Run { id: last.validation.id, environment, by: last.validation.by, round: last.round }
        } else {
            let run = Run::new(&environment, "timer", last.round + 1);
            run.begin(&self.store, now).await.map_err(said)?;
            run
        };
        run.ask(&self.store, &subject).await.map_err(said)?;
        Ok(Next::Done)
    }
}

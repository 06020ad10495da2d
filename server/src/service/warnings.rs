//! What is to be said of a plan before anybody is asked, added to its findings.

use super::Service;
use crate::engine::Subject;
use crate::preflight::{Question, findings};
use app::portal::Answer;
use domain::id::EnvironmentId;
use domain::plan::Plan;
use domain::wish::Wish;

/// While a form is filled, in milliseconds.
const PICTURE: i64 = 30_000;

/// How old what is said may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Some seconds: a plan in the making.
    Picture,
    /// None: a plan that is frozen.
    Fresh,
}

impl Service {
    pub(super) async fn warn(&self, plan: &mut Plan, wish: &Wish, environment: &EnvironmentId, age: Age) -> Answer<()> {
        let (team, installation) = (self.team(&wish.team), self.installation().await?);
        let question = Question {
            subject: Subject { wish, team: &team, environment, installation },
            plan,
            azure: &self.azure,
            picture: &self.picture,
            now: self.clock.now(),
            oldest: if age == Age::Fresh { 0 } else { PICTURE },
        };
        let found = findings(&question).await;
        plan.findings.extend(found);
        Ok(())
    }
}

//! What is to be said of a plan before anybody is asked, added to its findings.

use super::{Service, error};
use crate::engine::Subject;
use crate::preflight::{Question, deleted_vault, findings, standing};
use app::portal::Answer;
use azure::Seen;
use domain::Moment;
use domain::id::EnvironmentId;
use domain::plan::Plan;
use domain::request::Kind;
use domain::view::request::DeletedVault;
use domain::wish::Wish;

/// While a form is filled, in milliseconds.
const PICTURE: i64 = 30_000;

/// When a plan is frozen. Not none: a hundred requests at a time would ask for the same lists a hundred times, and Azure
/// would answer none of them. The resources of the plan itself are looked at without any picture.
const FROZEN: i64 = 2_000;

/// How old what is said may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Some seconds: a plan in the making.
    Picture,
    /// A moment: a plan that is frozen.
    Fresh,
}

impl Service {
    /// First what policies say of it, then what Azure would.
    pub(super) async fn warn(
        &self,
        plan: &mut Plan,
        (kind, wish, former): (Kind, &Wish, Option<&Wish>),
        environment: &EnvironmentId,
        age: Age,
    ) -> Answer<()> {
        plan.findings.extend(self.judge(kind, wish, former, age).await?);
        let (team, installation) = (self.team(&wish.team), self.installation().await?);
        let subject = Subject { wish, team: &team, environment, installation };
        let found = findings(&self.question(subject, plan, age)).await;
        plan.findings.extend(found);
        Ok(())
    }

    /// A deleted vault that holds the name which this wish gives its own, and what can become of it.
    pub(super) async fn deleted_vault(
        &self,
        wish: &Wish,
        environment: &EnvironmentId,
        age: Age,
    ) -> Answer<Option<DeletedVault>> {
        let (team, installation) = (self.team(&wish.team), self.installation().await?);
        let subject = Subject { wish, team: &team, environment, installation };
        let found = deleted_vault(&self.question(subject, &Plan::default(), age)).await;
        found.map_err(|error| error::azure("looking for a deleted vault", &error))
    }

    /// What stands already of that which this plan would create, from the picture alone: it is shown as kept.
    pub(super) async fn show_standing(&self, plan: &mut Plan, wish: &Wish, environment: &EnvironmentId) -> Answer<()> {
        let (team, installation) = (self.team(&wish.team), self.installation().await?);
        let subject = Subject { wish, team: &team, environment, installation };
        match standing(&self.question(subject, plan, Age::Picture)).await {
            Ok(lines) => plan.lines = lines,
            // The plan follows from the rules alone; the warnings have said that Azure does not answer.
            Err(error) => tracing::warn!(%error, "what stands already could not be listed"),
        }
        Ok(())
    }

    /// What stands in the subscription, by the picture behind the warnings of a plan in the making, newer than `since`.
    pub(super) async fn seen(&self, since: Option<Moment>) -> Result<Seen, azure::Error> {
        let now = self.clock.now();
        let oldest = since.map_or(PICTURE, |since| PICTURE.min(now.since(since)));
        self.picture.seen(&self.azure, now, oldest).await
    }

    fn question<'a>(&'a self, subject: Subject<'a>, plan: &'a Plan, age: Age) -> Question<'a> {
        let oldest = if age == Age::Fresh { FROZEN } else { PICTURE };
        Question { subject, plan, azure: &self.azure, picture: &self.picture, now: self.clock.now(), oldest }
    }
}

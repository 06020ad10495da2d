//! Plans over what stands: looked at now, or as the picture of the subscription shows it.

use super::Service;
use super::changes::Found;
use super::error::{self, failed};
use crate::engine::{Context, StepError, Subject};
use crate::store;
use app::error::PortalError;
use app::portal::Answer;
use azure::Azure;
use domain::id::EnvironmentId;
use domain::job::Outline;
use domain::plan::{Line, Plan, Verb};
use domain::wish::Wish;

impl Service {
    pub(super) async fn plan_of_destruction(&self, found: &Found, purge: bool) -> Answer<Plan> {
        let wish = &found.environment.wish;
        let outline = self.recipe.outline_of_destruction(wish, &found.standing, purge);
        self.plan_looked(wish, &found.environment.id, &outline, None).await
    }

    /// The plan of a change in the making: over what the picture of the subscription shows, some seconds old and newer than
    /// the job that made what stands.
    pub(super) async fn plan_pictured(&self, wish: &Wish, found: &Found, outline: &[Outline]) -> Answer<Plan> {
        let (environment, former) = (&found.environment.id, Some(&found.environment.wish));
        match self.seen(found.since).await {
            Ok(seen) => self.plan_by(&self.azure.seeing(seen), wish, environment, outline, former).await,
            // Then each is looked at by itself, and says why it cannot be.
            Err(_) => self.plan_looked(wish, environment, outline, former).await,
        }
    }

    /// The plan of this outline over what stands now; `Unavailable` where Azure cannot be asked.
    pub(super) async fn plan_looked(
        &self,
        wish: &Wish,
        environment: &EnvironmentId,
        outline: &[Outline],
        former: Option<&Wish>,
    ) -> Answer<Plan> {
        self.plan_by(&self.azure, wish, environment, outline, former).await
    }

    async fn plan_by(
        &self,
        azure: &Azure,
        wish: &Wish,
        environment: &EnvironmentId,
        outline: &[Outline],
        former: Option<&Wish>,
    ) -> Answer<Plan> {
        let (team, installation) = (self.team(&wish.team), self.installation().await?);
        let subject = Subject { wish, team: &team, environment, installation };
        let cx = Context::looking(subject, azure, &self.store, self.clock.now());
        let looked = self.recipe.plan_looked(&cx, outline, former).await;
        let mut plan = looked.map_err(|error| not_looked(&error))?;
        self.foretell(&mut plan, outline).await?;
        Ok(plan)
    }

    /// In which order it is done, and how long it takes by what earlier jobs took.
    pub(super) async fn foretell(&self, plan: &mut Plan, outline: &[Outline]) -> Answer<()> {
        let earlier = store::took::earlier(&self.store).await.map_err(failed("reading earlier jobs"))?;
        for line in &mut plan.lines {
            let step = outline.iter().find(|step| step.recipe_key() == line.step);
            line.expected = step.filter(|step| worked(step, line)).and_then(|step| earlier.of_step(step));
        }
        plan.put_in_order(outline);
        Ok(())
    }
}

/// A line that says that something is done; what is only kept takes no time.
fn worked(step: &Outline, line: &Line) -> bool {
    line.verb != Verb::Keep && step.recipe_key() == line.step
}

/// A plan that could not be made, in words for people; the detail is logged.
fn not_looked(error: &StepError) -> PortalError {
    match error {
        StepError::Retry { why, .. } => error::unavailable(&format!("what stands could not be looked at: {why}")),
        StepError::Person { failure } | StepError::Fail { failure } => {
            let said = failure.quote.as_deref().map(|quote| format!(" Azure says: {quote}")).unwrap_or_default();
            PortalError::conflict(format!("{}. {} {}{said}", failure.title, failure.cause, failure.remedy))
        }
    }
}

//! Letting go: Keystead forgets an environment, Azure keeps it; by a request that ends without a job.

use super::Service;
use super::changes::Found;
use super::error::failed;
use super::requests::{Approval, Came, once_more};
use super::sending::Sending;
use crate::engine::{Context, Subject};
use crate::store::audit::of_request;
use crate::store::request::Request;
use crate::store::{self, Change, once, timer};
use app::error::PortalError;
use app::portal::Answer;
use domain::Moment;
use domain::account::Caller;
use domain::audit::Act;
use domain::field::FieldError;
use domain::id::RequestId;
use domain::job::{Event, recipe_key};
use domain::permission::Action;
use domain::plan::{Finding, Line, Plan, Verb};
use domain::request::Kind;
use domain::view::request::Release;

impl Service {
    pub(super) async fn release_planned(&self, caller: &Caller, environment: &str) -> Answer<Release> {
        let found = self.to_change(caller, environment, Action::Release).await?;
        let plan = self.plan_of_release(&found).await?;
        Ok(Release {
            digest: plan.digest(&found.environment.wish),
            plan,
            decider: self.decider(caller, Kind::Release, &found.environment.wish, None, &[]).await?,
            environment: found.environment.name,
            now: self.clock.now(),
        })
    }

    pub(super) async fn send_release(
        &self,
        caller: &Caller,
        environment: &str,
        reason: &str,
        digest: &str,
    ) -> Answer<RequestId> {
        if let Some(request) = once::done() {
            return Ok(request);
        }
        let found = self.to_change(caller, environment, Action::Release).await?;
        let plan = self.plan_of_release(&found).await?;
        if plan.digest(&found.environment.wish) != digest.trim() {
            return Err(PortalError::conflict("This is not the list that you looked at. Read it again, then send it."));
        }
        let mut wish = found.environment.wish.clone();
        reason.trim().clone_into(&mut wish.reason);
        if wish.reason.is_empty() {
            let said = "Say why, so that whoever finds it on Azure later can read it here.";
            return Err(PortalError::invalid(vec![FieldError::new("reason", said)]));
        }
        if wish.reason.chars().count() > 2000 {
            return Err(PortalError::invalid(vec![FieldError::new("reason", "At most 2,000 characters.")]));
        }
        let sending = Sending { kind: Kind::Release, wish: &wish, former: None, purge: false, plan, job: None };
        self.send_change(caller, &found.environment.id, sending).await
    }

    /// Everything that stands, kept by Azure, and what Keystead stops doing. Where Azure cannot be looked at, that keeps
    /// nobody from letting go: then the list is Keystead's own.
    async fn plan_of_release(&self, found: &Found) -> Answer<Plan> {
        let (wish, id) = (&found.environment.wish, &found.environment.id);
        let (team, installation) = (self.team(&wish.team), self.installation().await?);
        let subject = Subject { wish, team: &team, environment: id, installation };
        let cx = Context::looking(subject, &self.azure, &self.store, self.clock.now());
        let outline = self.recipe.outline_of_change(wish, wish, &found.standing);
        let mut plan = match self.recipe.plan_looked(&cx, &outline, None).await {
            Ok(looked) => looked,
            Err(error) => {
                tracing::warn!(%error, "what a release leaves behind could not be looked at");
                let made = found.standing.keys().filter_map(|key| self.recipe.step(recipe_key(key)));
                let mut lines: Vec<Line> = made.flat_map(|step| step.plan(&subject)).collect();
                lines.iter_mut().for_each(|line| line.verb = Verb::Keep);
                let sentence = "Azure could not be looked at: this is what Keystead made, by its own log.".to_owned();
                let findings = vec![Finding::warn(None, sentence)];
                return Ok(Plan { lines, findings, permits: stops(&found.environment.name), ..Plan::default() });
            }
        };
        let leaves = |line: &Line| self.recipe.step(&line.step).is_some_and(|step| step.leaves());
        plan.lines.retain(|line| line.verb != Verb::Create && leaves(line));
        for line in &mut plan.lines {
            line.verb = Verb::Keep;
            line.changes.clear();
            line.known_after.clear();
        }
        Ok(Plan { lines: plan.lines, permits: stops(&found.environment.name), ..Plan::default() })
    }

    /// Counts an approval; the last one ends the waiting and lets go, in one transaction.
    pub(super) async fn let_go(&self, request: &Request, approval: &Approval<'_>, now: Moment) -> Answer<Came> {
        let failed = failed("releasing an environment");
        let before = self.newest_journal(&request.environment).await?;
        if before.as_ref().is_some_and(|before| before.status.state().moving()) {
            return Err(PortalError::conflict("A job is at work on this environment: decide when it has ended."));
        }
        let release = || async {
            let mut tx = self.store.begin().await?;
            match approval.give(&mut tx, request, None, now).await? {
                Came::Last => {}
                Came::Further => {
                    tx.commit().await?;
                    return Ok(Came::Further);
                }
                Came::Late => return Ok(Came::Late),
            }
            let released = of_request(Act::EnvironmentReleased, &approval.actor(), request, now);
            store::audit::append(&mut tx, &released).await?;
            if let Some(before) = before.as_ref().filter(|before| !before.status.state().over()) {
                let by = request.requester_name.clone();
                store::event::tell(&mut tx, &before.job.id, now, Event::Replaced { by }).await?;
            }
            let environment = request.environment.as_str();
            timer::stop(&mut tx, timer::DRIFT, environment).await?;
            timer::stop(&mut tx, timer::CHECKS, environment).await?;
            store::drift::forget(&mut tx, &request.environment).await?;
            store::validation::break_off(&mut tx, &request.environment, now).await?;
            store::environment::release(&mut tx, &request.environment, now).await?;
            tx.commit().await?;
            Ok::<_, store::Error>(Came::Last)
        };
        let released = once_more(release).await.map_err(&failed)?;
        if let Some(before) = before {
            self.store.announce(Change::Job(before.job.id.clone())).await;
        }
        self.store.announce(Change::Environment(request.environment.clone())).await;
        Ok(released)
    }
}

/// What Keystead does for an environment, and will do no longer.
fn stops(name: &str) -> Vec<String> {
    vec![
        format!("Keystead checks {name} no longer: nobody is told when its web app or its rights stop working."),
        "What stands is held against what was approved no longer: drift goes unseen.".to_owned(),
        "Its lifetime ends nothing any more: it stays, and costs, until somebody removes it on Azure.".to_owned(),
        "The rights that Keystead gave itself on it stay until somebody takes them away.".to_owned(),
        format!("The name {name} is free here; on Azure its resources go on holding theirs."),
    ]
}

//! Environments that shall become others, or nothing: planned over what stands, sent for approval.

use super::changeable::{ANOTHER_WAITS, changeable, purgeable};
use super::error::{failed, internal};
use super::quota::Wanting;
use super::requests::SENT_ALREADY;
use super::sending::{Premade, Sending, new_id, refuse_denied, ruled_out};
use super::warnings::Age;
use super::{Service, can, permit};
use crate::engine::Standing;
use crate::store::environment::Environment;
use crate::store::event::Journal;
use crate::store::{self, Change, once, timer};
use app::error::PortalError;
use app::portal::{Answer, Changes};
use async_trait::async_trait;
use domain::Moment;
use domain::account::Caller;
use domain::audit::{Act, Actor, Entry, Subject as Done};
use domain::field::FieldError;
use domain::form::Form;
use domain::id::{EnvironmentId, RequestId};
use domain::job::Outline;
use domain::permission::{Action, Subject as Permitted};
use domain::plan::Verb;
use domain::request::Kind;
use domain::view::Can;
use domain::view::request::{Changing, Destruction, PlanPanel, Release};
use domain::wish::Wish;

#[async_trait]
impl Changes for Service {
    async fn changing(&self, caller: &Caller, environment: &str) -> Answer<Changing> {
        let found = self.to_change(caller, environment, Action::Change).await?;
        Ok(Changing {
            environment: found.environment.name.clone(),
            decider: self.decider(caller, Kind::Change, &found.environment.wish, None, &[]).await?,
            wish: found.environment.wish,
            choices: self.choices.clone(),
            now: self.clock.now(),
        })
    }

    async fn plan_change(&self, caller: &Caller, environment: &str, form: &Form) -> Answer<PlanPanel> {
        let found = self.to_change(caller, environment, Action::Change).await?;
        let former = &found.environment.wish;
        let decider = self.decider(caller, Kind::Change, former, None, &[]).await?;
        let mut panel = PlanPanel { decider, ..PlanPanel::default() };
        let wish = match form.change(former, &self.choices) {
            Ok(wish) => wish,
            Err(errors) => {
                panel.errors = errors;
                return Ok(panel);
            }
        };
        panel.cost_centre.clone_from(&wish.cost_centre);
        match self.costing(Kind::Change, &wish, Some(former)).await {
            Ok(cost) => panel.cost = cost,
            Err(why) => panel.unpriced = Some(why),
        }
        let outline = self.recipe.outline_of_change(former, &wish, &found.standing);
        match self.plan_pictured(&wish, &found, &outline).await {
            Ok(mut plan) => {
                let asked = (Kind::Change, &wish, Some(former));
                self.warn(&mut plan, asked, &found.environment.id, Age::Picture).await?;
                let (by, cost, environment) = (&caller.account.id, panel.cost.as_ref(), Some(&found.environment.id));
                let wanting = Wanting { by, wish: &wish, cost, environment };
                if let Some((quota, full)) = self.quota_shown(&wanting).await? {
                    plan.findings.extend(full);
                    panel.quota = Some(quota);
                }
                panel.errors = ruled_out(&plan);
                panel.plan = Some(plan);
            }
            Err(error) => panel.unreachable = Some(error.message),
        }
        let found = panel.plan.as_ref().map(|plan| plan.findings.as_slice()).unwrap_or_default();
        panel.decider = self.decider(caller, Kind::Change, &wish, panel.cost.as_ref(), found).await?;
        panel.looked = panel.unreachable.is_none().then(|| self.clock.now());
        Ok(panel)
    }

    async fn submit_change(&self, caller: &Caller, environment: &str, form: &Form) -> Answer<RequestId> {
        if let Some(request) = once::done() {
            return Ok(request);
        }
        let found = self.to_change(caller, environment, Action::Change).await?;
        let former = &found.environment.wish;
        let wish = form.change(former, &self.choices).map_err(PortalError::invalid)?;
        let outline = self.recipe.outline_of_change(former, &wish, &found.standing);
        let mut plan = self.plan_looked(&wish, &found.environment.id, &outline, Some(former)).await?;
        self.warn(&mut plan, (Kind::Change, &wish, Some(former)), &found.environment.id, Age::Fresh).await?;
        refuse_denied(&plan)?;
        let sending = Sending { kind: Kind::Change, wish: &wish, former: Some(former), purge: false, plan, job: None };
        self.send_change(caller, &found.environment.id, sending).await
    }

    async fn look(&self, caller: &Caller, environment: &str) -> Answer<()> {
        if once::done::<()>().is_some() {
            return self.seen_environment(caller, environment).await.map(drop);
        }
        let found = self.to_change(caller, environment, Action::Validate).await?;
        let (environment, now) = (&found.environment, self.clock.now());
        let asked = Done::environment(&environment.id, environment.name.as_str());
        let asked = Entry::new(now, Act::LookAsked, Actor::of(caller), asked);
        let asked = asked.about(&environment.id, &environment.name, &environment.team);
        let set = async {
            let mut tx = self.store.begin().await?;
            if let Err(stale) = self.hold_environment(&mut tx, &environment.id).await? {
                return Ok(Err(stale));
            }
            timer::set(&mut tx, timer::DRIFT, environment.id.as_str(), now).await?;
            store::audit::append(&mut tx, &asked).await?;
            once::made(&());
            tx.commit().await.map(Ok)
        };
        set.await.map_err(failed("asking for a look"))??;
        self.store.announce(Change::Timer).await;
        Ok(())
    }

    async fn submit_repair(&self, caller: &Caller, environment: &str) -> Answer<RequestId> {
        if let Some(request) = once::done() {
            return Ok(request);
        }
        let found = self.to_change(caller, environment, Action::Change).await?;
        let former = &found.environment.wish;
        let mut wish = former.clone();
        wish.reason = "To be as it was approved again".to_owned();
        let outline = self.recipe.outline_of_change(former, &wish, &found.standing);
        let mut plan = self.plan_looked(&wish, &found.environment.id, &outline, Some(former)).await?;
        if plan.lines.iter().all(|line| line.verb == Verb::Keep) {
            return Err(PortalError::conflict("Nothing differs any more from what was approved."));
        }
        self.warn(&mut plan, (Kind::Repair, &wish, Some(former)), &found.environment.id, Age::Fresh).await?;
        refuse_denied(&plan)?;
        let sending = Sending { kind: Kind::Repair, wish: &wish, former: Some(former), purge: false, plan, job: None };
        self.send_change(caller, &found.environment.id, sending).await
    }

    async fn destruction(&self, caller: &Caller, environment: &str, purge: bool) -> Answer<Destruction> {
        let found = self.to_change(caller, environment, Action::Destroy).await?;
        let can_purge = purgeable(&found.environment.wish);
        // Looked at in full: what is shown here is sent as it is.
        let mut plan = self.plan_of_destruction(&found, purge && can_purge.allowed).await?;
        self.warn(&mut plan, (Kind::Destroy, &found.environment.wish, None), &found.environment.id, Age::Picture)
            .await?;
        Ok(Destruction {
            cost: self.costing_kept(Kind::Destroy, &found.environment.wish, None).await,
            digest: plan.digest(&found.environment.wish),
            plan,
            purge: can_purge,
            decider: self.decider(caller, Kind::Destroy, &found.environment.wish, None, &[]).await?,
            environment: found.environment.name,
            now: self.clock.now(),
        })
    }

    async fn submit_destruction(
        &self,
        caller: &Caller,
        environment: &str,
        purge: bool,
        reason: &str,
        digest: &str,
    ) -> Answer<RequestId> {
        if let Some(request) = once::done() {
            return Ok(request);
        }
        let found = self.to_change(caller, environment, Action::Destroy).await?;
        let can_purge = purgeable(&found.environment.wish);
        if purge && !can_purge.allowed {
            return Err(PortalError::conflict(can_purge.reason.unwrap_or_default()));
        }
        let mut plan = self.plan_of_destruction(&found, purge).await?;
        self.warn(&mut plan, (Kind::Destroy, &found.environment.wish, None), &found.environment.id, Age::Fresh).await?;
        refuse_denied(&plan)?;
        if plan.digest(&found.environment.wish) != digest.trim() {
            return Err(PortalError::conflict("This is not the plan that you looked at. Read it again, then send it."));
        }
        let mut wish = found.environment.wish.clone();
        reason.trim().clone_into(&mut wish.reason);
        if wish.reason.chars().count() > 2000 {
            return Err(PortalError::invalid(vec![FieldError::new("reason", "At most 2,000 characters.")]));
        }
        let sending = Sending { kind: Kind::Destroy, wish: &wish, former: None, purge, plan, job: None };
        self.send_change(caller, &found.environment.id, sending).await
    }

    async fn release(&self, caller: &Caller, environment: &str) -> Answer<Release> {
        self.release_planned(caller, environment).await
    }

    async fn submit_release(
        &self,
        caller: &Caller,
        environment: &str,
        reason: &str,
        digest: &str,
    ) -> Answer<RequestId> {
        self.send_release(caller, environment, reason, digest).await
    }
}

/// An environment that may be asked to become another, with what stands of it.
pub(super) struct Found {
    pub environment: Environment,
    pub standing: Standing,
    /// When the job ended that made it as it stands.
    pub since: Option<Moment>,
}

impl Service {
    /// The environment, if the caller may ask this of it and nothing is at work on it.
    pub(super) async fn to_change(&self, caller: &Caller, name: &str, action: Action) -> Answer<Found> {
        let environment = self.seen_environment(caller, name).await?;
        permit(caller, action, &subject(&environment))?;
        let journal = self.newest_journal(&environment.id).await?;
        let waits = store::request::waiting_for(&self.store, &environment.id).await;
        let waits = waits.map_err(failed("looking for a request"))?.is_some();
        let can = changeable(&environment, journal.as_ref(), waits);
        if !can.allowed {
            return Err(PortalError::conflict(can.reason.unwrap_or_default()));
        }
        let since = journal.as_ref().and_then(|journal| journal.status.ended);
        let standing = journal.map(|journal| journal.status.ledger(&journal.job.outline)).unwrap_or_default();
        Ok(Found { environment, standing, since })
    }

    /// Whether it may be asked now, for a page that explains itself.
    pub(super) fn can_change(
        &self,
        caller: &Caller,
        action: Action,
        environment: &Environment,
        journal: Option<&Journal>,
        waits: bool,
    ) -> Can {
        let by_table = can(caller, action, &subject(environment));
        if by_table.allowed { changeable(environment, journal, waits) } else { by_table }
    }

    pub(super) async fn newest_journal(&self, environment: &EnvironmentId) -> Answer<Option<Journal>> {
        let failed = failed("reading a job");
        let Some(newest) = store::job::newest(&self.store, environment).await.map_err(&failed)? else {
            return Ok(None);
        };
        store::event::load(&self.store, &newest).await.map_err(&failed)
    }

    /// The outline of the job that a request for a change or a removal begins.
    pub(super) fn outline_of(
        &self,
        kind: Kind,
        wish: &Wish,
        former: Option<&Wish>,
        purge: bool,
        standing: &Standing,
    ) -> Vec<Outline> {
        match (kind, former) {
            (Kind::Change | Kind::Repair, Some(former)) => self.recipe.outline_of_change(former, wish, standing),
            (Kind::Destroy, _) => self.recipe.outline_of_destruction(wish, standing, purge),
            _ => self.recipe.outline(wish),
        }
    }

    pub(super) async fn send_change(
        &self,
        caller: &Caller,
        environment: &EnvironmentId,
        sending: Sending<'_>,
    ) -> Answer<RequestId> {
        self.send_planned(caller, environment, sending, None).await
    }

    /// The same of a plan that was made before.
    pub(super) async fn send_planned(
        &self,
        caller: &Caller,
        environment: &EnvironmentId,
        sending: Sending<'_>,
        made: Option<Premade<'_>>,
    ) -> Answer<RequestId> {
        let (request, now) = (RequestId::new(new_id()), self.clock.now());
        let row = match made.as_ref().and_then(|made| made.cost.clone()) {
            None => self.sent(caller, &request, environment, sending, now).await,
            cost => self.sent_at(caller, &request, environment, sending, cost, now),
        };
        let wanting = Wanting {
            by: &caller.account.id,
            wish: &row.wish,
            cost: row.cost.as_ref(),
            environment: Some(environment),
        };
        let write = async {
            let mut tx = self.store.begin().await?;
            match self.hold_environment(&mut tx, environment).await? {
                Err(stale) => return Ok(Err(stale)),
                Ok(Some(_)) => return Ok(Err(PortalError::conflict(ANOTHER_WAITS))),
                Ok(None) => {}
            }
            if row.kind == Kind::Change {
                let full = self.reserve(&mut tx, &wanting, now).await?;
                if !full.is_empty() {
                    return Ok(Err(PortalError::invalid(full)));
                }
            }
            store::request::add(&mut tx, &row).await?;
            store::audit::asked(&mut tx, &Actor::of(caller), &row, now).await?;
            store::notice::events::asked(&mut tx, &row, now).await?;
            timer::set(&mut tx, timer::REQUEST, request.as_str(), row.lapses_at).await?;
            once::made(&request);
            if let Some(made) = &made {
                store::made_plan::sent(&mut tx, made.id, &request).await?;
            }
            tx.commit().await.map(Ok)
        };
        match write.await {
            Ok(Err(refused)) => Err(refused),
            Ok(Ok(())) => {
                self.store.announce(Change::Environment(environment.clone())).await;
                Ok(request)
            }
            Err(store::Error::Taken("plan")) => Err(PortalError::conflict(SENT_ALREADY)),
            Err(store::Error::Taken(_)) => Err(PortalError::conflict(ANOTHER_WAITS)),
            Err(error) => Err(internal("sending a request", &error)),
        }
    }
}

fn subject(environment: &Environment) -> Permitted<'_> {
    Permitted::of(&environment.team, Some(&environment.owner))
}

//! Environments as people see them: the list by need ([`super::listing`]), the page of one.

use super::changeable::LET_GO;
use super::error::failed;
use super::sending::new_id;
use super::{Service, can, parts, permit, visible};
use crate::store::environment::Environment;
use crate::store::{self, Change, once, timer};
use app::error::PortalError;
use app::portal::{Answer, Environments};
use async_trait::async_trait;
use domain::account::Caller;
use domain::audit::{Act, Actor, Entry, Subject as Done};
use domain::cost::actual::ByTeam;
use domain::environment::State;
use domain::form::accept::Accept;
use domain::id::{EnvironmentId, ValidationId};
use domain::permission::{Action, Subject};
use domain::view::environment::{Drift, Filter, JobLine, Kept, List, Validation, Whole};
use domain::view::{self, Can};
use domain::{Moment, job};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Jobs and runs of the checks on an environment's page.
const JOBS: i64 = 10;
const RUNS: i64 = 12;

#[async_trait]
impl Environments for Service {
    async fn environments(&self, caller: &Caller, filter: &Filter) -> Answer<List> {
        let (bounds, mine, now) = (self.bounds(caller, filter), caller.account.id.clone(), self.clock.now());
        let key = (bounds.clone(), mine.clone(), filter.after.clone());
        let listing = self.listings.read(key, now, self.listing(bounds, &mine, &filter.after));
        let listing = listing.await.map_err(failed("listing environments"))?;
        let (all, mine, needs_person) = listing.counts;
        let (rows, next) = (listing.rows.clone(), listing.next.clone());
        let (teams, nearest) = (self.filter_teams(caller), listing.nearest.clone());
        let sums = listing.sums.iter().map(|(team, amount)| (self.team(team).title, *amount)).collect();
        let quotas = listing.quotas.clone();
        let actual = listing.billed.as_ref().map(|(month, sums, until)| ByTeam {
            month: *month,
            sums: sums.iter().map(|(team, amount)| (self.team(team).title, *amount)).collect(),
            until: *until,
        });
        Ok(List { rows, all, mine, needs_person, next, teams, sums, quotas, actual, nearest, now })
    }

    async fn environment(&self, caller: &Caller, name: &str) -> Answer<Whole> {
        let environment = self.seen_environment(caller, name).await?;
        let failed = failed("reading an environment");
        let teams = visible(caller);
        let filter = store::job::Filter { teams: teams.as_deref(), environment: Some(name), state: None };
        let (jobs, _) = store::job::list(&self.store, filter, "", JOBS).await.map_err(&failed)?;
        // A name can have been borne by others before.
        let jobs: Vec<_> = jobs.into_iter().filter(|job| job.id.as_str() > environment.id.as_str()).collect();
        let request = store::request::first_of(&self.store, &environment.id).await.map_err(&failed)?;
        let runs = store::validation::newest(&self.store, &environment.id, RUNS).await.map_err(&failed)?;
        // What the checks found is written together with what it makes of the environment: a run that has ended is never
        // shown beside a state from before its end.
        let environment = self.seen_environment(caller, name).await?;
        let mut runs = runs.into_iter().map(|run| run.validation);
        let validation = runs.next();
        let now = self.clock.now();
        let template = self.choices.template(environment.wish.template.name.as_str());
        let newest = jobs.first().map(|job| job.state);
        let journal = self.newest_journal(&environment.id).await?;
        let waits = store::request::waiting_for(&self.store, &environment.id).await.map_err(&failed)?;
        let can = |action| self.can_change(caller, action, &environment, journal.as_ref(), waits.is_some());
        let (change, destroy, release) = (can(Action::Change), can(Action::Destroy), can(Action::Release));
        let released = store::request::release_of(&self.store, &environment.id).await.map_err(&failed)?;
        let cost = store::cost::of(&self.store, &environment.id).await.map_err(&failed)?;
        let drift = store::drift::find(&self.store, &environment.id).await.map_err(&failed)?;
        let turn = match jobs.first().filter(|job| job.state.moving()) {
            Some(job) => store::queue::turn(&self.store, &job.id, now).await.map_err(&failed)?,
            None => None,
        };
        let kept = store::kept::of(&self.store, &environment.id, now).await.map_err(&failed)?;
        Ok(Whole {
            change,
            destroy,
            release,
            released,
            waits,
            turn,
            accept: self.acceptable(&environment, drift.as_ref()),
            orphaned: self.orphaned(caller, &environment).await?,
            drift,
            cost,
            actual: self.actual(&environment.id).await?,
            kept: kept.into_iter().map(kept_line).collect(),
            row: self.row_of(&environment),
            template: template.map_or_else(|| environment.wish.template.name.to_string(), |known| known.title.clone()),
            request: request.ok_or_else(PortalError::not_found)?,
            jobs: jobs.iter().map(|job| line(job, now)).collect(),
            history: runs.map(without_evidence).collect(),
            address: environment.address.clone(),
            parts: parts::of(&environment, newest, validation.as_ref()),
            validate: can_validate(caller, &environment, newest),
            validation,
            wish: environment.wish,
            now,
        })
    }

    async fn validate(&self, caller: &Caller, name: &str) -> Answer<ValidationId> {
        let environment = self.seen_environment(caller, name).await?;
        permit(caller, Action::Validate, &subject(&environment))?;
        if let Some(validation) = once::done() {
            return Ok(validation);
        }
        let failed = failed("asking for the checks");
        let can = can_validate(caller, &environment, self.newest_job(&environment).await?);
        if !can.allowed {
            return Err(PortalError::conflict(can.reason.unwrap_or_default()));
        }
        let newest = store::validation::newest(&self.store, &environment.id, 1).await.map_err(&failed)?;
        if let Some(running) = newest.into_iter().find(|run| run.validation.running) {
            return Ok(running.validation.id);
        }
        let by = &caller.account.name;
        let asked = Done::environment(&environment.id, environment.name.as_str());
        let asked = Entry::new(self.clock.now(), Act::ChecksAsked, Actor::of(caller), asked);
        let asked = asked.about(&environment.id, &environment.name, &environment.team);
        let set = async {
            let mut tx = self.store.begin().await?;
            if let Err(stale) = self.hold_environment(&mut tx, &environment.id).await? {
                return Ok(Err(stale));
            }
            let id = self.begin_checks(&mut tx, &environment, by).await?;
            let asked = asked.with("run", id.as_str());
            store::audit::append(&mut tx, &asked).await?;
            once::made(&id);
            tx.commit().await.map(|()| Ok(id))
        };
        let id = set.await.map_err(&failed)??;
        self.store.announce(Change::Environment(environment.id.clone())).await;
        self.store.announce(Change::Timer).await;
        Ok(id)
    }

    async fn validated(&self, caller: &Caller, name: &str) -> Answer<()> {
        let mut changes = self.store.changes();
        loop {
            let environment = self.seen_environment(caller, name).await?;
            let newest = store::validation::newest(&self.store, &environment.id, 1).await;
            let newest = newest.map_err(failed("waiting for the checks"))?;
            if !newest.iter().any(|run| run.validation.running) {
                return Ok(());
            }
            tokio::select! {
                () = self.clock.pass(DEAF) => {}
                () = heard_of(&mut changes, &environment.id) => {}
            }
        }
    }
}

/// How long nothing may be heard before the database is asked again, in milliseconds: hints can be lost.
const DEAF: i64 = 5_000;

/// Returns at the next hint about it, or when some were lost.
async fn heard_of(changes: &mut Receiver<Change>, id: &EnvironmentId) {
    loop {
        match changes.recv().await {
            Ok(Change::Environment(changed)) if changed == *id => return,
            Ok(Change::Any) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Service {
    /// How its newest job stands.
    pub(super) async fn newest_job(&self, environment: &Environment) -> Answer<Option<job::State>> {
        let filter = store::job::Filter { teams: None, environment: Some(environment.name.as_str()), state: None };
        let jobs = store::job::list(&self.store, filter, "", 1).await.map_err(failed("looking for its jobs"))?.0;
        Ok(jobs.first().map(|job| job.state))
    }

    /// Has the checks run as soon as this is committed; whoever commits announces the timer.
    pub(super) async fn begin_checks(
        &self,
        tx: &mut store::Tx,
        environment: &Environment,
        by: &str,
    ) -> Result<ValidationId, store::Error> {
        let (id, now) = (ValidationId::new(new_id()), self.clock.now());
        store::validation::begin_in(tx, &id, &environment.id, by, 0, now).await?;
        timer::set(tx, timer::CHECKS, environment.id.as_str(), now).await?;
        Ok(id)
    }
}

/// What the caller's right to an environment is judged by.
pub(super) fn subject(environment: &Environment) -> Subject<'_> {
    Subject::of(&environment.team, Some(&environment.owner))
}

/// By the table, then by whether there is anything to check.
fn can_validate(caller: &Caller, environment: &Environment, newest: Option<job::State>) -> Can {
    let by_table = can(caller, Action::Validate, &subject(environment));
    match newest {
        _ if !by_table.allowed => by_table,
        _ if environment.state == State::Released => Can::no(LET_GO),
        _ if environment.state == State::Gone => Can::no("Nothing of it is left."),
        Some(job::State::Succeeded) => Can::yes(),
        _ => Can::no("The checks prove a whole environment; this one is not built yet."),
    }
}

fn line(job: &view::job::Row, now: Moment) -> JobLine {
    JobLine {
        id: job.id.clone(),
        title: job.title.clone(),
        state: job.state,
        started: job.started,
        took_ms: Some(job.ended.unwrap_or(now).since(job.started)),
        word: job.word.clone(),
    }
}

fn kept_line(kept: store::kept::Kept) -> Kept {
    Kept { kind: kept.kind, name: kept.name, until: Moment(kept.until_at) }
}

pub(super) fn without_evidence(mut run: Validation) -> Validation {
    run.results.iter_mut().for_each(|result| result.evidence.clear());
    run
}

impl Service {
    pub(super) async fn seen_environment(&self, caller: &Caller, name: &str) -> Answer<Environment> {
        let found = store::environment::named(&self.store, name).await.map_err(failed("reading an environment"))?;
        let environment = found.ok_or_else(PortalError::not_found)?;
        permit(caller, Action::See, &subject(&environment))?;
        Ok(environment)
    }

    /// What was found otherwise, as answers of the form that changes it.
    fn acceptable(&self, environment: &Environment, drift: Option<&Drift>) -> Accept {
        let lines = drift.into_iter().flat_map(|drift| drift.lines.iter().map(|drifted| &drifted.line));
        Accept::of(lines, &environment.wish, &self.choices)
    }
}

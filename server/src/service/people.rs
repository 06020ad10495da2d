//! People: who has an account, somebody who leaves with all that they had open, and who takes on what they leave behind.

use super::error::{failed, internal};
use super::requests::search;
use super::{Service, can, permit};
use crate::store::leaving::{self, Behind as Left};
use crate::store::people::Person;
use crate::store::request::{Ending, Request};
use crate::store::unapproved::{self, Refusal};
use crate::store::{self, Change, once};
use app::error::PortalError;
use app::portal::{Answer, People};
use async_trait::async_trait;
use domain::Moment;
use domain::account::{AccountId, Caller};
use domain::audit::{Act, Actor, Entry, Subject as Done};
use domain::environment::State as Standing;
use domain::permission::{Action, Subject, may};
use domain::request::State;
use domain::view::environment::Orphaned;
use domain::view::people::{Behind, Ended, Filter, List, Row};

/// Rows of one page.
const PAGE: usize = 50;

#[async_trait]
impl People for Service {
    async fn people(&self, caller: &Caller, filter: &Filter) -> Answer<List> {
        permit(caller, Action::People, &Subject::everybody())?;
        let (failed, now) = (failed("listing people"), self.clock.now());
        let after = filter.after.split_once(' ').unwrap_or_default();
        let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
        let unused = now.plus(-self.idle);
        let found = store::people::list(&self.store, filter.show, &filter.search, after, limit, now, unused).await;
        let mut found = found.map_err(&failed)?;
        let more = found.len() > PAGE;
        found.truncate(PAGE);
        // Names hold no space.
        let next = found.last().filter(|_| more).map(|last| format!("{} {}", last.row.name, last.row.id.0));
        let (here, perhaps, left) = store::people::count(&self.store, &filter.search).await.map_err(&failed)?;
        Ok(List {
            rows: found.into_iter().map(|person| self.person_row(person)).collect(),
            next,
            here,
            perhaps,
            left,
            looked: store::people::last_look(&self.store).await.map_err(&failed)?,
            mark: can(caller, Action::MarkLeft, &Subject::everybody()),
            now,
        })
    }

    async fn person(&self, caller: &Caller, account: &AccountId) -> Answer<Row> {
        permit(caller, Action::MarkLeft, &Subject::everybody())?;
        let now = self.clock.now();
        let found = store::people::find(&self.store, account, now, now.plus(-self.idle)).await;
        let person = found.map_err(failed("reading an account"))?.ok_or_else(PortalError::not_found)?;
        Ok(self.person_row(person))
    }

    async fn mark_left(&self, caller: &Caller, account: &AccountId) -> Answer<Ended> {
        let person = self.person(caller, account).await?;
        if let Some(ended) = once::done() {
            return Ok(ended);
        }
        if *account == caller.account.id {
            return Err(PortalError::conflict("Nobody marks themselves as having left: somebody else does."));
        }
        let now = self.clock.now();
        let left = loop {
            match self.leave(caller, &person, now).await {
                // A job was written to at that moment: all of it is tried again.
                Err(store::Error::Behind) => {}
                other => break other.map_err(failed("marking somebody as having left"))?,
            }
        };
        self.deciders.forget();
        let Some((left, requests, environments)) = left else { return Ok(Ended::default()) };
        // What is theirs waits for others now, on every page.
        self.store.announce(Change::Any).await;
        for id in &left.sessions {
            self.store.announce(Change::Session(id.clone())).await;
        }
        for request in &requests {
            if let Some(job) = &request.job {
                self.store.announce(Change::Job(job.clone())).await;
            }
            self.store.announce(Change::Environment(request.environment.clone())).await;
        }
        Ok(ended(&left, requests.len(), environments))
    }

    async fn mark_back(&self, caller: &Caller, account: &AccountId) -> Answer<()> {
        let person = self.person(caller, account).await?;
        let entry = told(Act::PersonReturned, caller, &person, self.clock.now());
        let back = async {
            let mut tx = self.store.begin().await?;
            if leaving::come_back(&mut tx, account).await? {
                store::audit::append(&mut tx, &entry).await?;
                tx.commit().await?;
            }
            Ok::<_, store::Error>(())
        };
        back.await.map_err(failed("taking back that somebody has left"))?;
        self.deciders.forget();
        self.store.announce(Change::Any).await;
        Ok(())
    }

    async fn left_behind(&self, caller: &Caller) -> Answer<Vec<Behind>> {
        let teams = self.choices.teams.iter().map(|team| &team.name);
        let mine = teams.filter(|team| may(caller, Action::TakeOn, &Subject::of(team, None)).allowed());
        let mine: Vec<String> = mine.map(ToString::to_string).collect();
        if mine.is_empty() {
            return Ok(Vec::new());
        }
        let found = leaving::behind(&self.store, Some(&mine)).await.map_err(failed("looking for what was left"))?;
        Ok(found.into_iter().map(|left| self.behind_row(left)).collect())
    }

    async fn take_on(&self, caller: &Caller, environment: &str) -> Answer<()> {
        let environment = self.seen_environment(caller, environment).await?;
        permit(caller, Action::TakeOn, &Subject::of(&environment.team, Some(&environment.owner)))?;
        if once::done::<()>().is_some() {
            return Ok(());
        }
        let (me, now) = (&caller.account, self.clock.now());
        if matches!(environment.state, Standing::Gone | Standing::Released) {
            return Err(PortalError::conflict("Nothing of it is left to take over."));
        }
        let done = Done::environment(&environment.id, environment.name.as_str());
        let entry = Entry::new(now, Act::EnvironmentTakenOn, Actor::of(caller), done)
            .about(&environment.id, &environment.name, &environment.team)
            .with("from", environment.owner_name.as_str());
        let words = search(&environment.wish, &me.name);
        let take = async {
            let mut tx = self.store.begin().await?;
            if let Err(stale) = self.hold_environment(&mut tx, &environment.id).await? {
                return Ok(Err(stale));
            }
            let to = (&me.id, me.name.as_str());
            let taken = leaving::take_on(&mut tx, &environment.id, &environment.owner, to, &words, now).await?;
            if taken {
                store::audit::append(&mut tx, &entry).await?;
                once::made(&());
                tx.commit().await?;
            }
            Ok::<_, store::Error>(Ok(taken))
        };
        match take.await {
            Ok(Err(stale)) => Err(stale),
            Ok(Ok(true)) => {
                self.store.announce(Change::Environment(environment.id.clone())).await;
                Ok(())
            }
            Ok(Ok(false)) => {
                Err(PortalError::conflict("Its owner has not left, or somebody else has taken it over already."))
            }
            Err(error) => Err(internal("taking an environment over", &error)),
        }
    }
}

impl Service {
    /// Everything in one transaction; `None` where they have left already.
    async fn leave(
        &self,
        caller: &Caller,
        person: &Row,
        now: Moment,
    ) -> Result<Option<(leaving::Ended, Vec<Request>, i64)>, store::Error> {
        let (who, me) = (Actor::of(caller), &caller.account);
        let comment = format!("{} has left.", person.name);
        let mut tx = self.store.begin().await?;
        let Some(left) = leaving::leave(&mut tx, &person.id, &person.name, &me.name, now).await? else {
            return Ok(None);
        };
        let mut withdrawn = Vec::new();
        for id in leaving::waiting_of(&mut tx, &person.id).await? {
            let Some(request) = store::request::find(&self.store, &id).await? else { continue };
            let by = Some((&me.id, me.name.as_str(), caller.way));
            let ending = Ending { state: State::Withdrawn, by, comment: Some(&comment), job: None };
            if unapproved::within(&mut tx, &who, &request, &Refusal::plain(ending), now).await? {
                withdrawn.push(request);
            }
        }
        let environments = leaving::owned(&mut tx, &person.id).await?;
        let entry = told(Act::PersonLeft, caller, person, now)
            .with("sessions", left.sessions.len())
            .with("tokens", left.tokens)
            .with("hand_overs", left.handovers)
            .with("requests", withdrawn.len())
            .with("environments", environments);
        store::audit::append(&mut tx, &entry).await?;
        once::made(&ended(&left, withdrawn.len(), environments));
        tx.commit().await?;
        Ok(Some((left, withdrawn, environments)))
    }

    fn person_row(&self, person: Person) -> Row {
        Row { teams: person.teams.iter().map(|team| self.team(team).title).collect(), ..person.row }
    }

    fn behind_row(&self, left: Left) -> Behind {
        Behind { team: self.team(&left.team).title, environment: left.name, owner: left.owner_name, left: left.left_at }
    }

    /// Where its owner has left, since when, and whether this caller may take it over.
    pub(super) async fn orphaned(
        &self,
        caller: &Caller,
        environment: &store::environment::Environment,
    ) -> Answer<Option<Orphaned>> {
        if matches!(environment.state, Standing::Gone | Standing::Released) {
            return Ok(None);
        }
        let since = leaving::since(&self.store, &environment.owner).await.map_err(failed("reading an account"))?;
        let subject = Subject::of(&environment.team, Some(&environment.owner));
        Ok(since.map(|since| Orphaned { since, take_on: can(caller, Action::TakeOn, &subject) }))
    }
}

fn ended(left: &leaving::Ended, requests: usize, environments: i64) -> Ended {
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Ended {
        sessions: left.sessions.len(),
        tokens: count(left.tokens),
        handovers: count(left.handovers),
        requests,
        environments: usize::try_from(environments).unwrap_or_default(),
    }
}

fn told(act: Act, caller: &Caller, person: &Row, now: Moment) -> Entry {
    Entry::new(now, act, Actor::of(caller), Done::account(&person.id, person.name.as_str()))
}

//! Approving: the last level begins the job or lets the held one go on; those before it ask the next.

use super::{actor, search};
use crate::service::Service;
use crate::service::error::failed;
use crate::service::sending::new_id;
use crate::store::audit::of_request;
use crate::store::event::Journal;
use crate::store::record::Speaker;
use crate::store::request::{Ending, Request};
use crate::store::sealed::Sealed;
use crate::store::{self, Change, Tx, job::Job, timer};
use app::error::PortalError;
use app::portal::Answer;
use domain::Moment;
use domain::account::Caller;
use domain::approval::{Entry, Word, has_answered, standing};
use domain::audit::{Act, Actor};
use domain::cost::Costing;
use domain::id::JobId;
use domain::job::Event;
use domain::request::{Kind, State};

/// An approval on its way: whose, for whom, with which words.
pub(in crate::service) struct Approval<'a> {
    pub caller: &'a Caller,
    pub on_behalf: Option<&'a str>,
    pub comment: &'a str,
    /// What was said of it until the approver looked, where that counts.
    pub record: Option<&'a [Entry]>,
}

/// How far an approval came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::service) enum Came {
    /// The level, or the next one, asks others still.
    Further,
    /// All levels have approved.
    Last,
    /// Somebody was first: another level, another plan, or an end.
    Late,
}

impl Approval<'_> {
    /// Counts this approval, and where it is the last one ends the waiting with it; what that begins is the caller's.
    pub(in crate::service) async fn give(
        &self,
        tx: &mut Tx,
        request: &Request,
        job: Option<&JobId>,
        now: Moment,
    ) -> Result<Came, store::Error> {
        let came = self.count(tx, request, now).await?;
        if came != Came::Last {
            return Ok(came);
        }
        let ending = self.ending(job);
        if !store::request::end(tx, &request.id, &ending, now).await? {
            return Ok(Came::Late);
        }
        store::audit::decided(tx, &self.actor(), request, &ending, now).await?;
        store::notice::events::decided(tx, &self.actor(), request, &ending, now).await?;
        timer::stop(tx, timer::REQUEST, request.id.as_str()).await?;
        Ok(Came::Last)
    }

    /// Behind the request's lock; of two that race only those that the level still needs.
    async fn count(&self, tx: &mut Tx, request: &Request, now: Moment) -> Result<Came, store::Error> {
        if !store::level::hold(tx, request).await? {
            return Ok(Came::Late);
        }
        let record = store::record::of_in(tx, &request.id).await?;
        if self.record.is_some_and(|looked_at| looked_at != record) {
            return Ok(Came::Late);
        }
        let account = &self.caller.account;
        let named = [Some(account.name.as_str()), self.on_behalf];
        if named.into_iter().flatten().any(|name| has_answered(&record, request.round, name)) {
            return Ok(Came::Late);
        }
        let entry = Entry {
            at: now,
            word: Word::Approved,
            by: Some(account.name.clone()),
            on_behalf: self.on_behalf.map(str::to_owned),
            level: request.level,
            round: request.round,
            digest: request.digest.clone(),
            text: self.comment.to_owned(),
        };
        let speaker =
            Speaker { account: &account.id, name: &account.name, way: self.caller.way, on_behalf: self.on_behalf };
        match store::record::add(tx, &request.id, Some(speaker), &entry).await {
            Err(store::Error::Taken(_)) => return Ok(Came::Late),
            added => added?,
        }
        let here = standing(&record, request.round).filter(|entry| entry.level == request.level).count() + 1;
        let whole = here >= request.rule.level(request.level).approvers as usize;
        if whole && request.rule.is_last(request.level) {
            return Ok(Came::Last);
        }
        if whole {
            store::level::advance(tx, &request.id, now).await?;
            let next = Request { level: request.level + 1, ..request.clone() };
            store::notice::events::asked(tx, &next, now).await?;
        }
        let told = of_request(Act::LevelApproved, &self.actor(), request, now).with("comment", self.comment);
        store::audit::append(tx, &told.with("level", request.level + 1)).await?;
        Ok(Came::Further)
    }

    /// Whose it is, for the record of what is done.
    pub(in crate::service) fn actor(&self) -> Actor {
        actor(self.caller, self.on_behalf)
    }

    /// The end that the last approval makes.
    fn ending<'b>(&'b self, job: Option<&'b JobId>) -> Ending<'b> {
        Ending {
            state: State::Approved,
            by: Some((&self.caller.account.id, &self.caller.account.name, self.caller.way)),
            comment: Some(self.comment).filter(|comment| !comment.is_empty()),
            job,
        }
    }
}

impl Service {
    /// Counts an approval; the last one ends the waiting and begins the job, or lets the held one go on.
    pub(super) async fn approve(&self, request: &Request, approval: &Approval<'_>, now: Moment) -> Answer<Came> {
        let job = request.job.clone().unwrap_or_else(|| JobId::new(new_id()));
        let before = self.before(request).await?;
        let resealed = self.resealed(request, before.as_ref()).await?;
        let environment = store::environment::named(&self.store, &request.environment_name).await;
        let environment = environment.map_err(failed("reading an environment"))?;
        let owner = environment.map_or_else(|| request.requester_name.clone(), |found| found.owner_name);
        let approve = || async {
            let mut tx = self.store.begin().await?;
            match approval.give(&mut tx, request, Some(&job), now).await? {
                Came::Last => {}
                Came::Further => {
                    tx.commit().await?;
                    return Ok(Came::Further);
                }
                Came::Late => return Ok(Came::Late),
            }
            let wish = &request.wish;
            if request.kind != Kind::Destroy {
                let search = search(wish, &owner);
                store::environment::approved(&mut tx, &request.environment, &wish.standing(), &search, now).await?;
                if let Some(estimate) = request.cost.as_ref().and_then(Costing::after) {
                    store::cost::keep(&mut tx, &request.environment, estimate).await?;
                }
            }
            match request.kind {
                Kind::Create | Kind::Change | Kind::Repair | Kind::Destroy | Kind::Release => {
                    if let Some(before) = before.as_ref().filter(|before| !before.status.state().over()) {
                        let by = request.requester_name.clone();
                        store::event::tell(&mut tx, &before.job.id, now, Event::Replaced { by }).await?;
                    }
                    if let Some(sealed) = &resealed {
                        store::sealed::keep(&mut tx, &request.id, sealed, now).await?;
                    }
                    let queued = self.job_of(approval.caller, request, &job, before.as_ref(), now);
                    store::job::create(&mut tx, &queued).await?;
                }
                Kind::Rename | Kind::Replan => {
                    // What another plan was looked at for is what the job is for already, removals included.
                    if request.kind == Kind::Rename {
                        store::job::change_wish(&mut tx, &job, wish, &self.recipe.outline(wish)).await?;
                    }
                    let by = approval.caller.account.name.clone();
                    store::event::tell(&mut tx, &job, now, Event::Released { by }).await?;
                }
            }
            tx.commit().await?;
            Ok::<_, store::Error>(Came::Last)
        };
        let came = once_more(approve).await.map_err(failed("approving a request"))?;
        if came == Came::Last {
            self.store.announce(Change::Job(job)).await;
        }
        self.store.announce(Change::Environment(request.environment.clone())).await;
        Ok(came)
    }

    /// The job that last worked on what this request changes or removes; it must have come to rest.
    pub(super) async fn before(&self, request: &Request) -> Answer<Option<Journal>> {
        if !matches!(request.kind, Kind::Change | Kind::Repair | Kind::Destroy) {
            return Ok(None);
        }
        let before = self.newest_journal(&request.environment).await?;
        match &before {
            Some(journal) if journal.status.state().moving() => {
                Err(PortalError::conflict("A job is at work on this environment: decide when it has ended."))
            }
            _ => Ok(before),
        }
    }

    /// The password that the job before still keeps, sealed anew for the one that this request begins.
    async fn resealed(&self, request: &Request, before: Option<&Journal>) -> Answer<Option<Sealed>> {
        let Some(before) = before.filter(|_| request.kind != Kind::Destroy) else { return Ok(None) };
        let kept = store::sealed::find(&self.store, &before.job.request).await.map_err(failed("reading a password"))?;
        let Some(kept) = kept else { return Ok(None) };
        let open = self.opened(&before.job.request, &kept).await?;
        self.sealed(&request.id, &open).await.map(Some)
    }

    fn job_of(&self, caller: &Caller, request: &Request, id: &JobId, before: Option<&Journal>, now: Moment) -> Job {
        let standing = before.map(|before| before.status.ledger(&before.job.outline)).unwrap_or_default();
        let former = request.former.as_ref();
        Job {
            id: id.clone(),
            environment: request.environment.clone(),
            environment_name: request.environment_name.clone(),
            team: request.team.clone(),
            request: request.id.clone(),
            title: request.kind.title(&request.environment_name),
            recipe: self.recipe.name().to_owned(),
            wish: request.wish.clone(),
            outline: self.outline_of(request.kind, &request.wish, former, request.purge, &standing),
            former: request.former.clone(),
            asked_by: request.requester_name.clone(),
            approved_by: caller.account.name.clone(),
            approved_at: now,
            created_at: now,
            trace: request.trace.clone(),
        }
    }
}
/// Again where a worker wrote to the job's log in between.
pub(in crate::service) async fn once_more<T, F: Future<Output = Result<T, store::Error>>>(
    deed: impl Fn() -> F,
) -> Result<T, store::Error> {
    loop {
        match deed().await {
            Err(store::Error::Behind) => {}
            other => return other,
        }
    }
}

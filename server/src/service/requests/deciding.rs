//! Deciding: a request ends once, by whoever is first, and an approval begins its job or lets the held one go on.

use super::search;
use crate::service::error::{failed, internal};
use crate::service::sending::new_id;
use crate::service::{Service, permit};
use crate::store::event::Journal;
use crate::store::request::{Ending, Request};
use crate::store::sealed::Sealed;
use crate::store::{self, Change, job::Job, timer};
use app::error::PortalError;
use app::portal::Answer;
use domain::Moment;
use domain::account::Caller;
use domain::audit::Actor;
use domain::field::FieldError;
use domain::id::{JobId, RequestId};
use domain::job::Event;
use domain::permission::Action;
use domain::request::{Decision, Kind, State};
use domain::view::request::Whole;

impl Service {
    pub(super) async fn decide_request(
        &self,
        caller: &Caller,
        id: &RequestId,
        decision: Decision,
        comment: &str,
        digest: &str,
    ) -> Answer<Whole> {
        let (request, deciders) = self.seen_request(caller, id).await?;
        let subject = deciders.subject(&request.team, &request.requester, &request.requester_name);
        permit(caller, Action::Decide, &subject)?;
        let comment = comment.trim();
        if decision == Decision::Reject && comment.is_empty() {
            let said = "Say why, so that the next request can be a better one.";
            return Err(PortalError::invalid(vec![FieldError::new("comment", said)]));
        }
        let now = self.clock.now();
        let wanted = match decision {
            Decision::Approve => State::Approved,
            Decision::Reject => State::Rejected,
        };
        if request.state == wanted && request.decided_by_name.as_deref() == Some(caller.account.name.as_str()) {
            return Ok(self.whole(caller, request, &deciders)); // the same click, twice
        }
        refuse_decided(&request, now)?;
        if decision == Decision::Approve && digest.trim() != request.digest {
            return Err(PortalError::conflict("This is not the plan that you looked at. Read it again, then decide."));
        }
        let ended = match decision {
            Decision::Approve if request.kind == Kind::Release => self.let_go(caller, &request, comment, now).await?,
            Decision::Approve => self.approve(caller, &request, comment, now).await?,
            Decision::Reject => self.refuse(&request, State::Rejected, caller, comment, now).await?,
        };
        let (request, deciders) = self.seen_request(caller, id).await?;
        match ended {
            true => Ok(self.whole(caller, request, &deciders)),
            false
                if request.state == wanted
                    && request.decided_by_name.as_deref() == Some(caller.account.name.as_str()) =>
            {
                Ok(self.whole(caller, request, &deciders))
            }
            false => Err(decided_already(&request)),
        }
    }

    pub(super) async fn withdraw_request(&self, caller: &Caller, id: &RequestId) -> Answer<Whole> {
        let (request, deciders) = self.seen_request(caller, id).await?;
        let subject = deciders.subject(&request.team, &request.requester, &request.requester_name);
        permit(caller, Action::Withdraw, &subject)?;
        if request.state == State::Withdrawn {
            return Ok(self.whole(caller, request, &deciders));
        }
        let now = self.clock.now();
        refuse_decided(&request, now)?;
        let ended = self.refuse(&request, State::Withdrawn, caller, "", now).await?;
        let (request, deciders) = self.seen_request(caller, id).await?;
        match ended || request.state == State::Withdrawn {
            true => Ok(self.whole(caller, request, &deciders)),
            false => Err(decided_already(&request)),
        }
    }

    /// Ends the waiting and begins the job, or lets the held one go on; false where somebody was first.
    async fn approve(&self, caller: &Caller, request: &Request, comment: &str, now: Moment) -> Answer<bool> {
        let job = request.job.clone().unwrap_or_else(|| JobId::new(new_id()));
        let before = self.before(request).await?;
        let resealed = self.resealed(request, before.as_ref()).await?;
        let environment = store::environment::named(&self.store, &request.environment_name).await;
        let environment = environment.map_err(failed("reading an environment"))?;
        let owner = environment.map_or_else(|| request.requester_name.clone(), |found| found.owner_name);
        let approve = || async {
            let mut tx = self.store.begin().await?;
            let ending = Ending {
                state: State::Approved,
                by: Some((&caller.account.id, &caller.account.name, caller.way)),
                comment: Some(comment).filter(|comment| !comment.is_empty()),
                job: Some(&job),
            };
            if !store::request::end(&mut tx, &request.id, &ending, now).await? {
                return Ok(None);
            }
            store::audit::decided(&mut tx, &Actor::of(caller), request, &ending, now).await?;
            timer::stop(&mut tx, timer::REQUEST, request.id.as_str()).await?;
            let wish = &request.wish;
            if request.kind != Kind::Destroy {
                let search = search(wish, &owner);
                store::environment::approved(&mut tx, &request.environment, &wish.standing(), &search, now).await?;
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
                    let queued = self.job_of(caller, request, &job, before.as_ref(), now);
                    store::job::create(&mut tx, &queued).await?;
                }
                Kind::Rename | Kind::Replan => {
                    // What another plan was looked at for is what the job is for already, removals included.
                    if request.kind == Kind::Rename {
                        store::job::change_wish(&mut tx, &job, wish, &self.recipe.outline(wish)).await?;
                    }
                    let by = caller.account.name.clone();
                    store::event::tell(&mut tx, &job, now, Event::Released { by }).await?;
                }
            }
            tx.commit().await?;
            Ok::<_, store::Error>(Some(()))
        };
        let ended = once_more(approve).await.map_err(failed("approving a request"))?;
        self.store.announce(Change::Job(job)).await;
        self.store.announce(Change::Environment(request.environment.clone())).await;
        Ok(ended.is_some())
    }

    /// The job that last worked on what this request changes or removes; it must have come to rest.
    async fn before(&self, request: &Request) -> Answer<Option<Journal>> {
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
        let sealed = self.seal.open(&before.job.request, &kept).and_then(|open| self.seal.seal(&request.id, &open));
        sealed.map(Some).map_err(|error| internal("sealing a password anew", &error))
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
        }
    }

    async fn refuse(&self, request: &Request, state: State, by: &Caller, comment: &str, now: Moment) -> Answer<bool> {
        let ending = Ending {
            state,
            by: Some((&by.account.id, &by.account.name, by.way)),
            comment: Some(comment).filter(|comment| !comment.is_empty()),
            job: None,
        };
        store::unapproved::end(&self.store, &Actor::of(by), request, &ending, now)
            .await
            .map_err(failed("ending a request"))
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

/// Only an open request that has not lapsed can be decided or taken back.
pub(super) fn refuse_decided(request: &Request, now: Moment) -> Answer<()> {
    match request.state {
        State::Waiting if now >= request.lapses_at => {
            Err(PortalError::conflict("The request has expired. Ask anew: the plan may be another one by now."))
        }
        State::Waiting => Ok(()),
        _ => Err(decided_already(request)),
    }
}

fn decided_already(request: &Request) -> PortalError {
    let by = request.decided_by_name.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
    let word = match request.state {
        State::Approved => "was approved",
        State::Rejected => "was rejected",
        State::Withdrawn => "was withdrawn",
        State::Expired => "has expired",
        State::Waiting => "waits",
    };
    PortalError::conflict(format!("The request {word}{by} already."))
}

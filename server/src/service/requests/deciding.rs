//! Deciding: a request ends once, by whoever is first; each level is answered by people who have not answered before.

use super::approving::{Approval, Came};
use super::{Seen, Whose, actor};
use crate::service::error::failed;
use crate::service::expected;
use crate::service::sending::new_id;
use crate::service::{Service, permit};
use crate::store::audit::of_request;
use crate::store::request::{Ending, Request};
use crate::store::unapproved::Refusal;
use crate::store::{self, Change, once};
use app::error::PortalError;
use app::portal::{Answer, Draft};
use domain::Moment;
use domain::account::Caller;
use domain::approval::{Entry, Word, standing};
use domain::audit::{Act, Actor};
use domain::field::FieldError;
use domain::form::Form;
use domain::id::{DraftId, RequestId};
use domain::permission::Action;
use domain::policy::Effect;
use domain::request::{Decision, Kind, State};
use domain::view::request::Whole;

impl Service {
    /// `level` is the one that the decider saw; none means the one that is asked now.
    pub(super) async fn decide_request(
        &self,
        caller: &Caller,
        id: &RequestId,
        decision: Decision,
        comment: &str,
        digest: &str,
        level: Option<u32>,
    ) -> Answer<Whole> {
        let seen = self.seen_request(caller, id).await?;
        let wanted = match decision {
            Decision::Approve => State::Approved,
            Decision::Reject => State::Rejected,
            Decision::Changes => State::Returned,
        };
        if said_already(&seen, caller, wanted, digest) {
            // The same click, twice: the first may have been written between the two reads of what was seen.
            return Ok(self.whole(caller, self.seen_request(caller, id).await?));
        }
        let whose = seen.whose(caller);
        permit(caller, Action::Decide, &whose.subject)?;
        expected::hold("requests", || self.whole(caller, seen.clone()))?;
        let comment = comment.trim();
        if comment.is_empty() && (decision != Decision::Approve || seen.request.rule.comment) {
            let said = match decision {
                Decision::Approve => "Say why: the policy asks for a comment with every approval.",
                _ => "Say why, so that the next request can be a better one.",
            };
            return Err(PortalError::invalid(vec![FieldError::new("comment", said)]));
        }
        if comment.chars().count() > MOST_WORDS {
            let said = format!("Say it in at most {MOST_WORDS} characters.");
            return Err(PortalError::invalid(vec![FieldError::new("comment", said)]));
        }
        let (request, now) = (&seen.request, self.clock.now());
        refuse_decided(request, now)?;
        if level.is_some_and(|level| level != request.level) {
            return Err(PortalError::conflict("Another level is asked by now. Look again, then decide."));
        }
        if decision == Decision::Approve && digest.trim() != request.digest {
            return Err(PortalError::conflict("This is not the plan that you looked at. Read it again, then decide."));
        }
        let came = match decision {
            Decision::Approve => {
                if let Some(differences) = self.lapsed(request, caller, now).await? {
                    return Err(PortalError::conflict(changed(&differences)));
                }
                if let Some(denial) = request.plan.findings.iter().find(|found| found.effect() == Some(Effect::Deny)) {
                    let said = format!("{} Ask for changes, or reject it.", denial.sentence);
                    return Err(PortalError::conflict(said));
                }
                let on_behalf = whose.on_behalf.as_deref();
                let approval =
                    Approval { caller, on_behalf, comment, record: expected::is_given().then_some(&*seen.record) };
                match request.kind {
                    Kind::Release => self.let_go(request, &approval, now).await?,
                    _ => self.approve(request, &approval, now).await?,
                }
            }
            Decision::Reject | Decision::Changes => {
                match self.refuse(&seen, wanted, caller, &whose, comment, now).await? {
                    true => Came::Last,
                    false => Came::Late,
                }
            }
        };
        let seen = self.seen_request(caller, id).await?;
        match came {
            Came::Late if !said_already(&seen, caller, wanted, digest) => Err(late(&seen.request)),
            _ => Ok(self.whole(caller, seen)),
        }
    }

    pub(super) async fn withdraw_request(&self, caller: &Caller, id: &RequestId) -> Answer<Whole> {
        let seen = self.seen_request(caller, id).await?;
        permit(caller, Action::Withdraw, &seen.whose(caller).subject)?;
        if seen.request.state == State::Withdrawn {
            return Ok(self.whole(caller, seen));
        }
        expected::hold("requests", || self.whole(caller, seen.clone()))?;
        let now = self.clock.now();
        refuse_decided(&seen.request, now)?;
        let whose = Whose { on_behalf: None, ..seen.whose(caller) };
        let ended = self.refuse(&seen, State::Withdrawn, caller, &whose, "", now).await?;
        let seen = self.seen_request(caller, id).await?;
        match ended || seen.request.state == State::Withdrawn {
            true => Ok(self.whole(caller, seen)),
            false => Err(late(&seen.request)),
        }
    }

    /// Adds words to the record; a request that has ended can still be spoken of.
    pub(super) async fn comment_request(&self, caller: &Caller, id: &RequestId, text: &str) -> Answer<Whole> {
        let seen = self.seen_request(caller, id).await?;
        let whose = seen.whose(caller);
        permit(caller, Action::Comment, &whose.subject)?;
        if once::done::<()>().is_some() {
            return Ok(self.whole(caller, seen));
        }
        expected::hold("requests", || self.whole(caller, seen.clone()))?;
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MOST_WORDS {
            let said = format!("Write something, at most {MOST_WORDS} characters.");
            return Err(PortalError::invalid(vec![FieldError::new("comment", said)]));
        }
        let (request, account) = (&seen.request, &caller.account);
        let entry = Entry {
            at: self.clock.now(),
            word: Word::Commented,
            by: Some(account.name.clone()),
            on_behalf: None,
            level: request.level,
            round: request.round,
            digest: request.digest.clone(),
            text: text.to_owned(),
        };
        let add = async {
            let mut tx = self.store.begin().await?;
            store::level::hold_any(&mut tx, id).await?;
            let record = store::record::of_in(&mut tx, id).await?;
            if let Err(stale) = expected::hold("requests", || self.whole(caller, Seen { record, ..seen.clone() })) {
                return Ok(Err(stale));
            }
            store::record::add(&mut tx, id, Some(speaker(caller)), &entry).await?;
            let told = of_request(Act::RequestCommented, &Actor::of(caller), request, entry.at).with("comment", text);
            store::audit::append(&mut tx, &told).await?;
            once::made(&());
            tx.commit().await.map(Ok)
        };
        add.await.map_err(failed("keeping a comment"))??;
        self.store.announce(Change::Environment(request.environment.clone())).await;
        Ok(self.whole(caller, self.seen_request(caller, id).await?))
    }

    async fn refuse(
        &self,
        seen: &Seen,
        state: State,
        by: &Caller,
        whose: &Whose<'_>,
        comment: &str,
        now: Moment,
    ) -> Answer<bool> {
        let request = &seen.request;
        let ending = Ending {
            state,
            by: Some((&by.account.id, &by.account.name, by.way)),
            comment: Some(comment).filter(|comment| !comment.is_empty()),
            job: None,
        };
        let goes_back = state == State::Returned && request.kind == Kind::Create;
        let draft = goes_back.then(|| returned(request, &by.account.name, comment, now));
        let refusal = Refusal {
            ending,
            on_behalf: whose.on_behalf.as_deref(),
            draft: draft.as_ref(),
            record: expected::is_given().then_some(&*seen.record),
        };
        let who = actor(by, whose.on_behalf.as_deref());
        store::unapproved::end(&self.store, &who, request, &refusal, now).await.map_err(failed("ending a request"))
    }
}

/// Characters of a comment; the form's field holds no more.
const MOST_WORDS: usize = 2_000;

pub(super) fn speaker(caller: &Caller) -> store::record::Speaker<'_> {
    let account = &caller.account;
    store::record::Speaker { account: &account.id, name: &account.name, way: caller.way, on_behalf: None }
}

/// The form as it was sent, with what its approver wants otherwise beside the reason.
fn returned(request: &Request, by: &str, comment: &str, now: Moment) -> Draft {
    let said: String = format!("{by} asks for changes: {comment}").chars().take(MOST_WORDS).collect();
    Draft {
        id: DraftId::new(new_id()),
        form: Form::of(&request.wish),
        errors: vec![FieldError::new("reason", said)],
        tried: true,
        saved: now,
    }
}

/// Whether this caller has said the same of this plan already.
fn said_already(seen: &Seen, caller: &Caller, wanted: State, digest: &str) -> bool {
    let (request, me) = (&seen.request, caller.account.name.as_str());
    let mine = |entry: &Entry| entry.by.as_deref() == Some(me);
    match wanted {
        State::Approved => {
            let counts = matches!(request.state, State::Waiting | State::Approved);
            let same_plan = digest.trim() == request.digest;
            counts && same_plan && standing(&seen.record, request.round).any(mine)
        }
        _ => request.state == wanted && request.decided_by_name.as_deref() == Some(me),
    }
}

fn changed(differences: &[String]) -> String {
    format!(
        "The world has changed since this plan was made, so that it would do something else: {}. The request shows the \
         plan as it is now; look at it, then decide.",
        differences.join("; ")
    )
}

/// Only an open request that has not lapsed can be decided or taken back.
pub(super) fn refuse_decided(request: &Request, now: Moment) -> Answer<()> {
    match request.state {
        State::Waiting if now >= request.lapses_at => {
            Err(PortalError::conflict("The request has expired. Ask anew: the plan may be another one by now."))
        }
        State::Waiting => Ok(()),
        _ => Err(late(request)),
    }
}

fn late(request: &Request) -> PortalError {
    let by = request.decided_by_name.as_deref().map(|name| format!(" by {name}")).unwrap_or_default();
    let word = match request.state {
        State::Approved => "was approved",
        State::Rejected => "was rejected",
        State::Returned => "was sent back",
        State::Withdrawn => "was withdrawn",
        State::Expired => "has expired",
        State::Waiting => return PortalError::conflict("Somebody was quicker: look again, then decide."),
    };
    PortalError::conflict(format!("The request {word}{by} already."))
}

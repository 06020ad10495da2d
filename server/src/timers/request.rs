//! What becomes of a request that nobody has answered in its time: it expires, or the platform engineers are asked.

use super::{Next, Timer};
use crate::store::request::{Ending, Request};
use crate::store::unapproved::Refusal;
use crate::store::{self, Change, Error, Store, timer};
use async_trait::async_trait;
use domain::Moment;
use domain::approval::{By, Entry, Rule, Unanswered, Word};
use domain::audit::{Act, Actor};
use domain::id::RequestId;
use domain::request::State;

pub struct RequestExpiry {
    pub store: Store,
}

#[async_trait]
impl Timer for RequestExpiry {
    fn kind(&self) -> &'static str {
        timer::REQUEST
    }

    async fn ring(&self, subject: &str, now: Moment) -> Result<Next, String> {
        let found = store::request::find(&self.store, &RequestId::new(subject)).await;
        let Some(request) = found.map_err(|error| error.to_string())? else { return Ok(Next::Done) };
        if request.state != State::Waiting {
            return Ok(Next::Done);
        }
        if now < request.lapses_at {
            return Ok(Next::Again(request.lapses_at));
        }
        if let Some(rule) = escalated(&request) {
            let until = now.plus(rule.valid_ms());
            let escalated = self.escalate(&request, &rule, until, now).await;
            // Answered in that moment: looked at again.
            return escalated
                .map(|done| Next::Again(if done { until } else { now }))
                .map_err(|error| error.to_string());
        }
        let ending = Ending { state: State::Expired, by: None, comment: None, job: None };
        let (who, refusal) = (Actor::keystead(), Refusal::plain(ending));
        let ended = store::unapproved::end(&self.store, &who, &request, &refusal, now).await;
        ended.map(|_| Next::Done).map_err(|error| error.to_string())
    }
}

/// The rule with the platform engineers in place of whoever did not answer; none where it has them already.
fn escalated(request: &Request) -> Option<Rule> {
    let wished = request.rule.unanswered == Unanswered::Escalates;
    if !wished || request.rule.level(request.level).by == By::Platform {
        return None;
    }
    let mut rule = request.rule.clone();
    rule.levels.get_mut(request.level as usize)?.by = By::Platform;
    Some(rule)
}

impl RequestExpiry {
    async fn escalate(&self, request: &Request, rule: &Rule, until: Moment, now: Moment) -> Result<bool, Error> {
        let mut tx = self.store.begin().await?;
        if !store::level::hold(&mut tx, request).await? {
            return Ok(false);
        }
        store::level::escalate(&mut tx, &request.id, rule, until, now).await?;
        let entry = Entry {
            at: now,
            word: Word::Escalated,
            by: None,
            on_behalf: None,
            level: request.level,
            round: request.round,
            digest: request.digest.clone(),
            text: "Nobody answered in time.".to_owned(),
        };
        store::record::add(&mut tx, &request.id, None, &entry).await?;
        let told = store::audit::of_request(Act::RequestEscalated, &Actor::keystead(), request, now);
        store::audit::append(&mut tx, &told).await?;
        let from_now_on = Request { rule: rule.clone(), lapses_at: until, ..request.clone() };
        store::notice::events::escalated(&mut tx, &from_now_on, now).await?;
        tx.commit().await?;
        self.store.announce(Change::Environment(request.environment.clone())).await;
        Ok(true)
    }
}

//! Jobs as people see them, and a person's word to them: cancel, retry, another vault name, roll back, take over.

mod known;
mod mending;
mod saying;
mod watching;

use super::error::{failed, internal};
use super::{Service, can, paging, permit};
use crate::engine::Heard;
use crate::store::event::Journal;
use crate::store::{self, once};
use app::error::PortalError;
use app::portal::{Answer, JobChange, Jobs};
use async_trait::async_trait;
use domain::account::Caller;
use domain::failure::Mend;
use domain::field::FieldError;
use domain::id::{JobId, RequestId};
use domain::job::Event;
use domain::name::VaultName;
use domain::permission::{Action, Subject};
use domain::reason::Reason;
use domain::view::job::{Filter, Line, Row, Tail, Whole};
use domain::view::{Can, Page};
use domain::wish::Wish;
use futures::StreamExt;
use futures::stream::BoxStream;
use mending::may_mend;
use saying::Beside;
use secrecy::SecretString;
use std::sync::Arc;
pub(super) use watching::Showing;

/// Lines of one answer.
const LINES: i64 = 1_000;
/// Lines of one page: so many a phone scrolls through at ease.
const TAIL: i64 = 500;

/// Key of the step that writes the password to the vault.
const SECRETS: &str = <crate::steps::Secrets as crate::engine::Step>::KEY;

#[async_trait]
impl Jobs for Service {
    async fn jobs(&self, caller: &Caller, filter: &Filter) -> Answer<Page<Row>> {
        let page = paging::rows(filter.limit)?;
        let teams = paging::teams(caller, &filter.team);
        let bounds = store::job::Filter {
            teams: teams.as_deref(),
            environment: Some(filter.environment.as_str()),
            state: filter.state,
        };
        let most = i64::try_from(page).unwrap_or(i64::MAX).saturating_add(1);
        let listed = store::job::list(&self.store, bounds, &filter.after, most).await;
        let (mut rows, total) = listed.map_err(failed("listing jobs"))?;
        let more = rows.len() > page;
        rows.truncate(page);
        rows.iter_mut().for_each(|row| row.team = self.title(&row.team));
        let next = rows.last().filter(|_| more).map(|last| last.id.to_string());
        Ok(Page { rows, total, next })
    }

    async fn job(&self, caller: &Caller, id: &JobId) -> Answer<Whole> {
        let journal = self.seen_job(caller, id).await?;
        let earlier = store::took::earlier(&self.store).await.map_err(failed("reading earlier jobs"))?;
        self.whole_job(caller, &journal, &earlier).await
    }

    async fn lines(&self, caller: &Caller, id: &JobId, after: i64) -> Answer<Vec<Line>> {
        let journal = self.seen_job(caller, id).await?;
        let lines = store::line::after(&self.store, id, &journal.job.outline, after, LINES).await;
        lines.map_err(failed("reading a log"))
    }

    async fn tail(&self, caller: &Caller, id: &JobId, before: i64, step: &str) -> Answer<Tail> {
        let journal = self.seen_job(caller, id).await?;
        let tail = store::line::tail(&self.store, id, &journal.job.outline, before, step, TAIL).await;
        tail.map_err(failed("reading a log"))
    }

    async fn follow(&self, caller: &Caller, id: &JobId, after: i64) -> Answer<BoxStream<'static, JobChange>> {
        let journal = self.live.look(id).await.map_err(failed("reading a job"))?;
        let journal = journal.ok_or_else(PortalError::not_found)?;
        permit(caller, Action::See, &subject(&journal))?;
        let me = self.me.upgrade().ok_or_else(|| internal("following a job", &"the service is gone"))?;
        let heard = self.live.follow(id, after).await.map_err(failed("following a job"))?;
        let caller = Arc::new(caller.clone());
        let changes = heard.filter_map(move |heard| {
            let (me, caller) = (me.clone(), Arc::clone(&caller));
            async move {
                match heard {
                    Heard::Line(line) => Some(JobChange::Line(line)),
                    Heard::End => Some(JobChange::End),
                    Heard::Now(journal) => me.shown(&caller, &journal).await.ok().map(JobChange::Now),
                }
            }
        });
        Ok(changes.boxed())
    }

    async fn rests(&self, caller: &Caller, id: &JobId) -> Answer<()> {
        let journal = self.live.look(id).await.map_err(failed("reading a job"))?;
        let journal = journal.ok_or_else(PortalError::not_found)?;
        permit(caller, Action::See, &subject(&journal))?;
        let mut heard = std::pin::pin!(self.live.follow(id, i64::MAX).await.map_err(failed("following a job"))?);
        while let Some(heard) = heard.next().await {
            match heard {
                Heard::Now(journal) if journal.status.state().moving() => {}
                Heard::Line(_) => {}
                Heard::Now(_) | Heard::End => break,
            }
        }
        Ok(())
    }

    async fn cancel(&self, caller: &Caller, id: &JobId, why: &str) -> Answer<()> {
        let (by, why) = (caller.account.name.clone(), Reason::parse(why));
        self.word(caller, Action::Cancel, id, Beside::Nothing, |journal| {
            allowed(journal.status.can_cancel())?;
            Ok(vec![Event::CancelAsked { by: by.clone(), why: Some(given(&why)?) }])
        })
        .await
    }

    async fn retry(&self, caller: &Caller, id: &JobId, password: Option<SecretString>, why: &str) -> Answer<()> {
        let journal = self.seen_job(caller, id).await?;
        permit(caller, Action::Retry, &subject(&journal))?;
        if once::done::<()>().is_some() {
            return Ok(());
        }
        allowed(journal.status.can_retry())?;
        let why = given(&Reason::optional(why))?;
        let sealed = self.password_for_retry(&journal, password).await?;
        let by = caller.account.name.clone();
        let beside = sealed.as_ref().map_or(Beside::Nothing, Beside::Password);
        self.word(caller, Action::Retry, id, beside, |journal| {
            allowed(journal.status.can_retry())?;
            let mut events = vec![Event::RetryAsked { by: by.clone(), why: why.clone() }];
            if sealed.is_some() {
                // The vault still holds what was refused: the step that writes it begins again.
                events.insert(0, Event::Redo { step: SECRETS.to_owned(), by: by.clone() });
            }
            Ok(events)
        })
        .await
    }

    async fn change_vault_name(&self, caller: &Caller, id: &JobId, name: &str) -> Answer<RequestId> {
        let journal = self.seen_job(caller, id).await?;
        permit(caller, Action::Retry, &subject(&journal))?;
        if let Some(request) = once::done() {
            return Ok(request);
        }
        may_mend(&journal, Mend::VaultName)?;
        let wrong = |sentence: String| PortalError::invalid(vec![FieldError::new("vault_name", sentence)]);
        let name = VaultName::parse(name).map_err(wrong)?;
        if name.as_str().eq_ignore_ascii_case(journal.job.wish.vault.name.as_str()) {
            return Err(wrong("This is the name that was refused. Give the vault another one.".to_owned()));
        }
        if let Some(sentence) = self.vault_taken(&name).await? {
            return Err(wrong(sentence));
        }
        if let Some(error) = self.vault_error(name.as_str()).await? {
            return Err(PortalError::invalid(vec![error]));
        }
        let mut wish: Wish = journal.job.wish.clone();
        let before = std::mem::replace(&mut wish.vault.name, name);
        wish.vault.deleted = None;
        let why = format!("the vault is to be named {} instead of {before}", wish.vault.name);
        self.send_back(caller, &journal, Mend::VaultName, &wish, why).await
    }

    async fn plan_again(&self, caller: &Caller, id: &JobId) -> Answer<RequestId> {
        let journal = self.seen_job(caller, id).await?;
        permit(caller, Action::Retry, &subject(&journal))?;
        if let Some(request) = once::done() {
            return Ok(request);
        }
        may_mend(&journal, Mend::Plan)?;
        let why = "the world has changed since the plan was approved".to_owned();
        self.send_back(caller, &journal, Mend::Plan, &journal.job.wish, why).await
    }

    async fn roll_back(&self, caller: &Caller, id: &JobId, why: &str) -> Answer<()> {
        let (by, why) = (caller.account.name.clone(), Reason::parse(why));
        // A changed plan that waits for its approver has nothing to be approved for any more.
        let comment = format!("The job is rolled back: {}", why.as_ref().map(ToString::to_string).unwrap_or_default());
        self.word(caller, Action::RollBack, id, Beside::Ends(&comment), |journal| {
            allowed(journal.status.can_roll_back(&journal.job.outline))?;
            Ok(vec![Event::RollBackAsked { by: by.clone(), why: Some(given(&why)?) }])
        })
        .await
    }

    async fn take_over(&self, caller: &Caller, id: &JobId, why: &str) -> Answer<()> {
        let (by, why, now) = (caller.account.name.clone(), Reason::parse(why), self.clock.now());
        let hand = store::queue::hand(&self.store, id).await.map_err(failed("reading a job"))?;
        let silent_since = hand.and_then(|hand| hand.silent_since());
        self.word(caller, Action::TakeOver, id, Beside::Nothing, |journal| {
            allowed(journal.status.can_take_over(silent_since, now))?;
            Ok(vec![Event::TakenOver { by: by.clone(), why: given(&why)? }])
        })
        .await
    }
}

/// A reason as it was typed, or what is wrong with it.
fn given<T: Clone>(why: &Result<T, String>) -> Answer<T> {
    why.clone().map_err(|sentence| PortalError::invalid(vec![FieldError::new("reason", sentence)]))
}

/// What the caller's right to a job is judged by.
fn subject(journal: &Journal) -> Subject<'_> {
    Subject::of(&journal.job.team, None)
}

/// By the job's state; a refusal is a conflict, for the job may have moved since the page was made.
fn allowed(can: Can) -> Answer<()> {
    if can.allowed { Ok(()) } else { Err(PortalError::conflict(can.reason.unwrap_or_default())) }
}

impl Service {
    fn title(&self, team: &str) -> String {
        let known = self.choices.teams.iter().find(|known| known.name.as_str() == team);
        known.map_or_else(|| team.to_owned(), |team| team.title.clone())
    }

    async fn seen_job(&self, caller: &Caller, id: &JobId) -> Answer<Journal> {
        let found = store::event::load(&self.store, id).await.map_err(failed("reading a job"))?;
        let journal = found.ok_or_else(PortalError::not_found)?;
        permit(caller, Action::See, &subject(&journal))?;
        Ok(journal)
    }

    pub(super) async fn whole_job(
        &self,
        caller: &Caller,
        journal: &Journal,
        earlier: &store::took::Earlier,
    ) -> Answer<Whole> {
        let (job, status) = (&journal.job, &journal.status);
        let row = store::job::row(&self.store, &job.id).await.map_err(failed("reading a job"))?;
        let (mut row, hand) = row.ok_or_else(PortalError::not_found)?;
        row.team = self.title(&row.team);
        let now = self.clock.now();
        let turn = match hand.waits(now) {
            true => store::queue::turn(&self.store, &job.id, now).await.map_err(failed("reading the queue"))?,
            false => None,
        };
        let [cancel, retry, roll_back, take_over] = rights(caller, journal);
        let of = |by_table: Can, by_state: Can| if by_table.allowed { by_state } else { by_table };
        let failure = status.failure(&job.outline);
        Ok(Whole {
            row,
            asked_by: job.asked_by.clone(),
            approved_by: job.approved_by.clone(),
            approved_at: job.approved_at,
            request: job.request.clone(),
            steps: status.steps_shown(&job.outline, now, |step| earlier.of_step(step).map(|took| took.median_ms)),
            failed_step: failure.map(|(step, _)| step.key.clone()),
            failure: failure.map(|(_, failure)| failure.clone()),
            took_ms: status.took_ms(now),
            expected_ms: store::took::whole(&job.outline).and_then(|key| earlier.of(key)).map(|took| took.median_ms),
            cancel: of(cancel, status.can_cancel()),
            retry: of(retry, status.can_retry()),
            roll_back: of(roll_back, status.can_roll_back(&job.outline)),
            take_over: of(take_over, status.can_take_over(hand.silent_since(), now)),
            turn,
            words: status.words.clone(),
            stands: status.stands(&job.outline),
            held_by: status.held.as_ref().map(|held| held.request.clone()),
            position: status.position,
            now,
        })
    }
}

/// What the table of permissions says of this caller: to cancel, to retry, to roll back, to take over.
fn rights(caller: &Caller, journal: &Journal) -> [Can; 4] {
    let all = [Action::Cancel, Action::Retry, Action::RollBack, Action::TakeOver];
    all.map(|action| can(caller, action, &subject(journal)))
}

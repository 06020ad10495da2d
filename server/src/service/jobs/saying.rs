//! A person's word to a job, and in the same transaction what is done beside it: all of it has happened, or nothing.

use super::{known, subject};
use crate::seal::Sealed;
use crate::service::error::failed;
use crate::service::{Service, expected, permit};
use crate::store::event::{self, Journal};
use crate::store::request::Ending;
use crate::store::unapproved::{self, Refusal};
use crate::store::{self, Change, Tx, once};
use app::error::PortalError;
use app::portal::Answer;
use domain::Moment;
use domain::account::Caller;
use domain::audit::Actor;
use domain::id::{EnvironmentId, JobId};
use domain::job::Event;
use domain::permission::Action;
use domain::request::State;

/// What is done together with a word.
#[derive(Clone, Copy)]
pub(super) enum Beside<'a> {
    Nothing,
    /// This password stands in place of the former one.
    Password(&'a Sealed),
    /// The changed plan for which the job is held, where it is, is withdrawn with these words.
    Ends(&'a str),
}

impl Service {
    /// A person's word, if the caller may say it and the job is where it makes sense.
    pub(super) async fn word(
        &self,
        caller: &Caller,
        action: Action,
        id: &JobId,
        beside: Beside<'_>,
        word: impl Fn(&Journal) -> Answer<Vec<Event>>,
    ) -> Answer<()> {
        if once::done::<()>().is_some() {
            return self.seen_job(caller, id).await.map(drop);
        }
        loop {
            match self.say(caller, action, id, beside, &word).await {
                // Somebody wrote in between: all of it is decided again.
                Err(Refused::Store(store::Error::Behind)) => {}
                Err(Refused::Store(error)) => return Err(failed("writing to a job")(error)),
                Err(Refused::Portal(error)) => return Err(error),
                Ok((journal, ended)) => {
                    journal.announce(&self.store).await;
                    if let Some(environment) = ended {
                        self.store.announce(Change::Environment(environment)).await;
                    }
                    return Ok(());
                }
            }
        }
    }

    async fn say(
        &self,
        caller: &Caller,
        action: Action,
        id: &JobId,
        beside: Beside<'_>,
        word: &impl Fn(&Journal) -> Answer<Vec<Event>>,
    ) -> Result<(Journal, Option<EnvironmentId>), Refused> {
        let (by, now) = (Actor::of(caller), self.clock.now());
        let mut tx = self.store.begin().await?;
        let mut journal = event::load_in(&mut tx, id).await?.ok_or(store::Error::NotFound)?;
        permit(caller, Action::See, &subject(&journal))?;
        permit(caller, action, &subject(&journal))?;
        expected::hold("jobs", || known::Known::of(&journal))?;
        let events = word(&journal)?;
        let ended = match beside {
            Beside::Nothing => None,
            Beside::Password(sealed) => {
                store::sealed::keep(&mut tx, &journal.job.request, sealed, now).await?;
                None
            }
            Beside::Ends(comment) => self.end_held(&mut tx, &mut journal, caller, comment, now).await?,
        };
        event::say_in(&mut tx, &by, &mut journal, now, &events).await?;
        once::made(&());
        tx.commit().await?;
        Ok((journal, ended))
    }

    /// The request before the job, as everybody takes them who writes to both. The job is told of it, so that its journal
    /// is another one afterwards.
    async fn end_held(
        &self,
        tx: &mut Tx,
        journal: &mut Journal,
        caller: &Caller,
        comment: &str,
        now: Moment,
    ) -> Result<Option<EnvironmentId>, store::Error> {
        let Some(held) = &journal.status.held else { return Ok(None) };
        let Some(request) = store::request::find(&self.store, &held.request).await? else { return Ok(None) };
        let by = Some((&caller.account.id, caller.account.name.as_str(), caller.way));
        let ending = Ending { state: State::Withdrawn, by, comment: Some(comment), job: None };
        let ended = unapproved::within(tx, &Actor::of(caller), &request, &Refusal::plain(ending), now).await?;
        let told = event::load_in(tx, &journal.job.id).await?.ok_or(store::Error::NotFound)?;
        if told.status.position != journal.status.position + i64::from(ended) {
            return Err(store::Error::Behind);
        }
        *journal = told;
        Ok(ended.then_some(request.environment))
    }
}

enum Refused {
    Portal(PortalError),
    Store(store::Error),
}

impl From<PortalError> for Refused {
    fn from(error: PortalError) -> Refused {
        Refused::Portal(error)
    }
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Refused {
        Refused::Store(error)
    }
}

//! What a person gives a stopped job so that it can go on: a plan that goes back to its approver, or another password.

use super::allowed;
use crate::seal::Sealed;
use crate::service::Service;
use crate::service::error::failed;
use crate::service::sending::{Sending, new_id, refuse_denied};
use crate::service::warnings::Age;
use crate::store::event::Journal;
use crate::store::{self, once, timer};
use app::error::PortalError;
use app::portal::Answer;
use domain::account::Caller;
use domain::audit::{Act, Actor, Entry, Subject};
use domain::failure::Mend;
use domain::field::FieldError;
use domain::id::RequestId;
use domain::job::Event;
use domain::plan::Finding;
use domain::request::Kind;
use domain::wish::Wish;
use secrecy::SecretString;

fn mend(journal: &Journal) -> Option<Mend> {
    journal.status.failure(&journal.job.outline).and_then(|(_, failure)| failure.mend)
}

pub(super) fn may_mend(journal: &Journal, with: Mend) -> Answer<()> {
    allowed(journal.status.can_retry())?;
    match mend(journal) {
        Some(mend) if mend == with => Ok(()),
        _ => Err(PortalError::conflict("That is no remedy for what stopped this job.")),
    }
}

/// As a sentence of its own.
fn sentence(why: &str) -> String {
    let mut letters = why.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

impl Service {
    /// Sends a stopped job's plan back to its approver, as it is over this wish and the world as it is now; the job is
    /// held until then.
    pub(super) async fn send_back(
        &self,
        caller: &Caller,
        journal: &Journal,
        mend: Mend,
        wish: &Wish,
        why: String,
    ) -> Answer<RequestId> {
        let (job, now) = (&journal.job, self.clock.now());
        let kind = if mend == Mend::VaultName { Kind::Rename } else { Kind::Replan };
        let outline = if kind == Kind::Rename { self.recipe.outline(wish) } else { job.outline.clone() };
        let mut plan = self.plan_looked(wish, &job.environment, &outline, job.former.as_ref()).await?;
        plan.findings.extend(self.judge(kind, wish, job.former.as_ref(), Age::Fresh).await?);
        refuse_denied(&plan)?;
        // Its approver, who has seen it once, reads first what is new about it.
        plan.findings.insert(0, Finding::warn(None, sentence(&why)));
        let request = RequestId::new(new_id());
        let former = job.former.as_ref();
        let sending = Sending { kind, wish, former, purge: false, plan, job: Some(job.id.clone()) };
        let row = self.sent(caller, &request, &job.environment, sending, now).await;
        let by = Actor::of(caller);
        let mended = Entry::new(now, Act::JobMended, by.clone(), Subject::job(&job.id, job.title.as_str()))
            .about(&job.environment, &job.environment_name, &job.team)
            .over(row.digest.as_str())
            .with("reason", why.as_str());
        let held = Event::Held { request: request.clone(), by: caller.account.name.clone(), why };
        loop {
            let held = held.clone();
            let send = async {
                let mut tx = self.store.begin().await?;
                let mut journal = store::event::load_in(&mut tx, &job.id).await?.ok_or(store::Error::NotFound)?;
                if let Err(refusal) = may_mend(&journal, mend) {
                    return Ok(Err(refusal));
                }
                store::request::add(&mut tx, &row).await?;
                store::audit::asked(&mut tx, &by, &row, now).await?;
                store::notice::events::asked(&mut tx, &row, now).await?;
                store::audit::append(&mut tx, &mended).await?;
                timer::set(&mut tx, timer::REQUEST, request.as_str(), row.lapses_at).await?;
                journal.append(&mut tx, store::event::Writer::Person, now, &[held], &[]).await?;
                once::made(&request);
                tx.commit().await?;
                Ok::<_, store::Error>(Ok(journal))
            };
            match send.await {
                Err(store::Error::Behind) => {}
                Err(store::Error::Taken(_)) => {
                    return Err(PortalError::conflict("Another request about this environment waits already."));
                }
                Err(error) => return Err(failed("sending a plan back")(error)),
                Ok(Err(refusal)) => return Err(refusal),
                Ok(Ok(journal)) => {
                    journal.announce(&self.store).await;
                    return Ok(request);
                }
            }
        }
    }

    /// Another password, sealed: it is to stand in place of the one that was refused, or that was deleted meanwhile.
    pub(super) async fn password_for_retry(
        &self,
        journal: &Journal,
        password: Option<SecretString>,
    ) -> Answer<Option<Sealed>> {
        let failed = failed("keeping a password");
        let request = &journal.job.request;
        let refused = mend(journal) == Some(Mend::Password);
        let kept = store::sealed::find(&self.store, request).await.map_err(&failed)?.is_some();
        let Some(password) = password else {
            // Without one, the job goes on with what it has; where it has none, only a person can help.
            if refused && !kept {
                let said = "Type the password of the database user again; the sealed one is deleted after seven days.";
                return Err(PortalError::invalid(vec![FieldError::new("password", said)]));
            }
            return Ok(None);
        };
        self.sealed(request, &password).await.map(Some)
    }
}

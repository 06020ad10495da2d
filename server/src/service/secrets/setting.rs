//! Sets a secret by hand: one at a time, over the version that was looked at, recorded before the vault is asked and after.

use super::{LONGEST, secret, settable, why};
use crate::service::environments::subject;
use crate::service::error::{failed, unavailable};
use crate::service::{Service, expected, permit};
use crate::store::claim::{self, Claim};
use crate::store::environment::Environment;
use crate::store::wake::Change;
use crate::store::{self, Error};
use app::error::{Code, PortalError};
use app::portal::Answer;
use azure::SecretFacts;
use domain::Moment;
use domain::account::Caller;
use domain::audit::{Act, Actor, Entry, Subject as Done};
use domain::field::FieldError;
use domain::job;
use domain::naming::{PASSWORD, SECRETS};
use domain::permission::Action;
use domain::view::environment::Secret;
use secrecy::{ExposeSecret, SecretString};
use tracing::Instrument;

/// Milliseconds after which one that was left behind by a server that died is anybody's: longer than the vault is
/// waited for.
const HELD: i64 = 30_000;
/// Bytes of a value that Key Vault takes (its "about secrets" says 25 KB).
const MOST: usize = 25_000;

/// A secret that is claimed, and for whom.
struct Setting {
    caller: Caller,
    environment: Environment,
    name: &'static str,
    until: Moment,
    /// Whether the environment is whole, so that the checks can prove it.
    whole: bool,
}

impl Setting {
    fn claim(&self) -> Claim<'_> {
        Claim { environment: &self.environment.id, name: self.name, until: self.until }
    }

    fn entry(&self, act: Act, at: Moment) -> Entry {
        let Environment { id, name, team, .. } = &self.environment;
        let done = Done::environment(id, name.as_str());
        Entry::new(at, act, Actor::of(&self.caller), done).with("secret", self.name).about(id, name, team)
    }
}

impl Service {
    pub(super) async fn set_by_hand(
        &self,
        caller: &Caller,
        environment: Environment,
        name: &str,
        version: Option<&str>,
        value: SecretString,
    ) -> Answer<Secret> {
        permit(caller, Action::SetSecret, &subject(&environment))?;
        let name = SECRETS.into_iter().find(|known| known.eq_ignore_ascii_case(name));
        let name = name.ok_or_else(PortalError::not_found)?;
        fits(name, &value)?;
        let newest = self.newest_job(&environment).await?;
        let can = settable(caller, &environment, newest);
        if !can.allowed {
            return Err(PortalError::conflict(can.reason.unwrap_or_default()));
        }
        let whole = newest == Some(job::State::Succeeded);
        let until = self.clock.now().plus(HELD);
        let setting = Setting { caller: caller.clone(), environment, name, until, whole };
        self.take_claim(&setting).await?;
        let present = match self.still_as_looked_at(&setting, version).await {
            Ok(present) => present,
            Err(refused) => {
                self.leave_claim(&setting, None).await.map_err(failed("leaving a secret"))?;
                return Err(refused);
            }
        };
        // Whoever asked may be gone before the vault answers: what has begun is brought to its end and recorded.
        let me = self.me.upgrade().ok_or_else(|| unavailable("the server stops"))?;
        let rest = async move { me.put_and_record(setting, present, value).await }.in_current_span();
        tokio::spawn(rest).await.unwrap_or_else(|_| Err(unavailable("the secret was not set")))
    }

    async fn take_claim(&self, setting: &Setting) -> Answer<()> {
        let take = async {
            let mut tx = self.store.begin().await?;
            let taken = claim::take(&mut tx, &setting.claim(), self.clock.now()).await?;
            tx.commit().await.map(|()| taken)
        };
        match take.await.map_err(failed("claiming a secret"))? {
            true => Ok(()),
            false => Err(PortalError::conflict("Somebody sets it at this moment. Look again, then decide.")),
        }
    }

    /// What the vault holds, if it is what the caller has looked at.
    async fn still_as_looked_at(&self, setting: &Setting, version: Option<&str>) -> Answer<Option<SecretFacts>> {
        let vault = self.azure.vault(setting.environment.wish.vault.name.as_str());
        let present = timely(vault.get(setting.name)).await?;
        expected::hold("secrets", || secret(setting.name, present.as_ref(), self.clock.now()))?;
        let standing = present.as_ref().and_then(|facts| facts.version.as_deref());
        if version.is_some_and(|version| standing != Some(version)) {
            return Err(PortalError::conflict("Somebody has set it since you looked. Look again, then decide."));
        }
        Ok(present)
    }

    async fn put_and_record(
        &self,
        setting: Setting,
        present: Option<SecretFacts>,
        value: SecretString,
    ) -> Answer<Secret> {
        let put = self.put_in_vault(&setting, present, &value).await;
        let version = put.as_ref().ok().and_then(|secret| secret.version.as_deref());
        let left = self.leave_claim(&setting, version).await;
        left.map_err(failed("recording that a secret was set")).and(put)
    }

    async fn put_in_vault(
        &self,
        setting: &Setting,
        present: Option<SecretFacts>,
        value: &SecretString,
    ) -> Answer<Secret> {
        let asked = async {
            let mut tx = self.store.begin().await?;
            store::audit::append(&mut tx, &setting.entry(Act::SecretAsked, self.clock.now())).await?;
            tx.commit().await
        };
        asked.await.map_err(failed("recording that a secret is to be set"))?;
        // The version that takes its place belongs to the same set: a look goes on finding all four.
        let tags = present.map(|facts| facts.tags).unwrap_or_default();
        let vault = self.azure.vault(setting.environment.wish.vault.name.as_str());
        let written = timely(vault.set(setting.name, value, &tags)).await?;
        Ok(secret(setting.name, Some(&written), self.clock.now()))
    }

    /// Lets others set it; where it was set, records that and has the checks run on what the app does with it.
    async fn leave_claim(&self, setting: &Setting, version: Option<&str>) -> Result<(), Error> {
        let environment = &setting.environment;
        let checked = version.is_some() && setting.whole;
        let running = match checked {
            true => store::validation::newest(&self.store, &environment.id, 1).await?,
            false => Vec::new(),
        };
        let mut tx = self.store.begin().await?;
        claim::leave(&mut tx, &setting.claim()).await?;
        if let Some(version) = version {
            let entry = setting.entry(Act::SecretsWritten, self.clock.now()).with("version", version);
            store::audit::append(&mut tx, &entry).await?;
        }
        if checked && !running.iter().any(|run| run.validation.running) {
            self.begin_checks(&mut tx, environment, &setting.caller.account.name).await?;
        }
        tx.commit().await?;
        self.store.announce(Change::Environment(environment.id.clone())).await;
        self.store.announce(Change::Timer).await;
        Ok(())
    }
}

/// Whether it is one that is set by hand, and the value one that the vault takes.
fn fits(name: &str, value: &SecretString) -> Answer<()> {
    if name != PASSWORD {
        let said = format!("Only {PASSWORD} is set by hand; {name} follows from what was approved.");
        return Err(PortalError::conflict(said));
    }
    let said = match value.expose_secret().len() {
        0 => "Give a value.",
        length if length > MOST => "Key Vault takes at most 25,000 bytes.",
        _ => return Ok(()),
    };
    Err(PortalError::invalid(vec![FieldError::new("value", said)]))
}

/// What the vault answers within the time for which a program waits.
async fn timely<T>(asked: impl Future<Output = Result<T, azure::Error>>) -> Answer<T> {
    let lost = |said: String| PortalError::new(Code::Unavailable, said);
    match tokio::time::timeout(LONGEST, asked).await {
        Ok(answer) => answer.map_err(|error| lost(why(&error))),
        Err(_) => Err(lost("The vault does not answer at the moment.".to_owned())),
    }
}

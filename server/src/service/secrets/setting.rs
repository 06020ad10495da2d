//! Sets a secret by hand: one at a time, over the version that was looked at, recorded before the vault is asked and after.

use super::{LONGEST, secret, why};
use crate::service::environments::subject;
use crate::service::error::failed;
use crate::service::{Service, expected, permit};
use crate::store::claim::{self, Claim};
use crate::store::environment::Environment;
use crate::store::wake::Change;
use crate::store::{self, Error};
use app::error::{Code, PortalError};
use app::portal::Answer;
use azure::Vault;
use domain::account::Caller;
use domain::audit::{Act, Actor, Entry, Subject as Done};
use domain::field::FieldError;
use domain::job;
use domain::naming::{PASSWORD, SECRETS};
use domain::permission::Action;
use domain::view::environment::Secret;
use secrecy::{ExposeSecret, SecretString};

/// Milliseconds after which one that was left behind by a server that died is anybody's: longer than the vault is
/// waited for.
const HELD: i64 = 30_000;
/// Bytes of a value that Key Vault takes (its "about secrets" says 25 KB).
const MOST: usize = 25_000;

impl Service {
    pub(super) async fn set_by_hand(
        &self,
        caller: &Caller,
        environment: &Environment,
        name: &str,
        version: Option<&str>,
        value: SecretString,
    ) -> Answer<Secret> {
        permit(caller, Action::SetSecret, &subject(environment))?;
        let name = SECRETS.into_iter().find(|known| known.eq_ignore_ascii_case(name));
        let name = name.ok_or_else(PortalError::not_found)?;
        fits(name, &value)?;
        let can = self.settable(caller, environment).await?;
        if !can.allowed {
            return Err(PortalError::conflict(can.reason.unwrap_or_default()));
        }
        // The checks prove a whole environment.
        let whole = self.newest_job(environment).await? == Some(job::State::Succeeded);
        let now = self.clock.now();
        let claim = Claim { environment: &environment.id, name, until: now.plus(HELD) };
        let take = async {
            let mut tx = self.store.begin().await?;
            let taken = claim::take(&mut tx, &claim, now).await?;
            tx.commit().await.map(|()| taken)
        };
        if !take.await.map_err(failed("claiming a secret"))? {
            return Err(PortalError::conflict("Somebody sets it at this moment. Look again, then decide."));
        }
        let set = self.put_in_vault(caller, environment, name, version, &value).await;
        let told = set.as_ref().ok().and_then(|set| set.version.as_deref());
        let released = self.release_claim(caller, environment, &claim, told, whole).await;
        self.store.announce(Change::Environment(environment.id.clone())).await;
        released.map_err(failed("recording that a secret was set")).and(set)
    }

    /// Asks the vault, if it still holds what the caller has looked at.
    async fn put_in_vault(
        &self,
        caller: &Caller,
        environment: &Environment,
        name: &str,
        version: Option<&str>,
        value: &SecretString,
    ) -> Answer<Secret> {
        let vault = self.azure.vault(environment.wish.vault.name.as_str());
        let present = timely(vault.get(name)).await?;
        let now = self.clock.now();
        expected::hold("secrets", || secret(name, present.as_ref(), now))?;
        if version.is_some_and(|version| present.as_ref().and_then(|facts| facts.version.as_deref()) != Some(version)) {
            return Err(PortalError::conflict("Somebody has set it since you looked. Look again, then decide."));
        }
        let asked = async {
            let mut tx = self.store.begin().await?;
            store::audit::append(&mut tx, &self.secret_entry(Act::SecretAsked, caller, environment, name)).await?;
            tx.commit().await
        };
        asked.await.map_err(failed("recording that a secret is to be set"))?;
        // The version that takes its place belongs to the same set: a look goes on finding all four.
        let tags = present.map(|facts| facts.tags).unwrap_or_default();
        let written = timely(Vault::set(&vault, name, value, &tags)).await?;
        Ok(secret(name, Some(&written), self.clock.now()))
    }

    /// Lets others set it; where it was set, records that and has the checks run on what the app does with it.
    async fn release_claim(
        &self,
        caller: &Caller,
        environment: &Environment,
        claim: &Claim<'_>,
        version: Option<&str>,
        whole: bool,
    ) -> Result<(), Error> {
        let checked = version.is_some() && whole;
        let running = match checked {
            true => store::validation::newest(&self.store, &environment.id, 1).await?,
            false => Vec::new(),
        };
        let running = running.iter().any(|run| run.validation.running);
        let mut tx = self.store.begin().await?;
        claim::leave(&mut tx, claim).await?;
        if let Some(version) = version {
            let entry =
                self.secret_entry(Act::SecretsWritten, caller, environment, claim.name).with("version", version);
            store::audit::append(&mut tx, &entry).await?;
        }
        if checked && !running {
            self.begin_checks(&mut tx, environment, &caller.account.name).await?;
        }
        tx.commit().await?;
        self.store.announce(Change::Timer).await;
        Ok(())
    }

    fn secret_entry(&self, act: Act, caller: &Caller, environment: &Environment, secret: &str) -> Entry {
        let done = Done::environment(&environment.id, environment.name.as_str());
        let entry = Entry::new(self.clock.now(), act, Actor::of(caller), done).with("secret", secret);
        entry.about(&environment.id, &environment.name, &environment.team)
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

//! The secrets in an environment's vault by name, version and age: asked of the vault, which tells them without a value.

use super::Service;
use super::cache::Cache;
use crate::store::environment::Environment;
use app::error::PortalError;
use app::portal::Answer;
use azure::{Kind, SecretFacts};
use domain::Moment;
use domain::account::Caller;
use domain::environment::State;
use domain::id::EnvironmentId;
use domain::naming::SECRETS;
use domain::view::environment::{Secret, Secrets};
use futures::future::try_join_all;
use std::time::Duration;

/// What a vault told a moment ago, or why it told nothing.
pub(super) type Known = Cache<EnvironmentId, Result<Vec<Option<SecretFacts>>, String>>;

/// A program waits.
const LONGEST: Duration = Duration::from_secs(10);

impl Service {
    pub(super) async fn secrets_of(&self, caller: &Caller, name: &str) -> Answer<Secrets> {
        let environment = self.seen_environment(caller, name).await?;
        let now = self.clock.now();
        let (facts, unread) = match self.asked_of_the_vault(&environment, now).await? {
            Ok(facts) => (facts, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let of = |(place, name): (usize, &&str)| secret(name, facts.get(place).and_then(Option::as_ref), now);
        Ok(Secrets {
            vault: environment.wish.vault.name.to_string(),
            rows: SECRETS.iter().enumerate().map(of).collect(),
            unread,
            next: None,
            now,
        })
    }

    async fn asked_of_the_vault(
        &self,
        environment: &Environment,
        now: Moment,
    ) -> Answer<Result<Vec<Option<SecretFacts>>, String>> {
        match environment.state {
            State::Waiting => return Ok(Err("Nothing stands of it yet.".to_owned())),
            State::Gone => return Ok(Err("Nothing of it is left.".to_owned())),
            _ => {}
        }
        let vault = self.azure.vault(environment.wish.vault.name.as_str());
        let ask = async {
            let all = try_join_all(SECRETS.iter().map(|name| vault.get(name)));
            let told = match tokio::time::timeout(LONGEST, all).await {
                Ok(Ok(facts)) => Ok(facts),
                Ok(Err(error)) => Err(why(&error)),
                Err(_) => Err("The vault does not answer at the moment.".to_owned()),
            };
            Ok::<_, PortalError>(told)
        };
        Ok(self.secrets.read(environment.id.clone(), now, ask).await?.as_ref().clone())
    }
}

fn secret(name: &str, facts: Option<&SecretFacts>, now: Moment) -> Secret {
    let created = facts.and_then(|facts| facts.created).map(|at| Moment(at.as_millisecond()));
    Secret {
        name: name.to_owned(),
        version: facts.and_then(|facts| facts.version.clone()),
        enabled: facts.map(|facts| facts.enabled),
        created,
        age_seconds: created.map(|at| now.since(at) / 1_000),
    }
}

/// In words for whoever asked; the detail is logged.
fn why(error: &azure::Error) -> String {
    tracing::warn!(%error, "the secrets of a vault could not be listed");
    match error.kind() {
        Kind::Denied => "Keystead may not list the secrets of this vault.".to_owned(),
        Kind::NotFound => "The vault is not there.".to_owned(),
        _ => "The vault does not answer at the moment.".to_owned(),
    }
}

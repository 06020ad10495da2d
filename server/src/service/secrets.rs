//! The secrets in an environment's vault by name, version and age: asked of the vault, which tells them without a value.

mod setting;

use super::cache::Cache;
use super::changeable::LET_GO;
use super::environments::subject;
use super::{Service, can};
use crate::engine::StepError;
use crate::engine::refusal::step_error;
use crate::store::environment::Environment;
use app::error::{Code, PortalError};
use app::portal::{Answer, Secrets as Port};
use async_trait::async_trait;
use azure::{Kind, SecretFacts};
use domain::Moment;
use domain::account::Caller;
use domain::environment::State;
use domain::id::EnvironmentId;
use domain::job;
use domain::naming::SECRETS;
use domain::permission::Action;
use domain::view::Can;
use domain::view::environment::{Secret, Secrets};
use futures::future::try_join_all;
use secrecy::SecretString;
use std::time::Duration;

/// What a vault told a moment ago, or why it told nothing.
pub(super) type Known = Cache<EnvironmentId, Result<Vec<Option<SecretFacts>>, String>>;

/// A program waits.
const LONGEST: Duration = Duration::from_secs(10);

#[async_trait]
impl Port for Service {
    async fn secrets(&self, caller: &Caller, environment: &str) -> Answer<Secrets> {
        let environment = self.seen_environment(caller, environment).await?;
        let set = settable(caller, &environment, self.newest_job(&environment).await?);
        self.secrets_in(&environment, set).await
    }

    async fn secret(&self, caller: &Caller, environment: &str, secret: &str) -> Answer<Secret> {
        let environment = self.seen_environment(caller, environment).await?;
        let found = self.secrets_in(&environment, Can::yes()).await?;
        let of_name = |row: &Secret| row.name.eq_ignore_ascii_case(secret);
        let row = found.rows.into_iter().find(of_name).ok_or_else(PortalError::not_found)?;
        // Of what does not stand it is known that there is none.
        let stands = !matches!(environment.state, State::Waiting | State::Gone);
        match found.unread.filter(|_| stands) {
            Some(why) => Err(PortalError::new(Code::Unavailable, why)),
            None => Ok(row),
        }
    }

    async fn set_secret(
        &self,
        caller: &Caller,
        environment: &str,
        secret: &str,
        version: Option<&str>,
        value: SecretString,
    ) -> Answer<Secret> {
        let environment = self.seen_environment(caller, environment).await?;
        self.set_by_hand(caller, environment, secret, version, value).await
    }
}

impl Service {
    async fn secrets_in(&self, environment: &Environment, set: Can) -> Answer<Secrets> {
        let now = self.clock.now();
        let (facts, unread) = match self.asked_of_the_vault(environment, now).await? {
            Ok(facts) => (facts, None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let of = |(place, name): (usize, &&str)| secret(name, facts.get(place).and_then(Option::as_ref), now);
        Ok(Secrets {
            vault: environment.wish.vault.name.to_string(),
            rows: SECRETS.iter().enumerate().map(of).collect(),
            unread,
            set,
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

/// By the table, then by whether there is a vault that no job is at work on.
fn settable(caller: &Caller, environment: &Environment, newest: Option<job::State>) -> Can {
    let by_table = can(caller, Action::SetSecret, &subject(environment));
    match environment.state {
        _ if !by_table.allowed => by_table,
        State::Released => Can::no(LET_GO),
        State::Gone => Can::no("Nothing of it is left."),
        State::Waiting => Can::no("Nothing stands of it yet."),
        _ if newest.is_some_and(job::State::moving) => Can::no("A job is at work on it: wait until it has ended."),
        _ => Can::yes(),
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
    tracing::warn!(%error, "a vault did not answer for its secrets");
    match (error.kind(), step_error(error)) {
        (Kind::NotFound, _) => "The vault is not there.".to_owned(),
        (_, StepError::Person { failure } | StepError::Fail { failure }) => failure.cause,
        (_, StepError::Retry { .. }) => "The vault does not answer at the moment.".to_owned(),
    }
}

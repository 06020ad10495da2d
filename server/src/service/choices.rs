//! What the form offers a caller, and whether a name is free.

use super::Service;
use super::error::failed;
use crate::store;
use app::portal::{Answer, Offers};
use async_trait::async_trait;
use domain::account::Caller;
use domain::form::Choices;
use domain::name::{EnvironmentName, VaultName};
use domain::permission::{Action, Subject, may};

/// Beside the field of a name that somebody else holds.
pub(super) const NAME_HELD: &str = "This name is in use here. Take another one.";

#[async_trait]
impl Offers for Service {
    async fn choices(&self, caller: &Caller) -> Answer<Choices> {
        Ok(Choices { lifetimes: self.lifetimes().await?, ..self.own_choices(caller) })
    }

    async fn vault_name(&self, caller: &Caller, name: &str) -> Answer<Option<String>> {
        self.may_ask(caller)?;
        match VaultName::parse(name) {
            Ok(name) => self.vault_taken(&name).await,
            Err(sentence) => Ok(Some(sentence)),
        }
    }

    async fn environment_name(&self, caller: &Caller, name: &str) -> Answer<Option<String>> {
        self.may_ask(caller)?;
        let name = match EnvironmentName::parse(name) {
            Ok(name) => name,
            Err(sentence) => return Ok(Some(sentence)),
        };
        let held = store::environment::held(&self.store, name.as_str()).await.map_err(failed("looking for a name"))?;
        Ok(held.then(|| NAME_HELD.to_owned()))
    }
}

impl Service {
    /// The teams narrowed to those in which the caller may ask.
    pub(super) fn own_choices(&self, caller: &Caller) -> Choices {
        let asks = |team: &domain::team::Team| {
            let subject = Subject::of(&team.name, None);
            may(caller, Action::Request, &subject).allowed()
        };
        let mut choices = self.choices.clone();
        choices.teams.retain(asks);
        choices
    }

    /// What a form for a new environment is read by, with what policies let it begin with.
    pub(super) async fn asking(&self, caller: &Caller) -> Answer<Choices> {
        let choices = self.may_ask(caller)?;
        Ok(Choices { lifetimes: self.lifetimes().await?, ..choices })
    }

    /// Refused to those who may ask for nothing at all.
    pub(super) fn may_ask(&self, caller: &Caller) -> Answer<Choices> {
        let choices = self.own_choices(caller);
        if let Some(reason) = domain::pass::lacks(caller, Action::Request) {
            return Err(app::error::PortalError::forbidden(reason));
        }
        if choices.teams.is_empty() {
            let reason = match caller.sees_everything() {
                true => "An auditor sees everything and changes nothing.",
                false => "You are in no team that asks for environments here.",
            };
            return Err(app::error::PortalError::forbidden(reason));
        }
        Ok(choices)
    }
}

//! The four secrets are in the vault and can be read.

use super::{Check, Found, Subject};
use async_trait::async_trait;
use domain::naming::SECRETS;

pub(super) struct FourSecrets;

#[async_trait]
impl Check for FourSecrets {
    fn key(&self) -> &'static str {
        "four-secrets"
    }

    fn title(&self) -> &'static str {
        "The four secrets exist and are enabled"
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let facts = subject.secrets().await?;
        let mut found = match facts.iter().filter(|facts| facts.as_ref().is_some_and(|facts| facts.enabled)).count() {
            4 => Found::passed("4 of 4 enabled"),
            fewer => Found::failed(
                format!("{fewer} of 4 enabled"),
                "A secret is missing or disabled, so the app cannot read what it needs.",
                "Recover or enable the secret in the vault, or ask for the environment anew.",
            ),
        };
        for (name, facts) in SECRETS.iter().zip(facts) {
            let state = match facts {
                None => "not there".to_owned(),
                Some(facts) if !facts.enabled => "disabled".to_owned(),
                Some(facts) => format!("version {}", short(facts.version.as_deref().unwrap_or("unknown"))),
            };
            found = found.with(name, state);
        }
        Ok(found)
    }
}

/// Enough of a version to tell it from another.
pub(super) fn short(version: &str) -> &str {
    version.get(..8).unwrap_or(version)
}

//! The proofs about a running environment: one file a proof, each asks the world anew and says what it found.
//!
//! A check never passes for lack of an answer: what could not be asked is [`Verdict::CouldNotTell`]. One that does not
//! apply to what was wished is left out of the run.

mod app_role;
mod cluster_identity;
mod database;
mod federated_credential;
mod four_secrets;
mod inventory;
mod node_identities;
mod public_address;
mod ready;
mod rollout;
mod run;
mod secrets_read;
mod subject;
mod vault_mode;

use crate::engine::refusal;
use async_trait::async_trait;
use domain::check::{Result as CheckResult, Verdict};
use domain::wish::Wish;
use std::time::Instant;

pub(crate) use public_address::address;
pub use ready::Report;
pub(crate) use ready::ask as reports;
pub(crate) use rollout::trouble;
pub use run::Run;
pub use subject::Subject;

/// One proof. `ask` may fail with Azure's error: then the check could not tell, and the error is its quotation.
#[async_trait]
pub trait Check: Send + Sync {
    /// Stable over versions: history hangs on it.
    fn key(&self) -> &'static str;
    /// The sentence that is proved.
    fn title(&self) -> &'static str;
    fn applies(&self, _wish: &Wish) -> bool {
        true
    }
    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error>;
}

/// What a check saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub verdict: Option<Verdict>,
    pub summary: String,
    pub evidence: Vec<(String, String)>,
    pub quote: Option<String>,
    pub cause: Option<String>,
    pub remedy: Option<String>,
}

impl Found {
    pub fn passed(summary: impl Into<String>) -> Found {
        Found { verdict: Some(Verdict::Passed), summary: summary.into(), ..Found::default() }
    }

    pub fn failed(summary: impl Into<String>, cause: impl Into<String>, remedy: impl Into<String>) -> Found {
        Found {
            verdict: Some(Verdict::Failed),
            summary: summary.into(),
            cause: Some(cause.into()),
            remedy: Some(remedy.into()),
            ..Found::default()
        }
    }

    pub fn could_not_tell(summary: impl Into<String>, cause: impl Into<String>) -> Found {
        Found {
            verdict: Some(Verdict::CouldNotTell),
            summary: summary.into(),
            cause: Some(cause.into()),
            ..Found::default()
        }
    }

    #[must_use]
    pub fn with(mut self, label: &str, value: impl Into<String>) -> Found {
        self.evidence.push((label.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn quoting(mut self, words: impl Into<String>) -> Found {
        self.quote = Some(words.into());
        self
    }
}

/// All checks, in the order of the page.
pub fn all() -> Vec<Box<dyn Check>> {
    vec![
        Box::new(cluster_identity::ClusterIdentity),
        Box::new(node_identities::NodeIdentities),
        Box::new(federated_credential::FederatedCredential),
        Box::new(vault_mode::VaultMode),
        Box::new(app_role::AppRole),
        Box::new(four_secrets::FourSecrets),
        Box::new(rollout::Rollout),
        Box::new(public_address::PublicAddress),
        Box::new(secrets_read::SecretsRead),
        Box::new(database::Database),
        Box::new(inventory::Inventory),
    ]
}

async fn one(check: &dyn Check, subject: &Subject) -> CheckResult {
    let started = Instant::now();
    let found = check.ask(subject).await.unwrap_or_else(|error| {
        Found::could_not_tell("could not be asked", "The question was not answered, so nothing is known either way.")
            .quoting(refusal::quote(&error))
            .with("asked", error.resource())
    });
    CheckResult {
        check: check.key().to_owned(),
        title: check.title().to_owned(),
        verdict: found.verdict.unwrap_or(Verdict::CouldNotTell),
        summary: found.summary,
        evidence: found.evidence,
        quote: found.quote,
        cause: found.cause,
        remedy: found.remedy,
        took_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
    }
}

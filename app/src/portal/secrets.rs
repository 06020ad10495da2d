//! The secrets in an environment's vault: told by name, version and age, set, and never read.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::view::environment::{Secret, Secrets as List};
use secrecy::SecretString;

#[async_trait]
pub trait Secrets: Send + Sync {
    /// All four. Asks Azure.
    async fn secrets(&self, caller: &Caller, environment: &str) -> Answer<List>;
    /// One of them. Asks Azure.
    async fn secret(&self, caller: &Caller, environment: &str, secret: &str) -> Answer<Secret>;
    /// Puts another value in place of the version that the caller has looked at, where one is named, and has the checks
    /// run. Asks Azure.
    async fn set_secret(
        &self,
        caller: &Caller,
        environment: &str,
        secret: &str,
        version: Option<&str>,
        value: SecretString,
    ) -> Answer<Secret>;
}

//! What the form offers this caller, and whether a vault name is free.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::form::Choices;

#[async_trait]
pub trait Offers: Send + Sync {
    /// Teams narrowed to those in which the caller may ask.
    async fn choices(&self, caller: &Caller) -> Answer<Choices>;
    /// `None` where Azure says that the name is free, otherwise the sentence that stands beside the field.
    async fn vault_name(&self, caller: &Caller, name: &str) -> Answer<Option<String>>;
    /// `None` where the environment's name is free and well formed, otherwise the sentence.
    async fn environment_name(&self, caller: &Caller, name: &str) -> Answer<Option<String>>;
}

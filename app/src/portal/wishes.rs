//! The whole wish of an environment, read and put as one document, so that environments can live beside their code.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::form::Form;
use domain::id::RequestId;
use secrecy::SecretString;

/// What a wish that was put has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// Nothing: it stands like this, or is on its way.
    Stands,
    /// A request for the same waits already.
    Waits(RequestId),
    /// A request that was sent by it.
    Sent(RequestId),
}

#[async_trait]
pub trait Wishes: Send + Sync {
    /// The answers of what an environment is wished to be now.
    async fn wish(&self, caller: &Caller, environment: &str) -> Answer<Form>;
    /// Asks for what is not there, or that what stands become this; an answer that is left out keeps what stands.
    async fn put(&self, caller: &Caller, environment: &str, form: &Form, password: Option<SecretString>)
    -> Answer<Put>;
}

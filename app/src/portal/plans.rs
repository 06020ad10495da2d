//! Plans that are made before anybody is asked, kept for a while, and sent exactly as they are.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::form::Form;
use domain::id::{PlanId, RequestId};
use domain::view::plan::Made;
use secrecy::SecretString;

/// What a plan is to be made of.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    /// Name of the environment that shall become another one; a new one without it.
    pub environment: Option<String>,
    pub form: Form,
    /// Whether a password will come with the request though the template brings one.
    pub password_typed: bool,
}

/// A plan on its way to becoming a request.
#[derive(Debug)]
pub struct Sent {
    /// Of the plan that was read.
    pub digest: String,
    /// In place of the one that the plan was made with.
    pub reason: Option<String>,
    /// Sealed at once; only the step that writes it to the vault opens it.
    pub password: Option<SecretString>,
}

#[async_trait]
pub trait Plans: Send + Sync {
    /// Looks at what stands and keeps what would be done; `Invalid` names every wrong answer. What keeps it from being
    /// sent is among its findings.
    async fn make_plan(&self, caller: &Caller, asking: &Asking) -> Answer<Made>;
    /// One of the caller's own.
    async fn made_plan(&self, caller: &Caller, id: &PlanId) -> Answer<Made>;
    /// Sends exactly that for approval; `Conflict` says what has become otherwise since.
    async fn submit_plan(&self, caller: &Caller, id: &PlanId, sent: Sent) -> Answer<RequestId>;
}

//! Requests: asked, decided on, taken back.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::form::Form;
use domain::id::{DraftId, RequestId};
use domain::request::Decision;
use domain::view::Page;
use domain::view::request::{PlanPanel, Row, Show, Whole};
use secrecy::SecretString;

/// A form on its way to becoming a request.
#[derive(Debug)]
pub struct Submission {
    pub form: Form,
    /// Sealed at once; only the step that writes it to the vault opens it.
    pub password: Option<SecretString>,
    /// The draft that is done with when this succeeds.
    pub draft: Option<DraftId>,
}

#[async_trait]
pub trait Requests: Send + Sync {
    /// What would happen, for the panel beside the form; never fails for wrong answers, it names them.
    async fn plan(&self, caller: &Caller, form: &Form, password_typed: bool) -> Answer<PlanPanel>;
    /// Freezes the plan and holds the name. `Invalid` names every wrong answer.
    async fn submit(&self, caller: &Caller, submission: Submission) -> Answer<RequestId>;
    async fn requests(&self, caller: &Caller, show: Show, after: &str) -> Answer<Page<Row>>;
    async fn request(&self, caller: &Caller, id: &RequestId) -> Answer<Whole>;
    /// Rejecting needs a comment. `digest` is the plan that the decider saw; another one is a `Conflict`.
    async fn decide(
        &self,
        caller: &Caller,
        id: &RequestId,
        decision: Decision,
        comment: &str,
        digest: &str,
    ) -> Answer<Whole>;
    async fn withdraw(&self, caller: &Caller, id: &RequestId) -> Answer<Whole>;
}

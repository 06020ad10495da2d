//! Requests: asked, decided on, taken back.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::form::Form;
use domain::id::{DraftId, RequestId};
use domain::request::Decision;
use domain::view::Page;
use domain::view::request::{HandingOver, PlanPanel, Row, Show, Whole};
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
    /// Rejecting and asking for changes need a comment. `digest` is the plan that the decider saw, `level` the level;
    /// another one is a `Conflict`. Before an approval counts the world is looked at: where the plan is another one by
    /// now, all levels are asked anew, and the answer is a `Conflict` that says what has changed.
    async fn decide(
        &self,
        caller: &Caller,
        id: &RequestId,
        decision: Decision,
        comment: &str,
        digest: &str,
        level: Option<u32>,
    ) -> Answer<Whole>;
    async fn withdraw(&self, caller: &Caller, id: &RequestId) -> Answer<Whole>;
    /// Adds words to the record.
    async fn comment(&self, caller: &Caller, id: &RequestId, text: &str) -> Answer<Whole>;
    /// What the caller has handed over, and could.
    async fn handing_over(&self, caller: &Caller) -> Answer<HandingOver>;
    /// Hands the caller's approvals over to somebody until the end of a day (`2026-12-04`, UTC).
    async fn hand_over(&self, caller: &Caller, to: &str, until: &str) -> Answer<()>;
    /// Takes back what was handed over.
    async fn take_back(&self, caller: &Caller) -> Answer<()>;
}

//! Forms that are still being filled: every answer but the password, kept per account until sent or dropped.

use super::Answer;
use async_trait::async_trait;
use domain::Moment;
use domain::account::Caller;
use domain::field::FieldError;
use domain::form::Form;
use domain::id::DraftId;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub id: DraftId,
    pub form: Form,
    /// What the last attempt to send it was told beyond the rules: a name that was taken meanwhile.
    pub errors: Vec<FieldError>,
    /// Whether it was tried to send it, so that the page shows every wrong answer and not only those touched.
    pub tried: bool,
    pub saved: Moment,
}

#[async_trait]
pub trait Drafts: Send + Sync {
    /// The caller's own, newest first.
    async fn drafts(&self, caller: &Caller) -> Answer<Vec<Draft>>;
    async fn draft(&self, caller: &Caller, id: &DraftId) -> Answer<Draft>;
    /// Makes a draft where `id` is `None`; one that was sent or dropped is `NotFound` and stays gone.
    async fn save_draft(
        &self,
        caller: &Caller,
        id: Option<&DraftId>,
        form: &Form,
        errors: &[FieldError],
        tried: bool,
    ) -> Answer<DraftId>;
    async fn drop_draft(&self, caller: &Caller, id: &DraftId) -> Answer<()>;
}

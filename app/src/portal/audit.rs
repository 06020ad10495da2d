//! The record of what was done: searched, and written out to be proved elsewhere.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::view::audit::{Filter, Form, List};
use futures::stream::BoxStream;

#[async_trait]
pub trait Audit: Send + Sync {
    /// Newest first; of the teams whose record the caller may read.
    async fn audit(&self, caller: &Caller, filter: &Filter) -> Answer<List>;

    /// The same as a file, a part at a time; a failure is the last part, and the file has no end then.
    async fn audit_export(
        &self,
        caller: &Caller,
        filter: &Filter,
        form: Form,
    ) -> Answer<BoxStream<'static, Answer<String>>>;

    /// Everything that proves how one environment came to be what it is: an archive with a signed manifest.
    async fn evidence(&self, caller: &Caller, environment: &str) -> Answer<Vec<u8>>;
}

//! Sessions: where the caller is signed in, and ends of it.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::view::session::Row;

#[async_trait]
pub trait Sessions: Send + Sync {
    /// The caller's own, used last first; `here` is the hash of the one that asks.
    async fn sessions(&self, caller: &Caller, here: &str) -> Answer<Vec<Row>>;
    /// Ends one of the caller's own; one that is over already is as good.
    async fn end_session(&self, caller: &Caller, id: &str) -> Answer<()>;
    /// Ends all of the caller's own but the one that asks.
    async fn end_other_sessions(&self, caller: &Caller, here: &str) -> Answer<()>;
}

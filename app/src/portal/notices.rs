//! Notices: what the caller was told, what they want mailed; for platform engineers what could not be delivered.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::notice::Kind;
use domain::view::notice::{Deliveries, List};

#[async_trait]
pub trait Notices: Send + Sync {
    /// The caller's own, newest first; without a limit as many as a page shows.
    async fn notices(&self, caller: &Caller, after: &str, limit: Option<u32>) -> Answer<List>;
    /// Of all kinds, only these are mailed to the caller from now on.
    async fn choose_notices(&self, caller: &Caller, mailed: &[Kind]) -> Answer<()>;
    /// What could not be delivered so far, newest first, after the cursor; at most so many.
    async fn undelivered(&self, caller: &Caller, after: &str, limit: usize) -> Answer<Deliveries>;
    /// Sends one again that could not be delivered; `Conflict` where it was meanwhile.
    async fn repeat_notice(&self, caller: &Caller, id: &str) -> Answer<()>;
}

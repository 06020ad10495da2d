//! Access to an environment's secrets: who could read them when, and who did.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::view::access::{Access as Could, Filter, Uses};

#[async_trait]
pub trait Access: Send + Sync {
    /// As the looks at the vault's role assignments tell.
    async fn access(&self, caller: &Caller, environment: &str, filter: &Filter) -> Answer<Could>;
    /// As the vault's own audit log tells; of one secret where it is not empty. Asks Azure.
    async fn uses(&self, caller: &Caller, environment: &str, secret: &str) -> Answer<Uses>;
}

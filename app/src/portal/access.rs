//! Access to an environment's secrets: who could read them when, and who did.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::view::access::{Access as Could, Filter, Uses};

#[async_trait]
pub trait Access: Send + Sync {
    /// Who could, as the looks at the vault's role assignments tell, and who did, as its own audit log tells, which asks
    /// Azure: where that does not answer, the first is known all the same.
    async fn access(&self, caller: &Caller, environment: &str, filter: &Filter) -> Answer<(Could, Answer<Uses>)>;
}

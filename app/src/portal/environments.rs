//! Environments as people see them, and the checks run again by hand.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::id::ValidationId;
use domain::view::environment::{Filter, List, Whole};

#[async_trait]
pub trait Environments: Send + Sync {
    async fn environments(&self, caller: &Caller, filter: &Filter) -> Answer<List>;
    /// By name; of several that bore it, the living one, else the newest.
    async fn environment(&self, caller: &Caller, name: &str) -> Answer<Whole>;
    /// Starts a run of the checks; its results arrive on the environment's page.
    async fn validate(&self, caller: &Caller, name: &str) -> Answer<ValidationId>;
    /// Returns when no run of the checks is under way.
    async fn validated(&self, caller: &Caller, name: &str) -> Answer<()>;
}

//! What may be asked for, by whom, and how much of it: templates, teams, quotas.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::template::Template;
use domain::view::team::{Holds, Row};

#[async_trait]
pub trait Teams: Send + Sync {
    /// By name.
    async fn templates(&self, caller: &Caller) -> Answer<Vec<Template>>;
    /// Those that the caller sees, by name.
    async fn teams(&self, caller: &Caller) -> Answer<Vec<Row>>;
    /// What each of them holds and may hold.
    async fn quotas(&self, caller: &Caller) -> Answer<Vec<Holds>>;
}

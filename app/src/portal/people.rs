//! People: who has an account, who has left, and who takes on what they have left behind.

use super::Answer;
use async_trait::async_trait;
use domain::account::{AccountId, Caller};
use domain::view::people::{Behind, Ended, Filter, List, Row};

#[async_trait]
pub trait People: Send + Sync {
    /// By name; for those who may see it.
    async fn people(&self, caller: &Caller, filter: &Filter) -> Answer<List>;
    /// One of them, for whoever may say that they have left.
    async fn person(&self, caller: &Caller, account: &AccountId) -> Answer<Row>;
    /// Their sessions, tokens and hand-overs end, what they asked for is withdrawn, and they decide on nothing any more:
    /// all at once. Their environments are offered to the managers of their teams.
    async fn mark_left(&self, caller: &Caller, account: &AccountId) -> Answer<Ended>;
    /// They may sign in again; what has ended stays ended.
    async fn mark_back(&self, caller: &Caller, account: &AccountId) -> Answer<()>;
    /// Environments of those who have left that this caller may take on, those left longest first.
    async fn left_behind(&self, caller: &Caller) -> Answer<Vec<Behind>>;
    /// Makes the caller the owner of an environment whose owner has left.
    async fn take_on(&self, caller: &Caller, environment: &str) -> Answer<()>;
}

//! Tokens: what programs show, a person's own and those of a team's services.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::view::token::{Filter, List, Made, New, Row};

#[async_trait]
pub trait Tokens: Send + Sync {
    /// The caller's own and those of the services that the caller looks after, newest first; revoked ones too.
    async fn tokens(&self, caller: &Caller, filter: &Filter) -> Answer<List>;
    /// One of those.
    async fn token(&self, caller: &Caller, id: &str) -> Answer<Row>;
    /// Makes one; its text is in this answer alone. It has no more than the caller has, and ends with the token with which
    /// it was made.
    async fn create_token(&self, caller: &Caller, new: &New) -> Answer<Made>;
    /// Refused at once and everywhere, with every token that was made with it; one that is over already is as good.
    async fn revoke_token(&self, caller: &Caller, id: &str) -> Answer<Row>;
}

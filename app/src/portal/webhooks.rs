//! Webhooks: where a team's events are told to, and how that came out.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::view::webhook::{Change, Deliveries, Delivery, Filter, List, Log, Made, New, Row};

#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Of the teams that the caller looks after, newest first.
    async fn webhooks(&self, caller: &Caller, filter: &Filter) -> Answer<List>;
    async fn webhook(&self, caller: &Caller, id: &str) -> Answer<Row>;
    /// Makes one; the secret that signs is in this answer alone.
    async fn create_webhook(&self, caller: &Caller, new: &New) -> Answer<Made>;
    async fn change_webhook(&self, caller: &Caller, id: &str, change: &Change) -> Answer<Row>;
    /// With everything that was still to be sent.
    async fn remove_webhook(&self, caller: &Caller, id: &str) -> Answer<Row>;
    /// Another secret signs from now on; for a day the one before signs too.
    async fn rotate_secret(&self, caller: &Caller, id: &str) -> Answer<Made>;
    /// Sends it an event that says nothing but that it was reached.
    async fn test_webhook(&self, caller: &Caller, id: &str) -> Answer<Delivery>;
    /// What was sent to it, newest first.
    async fn deliveries(&self, caller: &Caller, id: &str, page: &Deliveries) -> Answer<Log>;
    /// Sends one again that has ended, under the same id.
    async fn redeliver(&self, caller: &Caller, id: &str, delivery: &str) -> Answer<Delivery>;
}

//! Jobs: watched live, cancelled, mended, retried, rolled back, taken over; each word with its reason.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::id::{JobId, RequestId};
use domain::view::Page;
use domain::view::job::{Filter, Line, Row, Tail, Whole};
use futures::stream::BoxStream;
use secrecy::SecretString;
use std::sync::Arc;

/// What a listener to a live job is told.
#[derive(Clone, Debug)]
pub enum JobChange {
    /// State, steps and deeds as they are now: a [`Whole`] as JSON, written once for all who are told the same.
    Now(Arc<str>),
    /// A new line of the log.
    Line(Line),
    /// The job is over; nothing more will come.
    End,
}

#[async_trait]
pub trait Jobs: Send + Sync {
    /// Newest first.
    async fn jobs(&self, caller: &Caller, filter: &Filter) -> Answer<Page<Row>>;
    async fn job(&self, caller: &Caller, id: &JobId) -> Answer<Whole>;
    /// Lines above this number, oldest first, at most 1,000.
    async fn lines(&self, caller: &Caller, id: &JobId, after: i64) -> Answer<Vec<Line>>;
    /// The newest lines, 500 at most; `before` has those below a number, where it is not 0, and `step` those of one step,
    /// where it is not empty.
    async fn tail(&self, caller: &Caller, id: &JobId, before: i64, step: &str) -> Answer<Tail>;
    /// Lines above `after` and every change from now on.
    async fn follow(&self, caller: &Caller, id: &JobId, after: i64) -> Answer<BoxStream<'static, JobChange>>;
    /// Returns when nothing of it goes on by itself any more.
    async fn rests(&self, caller: &Caller, id: &JobId) -> Answer<()>;
    /// `why` has to say something, as with the other words that stop or remove.
    async fn cancel(&self, caller: &Caller, id: &JobId, why: &str) -> Answer<()>;
    /// Goes on from the failed step; a password is sealed in place of the one that was refused. `why` may be empty.
    async fn retry(&self, caller: &Caller, id: &JobId, password: Option<SecretString>, why: &str) -> Answer<()>;
    /// Another vault name: a request that goes back to the approver; the same job goes on when it is approved.
    async fn change_vault_name(&self, caller: &Caller, id: &JobId, name: &str) -> Answer<RequestId>;
    /// The plan over the world as it is now: a request that goes back to the approver; the same job goes on when it is
    /// approved.
    async fn plan_again(&self, caller: &Caller, id: &JobId) -> Answer<RequestId>;
    async fn roll_back(&self, caller: &Caller, id: &JobId, why: &str) -> Answer<()>;
    /// From a worker that hangs: it writes nothing more, and another goes on once its lease has lapsed.
    async fn take_over(&self, caller: &Caller, id: &JobId, why: &str) -> Answer<()>;
}

//! The feed: every change that the caller may see, asked for page by page or heard as it comes.

use super::Answer;
use async_trait::async_trait;
use domain::account::Caller;
use domain::feed::{Event, Filter, Page};
use futures::stream::BoxStream;
use std::sync::Arc;

/// What a listener to the feed is told.
#[derive(Clone, Debug)]
pub enum FeedChange {
    /// The cursor with which the listener begins, so that whoever comes back before the first event misses nothing.
    Begin(String),
    Event(Arc<Event>),
    /// The environment that was listened to is gone; nothing more will come.
    End,
}

#[async_trait]
pub trait Feed: Send + Sync {
    /// Oldest first.
    async fn events(&self, caller: &Caller, filter: &Filter) -> Answer<Page>;
    /// Events behind the filter's cursor, or from now on, as they come.
    async fn follow_events(&self, caller: &Caller, filter: &Filter) -> Answer<BoxStream<'static, FeedChange>>;
    /// The same of one environment, which is there or was.
    async fn events_of(&self, caller: &Caller, environment: &str, filter: &Filter) -> Answer<Page>;
    async fn follow_events_of(
        &self,
        caller: &Caller,
        environment: &str,
        filter: &Filter,
    ) -> Answer<BoxStream<'static, FeedChange>>;
}

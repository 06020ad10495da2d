//! Gives places to events now and then, at one server at a time: whoever reads does so too, and finds little left to do.

use super::super::Service;
use crate::store::{Error, Store, feed, timer};
use crate::timers::{Next, Timer};
use async_trait::async_trait;
use domain::Moment;
use std::sync::Arc;

/// How often, in milliseconds.
const EVERY: i64 = 15_000;
/// Events are kept for so long.
const KEPT: i64 = 90 * 86_400_000;
/// Kind of its timer; there is one, without a subject.
const FEED: &str = "feed";

pub struct FeedPlace(pub Arc<Service>);

impl FeedPlace {
    /// Sets the timer, where no server has yet.
    pub async fn begin(store: &Store, now: Moment) -> Result<(), Error> {
        timer::set_once(store, FEED, "", now).await
    }
}

#[async_trait]
impl Timer for FeedPlace {
    fn kind(&self) -> &'static str {
        FEED
    }

    async fn ring(&self, _subject: &str, now: Moment) -> Result<Next, String> {
        let rung = async {
            self.0.feed.place_all().await?;
            feed::sweep(&self.0.store, now.plus(-KEPT)).await
        };
        rung.await.map(|()| Next::Again(now.plus(EVERY))).map_err(|error| error.to_string())
    }
}

//! What people are told of because it has not happened: a request that nobody answers, a lifetime that nobody extends.

use super::Service;
use crate::notices::REMIND;
use crate::store::notice::{self, events};
use crate::store::{self, Error};
use crate::timers::{Next, Timer};
use async_trait::async_trait;
use domain::Moment;
use domain::request::State;
use std::sync::Arc;

/// How often the timer looks, in milliseconds.
const EVERY: i64 = 60_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Notices are kept for so long.
const KEPT: i64 = 180 * DAY;

/// Reminds, at one server at a time.
pub struct NoticeRemind(pub Arc<Service>);

#[async_trait]
impl Timer for NoticeRemind {
    fn kind(&self) -> &'static str {
        REMIND
    }

    async fn ring(&self, _subject: &str, now: Moment) -> Result<Next, String> {
        self.0.remind(now).await.map_err(|error| error.to_string())?;
        Ok(Next::Again(now.plus(EVERY)))
    }
}

impl Service {
    /// Writes down what is to be told of by now; what was before is not told again.
    pub async fn remind(&self, now: Moment) -> Result<(), Error> {
        let after = i64::from(self.notices.remind_hours) * HOUR;
        for (id, asked) in notice::asked_since(&self.store, now).await? {
            let late = now.since(asked) - after;
            if late < 0 {
                continue;
            }
            let Some(request) = store::request::find(&self.store, &id).await? else { continue };
            if request.state != State::Waiting {
                continue;
            }
            let mut tx = self.store.begin().await?;
            events::reminded(&mut tx, &request, late / after.max(DAY), now).await?;
            tx.commit().await?;
        }
        let ahead = i64::from(self.notices.expires_days) * DAY;
        for closing in events::ending(&self.store, now, now.plus(ahead)).await? {
            if closing.ends.since(now) > closing.lifetime_ms / 2 {
                continue;
            }
            let mut tx = self.store.begin().await?;
            events::expires(&mut tx, &closing, now).await?;
            tx.commit().await?;
        }
        notice::sweep(&self.store, now.plus(-KEPT)).await
    }
}

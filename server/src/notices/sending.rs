//! Sends what is due, marks each as it leaves, and tries what failed again, later each time, for a day.
//!
//! One server rings at a time. One that is lost between sending and marking is followed by another, which sends again
//! under the same id.

use super::{Courier, Delivery, SEND};
use crate::store::notice::telling::{self, Channel, Due};
use crate::store::{Error, Store};
use crate::timers::{Next, Timer};
use async_trait::async_trait;
use domain::Moment;
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often the timer looks for what is due, in milliseconds.
const EVERY: i64 = 5_000;
/// For so long it is tried.
pub(super) const LONGEST: i64 = 24 * 3_600_000;
/// Deliveries of one ring, and of them at a time: other timers wait for a ring.
const BATCH: i64 = 24;
const AT_ONCE: usize = 8;

pub struct NoticeSend {
    pub store: Store,
    pub courier: Arc<Courier>,
}

#[async_trait]
impl Timer for NoticeSend {
    fn kind(&self) -> &'static str {
        SEND
    }

    async fn ring(&self, _subject: &str, now: Moment) -> Result<Next, String> {
        let due = telling::due(&self.store, now, BATCH).await.map_err(|error| error.to_string())?;
        // A mail server that is not there is asked once a ring, not once a message.
        let mail_down = AtomicBool::new(false);
        let sends = futures::stream::iter(due).map(|due| self.send(due, &mail_down, now));
        let sent: Vec<Result<(), Error>> = sends.buffer_unordered(AT_ONCE).collect().await;
        match sent.into_iter().find_map(Result::err) {
            Some(error) => Err(error.to_string()),
            None => Ok(Next::Again(now.plus(EVERY))),
        }
    }
}

impl NoticeSend {
    async fn send(&self, due: Due, mail_down: &AtomicBool, now: Moment) -> Result<(), Error> {
        let mail = due.to.channel == Channel::Mail;
        if mail && mail_down.load(Ordering::Relaxed) {
            return Ok(());
        }
        match self.courier.deliver(&due, now).await {
            Delivery::Sent => telling::sent(&self.store, &due.id, now).await,
            Delivery::Later(why) => self.later(&due, &why, now).await,
            Delivery::Unreachable(why) => {
                mail_down.store(mail, Ordering::Relaxed);
                self.later(&due, &why, now).await
            }
            Delivery::Never(why) => self.give_up(&due, &why, now).await,
        }
    }

    async fn later(&self, due: &Due, why: &str, now: Moment) -> Result<(), Error> {
        let next = now.plus(patience(due.tries));
        match next.since(due.since) > LONGEST {
            true => self.give_up(due, &format!("For a day in vain. {why}"), now).await,
            false => telling::put_off(&self.store, &due.id, next, why).await,
        }
    }

    async fn give_up(&self, due: &Due, why: &str, now: Moment) -> Result<(), Error> {
        tracing::warn!(telling = due.id, to = due.to.name, why, "a notice was given up");
        telling::given_up(&self.store, &due.id, now, why).await
    }
}

/// Ten seconds, doubled with each vain try, at most an hour.
pub(super) fn patience(tries: i64) -> i64 {
    let doubled = 10_000_i64 << tries.clamp(0, 10);
    doubled.min(3_600_000)
}

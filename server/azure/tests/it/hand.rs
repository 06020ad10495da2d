//! A clock in the test's hand.
use async_trait::async_trait;
use azure::Clock;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::watch;

/// Time that stands still until it is moved.
pub(crate) struct Hand {
    now: watch::Sender<i64>,
    /// How many wait for it to pass.
    waiting: AtomicUsize,
}

impl Hand {
    pub(crate) fn new() -> Arc<Hand> {
        Arc::new(Hand { now: watch::Sender::new(0), waiting: AtomicUsize::new(0) })
    }

    pub(crate) fn advance(&self, millis: i64) {
        self.now.send_modify(|now| *now += millis);
    }

    pub(crate) fn somebody_waits(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }
}

#[async_trait]
impl Clock for Hand {
    fn running_ms(&self) -> i64 {
        *self.now.borrow()
    }

    async fn pass(&self, millis: i64) {
        let at = *self.now.borrow() + millis;
        let _counted = Waits::new(self);
        self.now.subscribe().wait_for(|now| *now >= at).await.unwrap();
    }
}

/// Counts whoever waits, until it is dropped.
struct Waits<'a>(&'a Hand);

impl Waits<'_> {
    fn new(hand: &Hand) -> Waits<'_> {
        hand.waiting.fetch_add(1, Ordering::SeqCst);
        Waits(hand)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

//! The lease of one job in this process: renewed by a task of its own, and the word on whether a call may still leave.

use crate::clock::Clock;
use crate::store::lease::{self, Claim};
use crate::store::{Error, Store};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use tokio_util::task::AbortOnDropHandle;

/// How long a lease holds and how often it is renewed, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub lease: i64,
    pub renew: i64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace { lease: 10_000, renew: 3_000 }
    }
}

impl Pace {
    /// Nothing is sent later than a third of a lease before its end.
    fn margin(self) -> i64 {
        self.lease / 3
    }
}

/// Renewed for as long as this value lives.
pub struct Lease {
    guard: Guard,
    _renewal: AbortOnDropHandle<()>,
}

/// Says whether a call may leave; cheap to clone.
#[derive(Clone)]
pub struct Guard {
    clock: Clock,
    /// On the running clock; 0 when the lease is lost.
    last_call: Arc<AtomicI64>,
}

/// The lease ended before the work did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lapsed;

impl Lease {
    /// Of a claim made at `claimed_ms` on the running clock.
    ///
    /// A lease that lapsed by our own clock stays lapsed: whoever was stopped for so long begins anew, with a claim.
    pub fn hold(store: Store, clock: Clock, pace: Pace, claim: Claim, claimed_ms: i64) -> Lease {
        let last_call = Arc::new(AtomicI64::new(claimed_ms + pace.lease - pace.margin()));
        let guard = Guard { clock: clock.clone(), last_call: Arc::clone(&last_call) };
        let watched = guard.clone();
        let renewal = async move {
            loop {
                clock.pass(pace.renew).await;
                if !watched.open() {
                    return last_call.store(0, Ordering::Release);
                }
                // Measured from before the statement: what it takes is lost to us, not to those who watch.
                let asked_ms = clock.running_ms();
                match lease::renew(&store, &claim, clock.now().plus(pace.lease)).await {
                    Ok(true) if watched.open() => {
                        last_call.store(asked_ms + pace.lease - pace.margin(), Ordering::Release);
                    }
                    Ok(_) => return last_call.store(0, Ordering::Release),
                    Err(Error::Database(why)) => tracing::warn!(job = %claim.job, why, "a lease was not renewed"),
                    Err(error) => tracing::warn!(job = %claim.job, %error, "a lease was not renewed"),
                }
            }
        };
        Lease { guard, _renewal: AbortOnDropHandle::new(tokio::spawn(renewal)) }
    }

    pub fn guard(&self) -> Guard {
        self.guard.clone()
    }
}

impl Guard {
    pub fn open(&self) -> bool {
        self.clock.running_ms() < self.last_call.load(Ordering::Acquire)
    }

    /// Returns when the lease is too near its end to send anything.
    pub async fn lapsed(&self) {
        loop {
            let left = self.last_call.load(Ordering::Acquire) - self.clock.running_ms();
            if left <= 0 {
                return;
            }
            self.clock.pass(left).await;
        }
    }

    /// Carries `work` on for as long as the lease is open: it is asked before every step that the work takes, also the
    /// first one after the process was stopped and went on.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> Result<T, Lapsed> {
        let mut work = pin!(work);
        let mut lapsed = pin!(self.lapsed());
        std::future::poll_fn(|cx| {
            if !self.open() || lapsed.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(Lapsed));
            }
            work.as_mut().poll(cx).map(Ok)
        })
        .await
    }
}

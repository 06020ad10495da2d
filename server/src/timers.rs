//! What happens by itself: rows that ring when they are due, each kind answered by one [`Timer`].
//!
//! A timer is (kind, subject, due_at); [`crate::store::timer::set`] sets it inside any transaction. One server claims
//! it with a lease, rings, and deletes it or puts it off; a ring that failed comes again, later each time. A server that
//! is lost in the middle is noticed by its lease ([`crate::engine::watch`]), and another one rings: so each ring looks at
//! what is true before it does anything.

pub mod actual;
pub mod approvers;
pub mod checks;
pub mod directory;
pub mod drift;
pub mod made_plan;
pub mod request;
pub mod sealed;

pub use actual::ActualLook;
pub use approvers::ApproverLook;
pub use checks::ChecksAgain;
pub use directory::DirectoryLook;
pub use drift::DriftLook;
pub use made_plan::PlanSweep;
pub use request::RequestExpiry;
pub use sealed::SealedCleanUp;

use crate::clock::Clock;
use crate::engine::Watch;
use crate::store::timer::{self, Claim};
use crate::store::{Change, Store};
use async_trait::async_trait;
use domain::Moment;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// One kind of thing that happens by itself.
#[async_trait]
pub trait Timer: Send + Sync {
    /// As the row says it.
    fn kind(&self) -> &'static str;
    /// Does it, if it still ought to be done. The error is for the server's own log.
    async fn ring(&self, subject: &str, now: Moment) -> Result<Next, String>;
}

/// What becomes of a timer that has rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Done,
    Again(Moment),
}

/// A server that is gone is waited for so long; then another one rings. In milliseconds.
const LEASE: i64 = 30_000;
/// How often a ring that takes longer says that it is still at it.
const RENEW: i64 = 10_000;
/// How long nothing may be heard before the database is asked again: hints can be lost, and servers too.
const DEAF: i64 = 10_000;
/// A timer of a kind that this server does not know waits for one that does.
const UNKNOWN: i64 = 60_000;

/// Rings until told to stop.
pub async fn run(store: Store, clock: Clock, timers: Vec<Arc<dyn Timer>>, stop: CancellationToken) {
    let name = uuid::Uuid::now_v7().to_string();
    let mut changes = store.changes();
    let (mut watch, mut look_ms) = (Watch::new(LEASE), 0);
    while !stop.is_cancelled() {
        let now = clock.now();
        let mut wake = DEAF;
        if look_ms <= clock.running_ms() {
            look_ms = clock.running_ms() + DEAF;
            ring_left_behind(&store, &clock, &timers, &name, &mut watch).await;
        }
        match timer::next(&store).await {
            Ok(Some(next)) if next <= now => {
                if ring_one(&store, &clock, &timers, &name).await {
                    continue;
                }
                wake = 1_000;
            }
            Ok(Some(next)) => wake = wake.min(next.since(now)),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "due timers could not be asked for");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = clock.pass(wake) => {}
            () = heard_of_a_timer(&mut changes) => {}
        }
    }
}

/// Rings the timer that has been due longest; false where there was none to be had.
pub async fn ring_one(store: &Store, clock: &Clock, timers: &[Arc<dyn Timer>], name: &str) -> bool {
    let now = clock.now();
    match timer::claim(store, name, now, now.plus(LEASE)).await {
        Ok(Some(claim)) => {
            ring_claimed(store, clock, timers, claim).await;
            true
        }
        Ok(None) => false,
        Err(error) => {
            tracing::error!(%error, "no timer could be claimed");
            false
        }
    }
}

/// Rings what was in the hands of a server that is gone, as `watch` finds out over several looks.
pub async fn ring_left_behind(
    store: &Store,
    clock: &Clock,
    timers: &[Arc<dyn Timer>],
    name: &str,
    watch: &mut Watch<(String, String)>,
) {
    let rung = async {
        let held = timer::held(store).await?;
        for lapsed in watch.look(held, clock.running_ms()) {
            if let Some(claim) = timer::inherit(store, name, &lapsed, clock.now().plus(LEASE)).await? {
                ring_claimed(store, clock, timers, claim).await;
            }
        }
        Ok::<_, crate::store::Error>(())
    };
    if let Err(error) = rung.await {
        tracing::error!(%error, "timers in other hands could not be asked for");
    }
}

async fn ring_claimed(store: &Store, clock: &Clock, timers: &[Arc<dyn Timer>], claim: Claim) {
    let now = clock.now();
    let rung = match timers.iter().find(|timer| timer.kind() == claim.kind) {
        Some(timer) => ring(store, clock, timer.as_ref(), &claim, now).await,
        None => Ok(Next::Again(now.plus(UNKNOWN))),
    };
    if let Err(error) = put_away(store, clock, &claim, rung).await {
        tracing::warn!(kind = claim.kind, subject = claim.subject, %error, "a timer was not put away; it rings again");
    }
}

/// Rings, and holds on to the timer for as long as that takes. Both are carried on together: a ring that stood still while
/// it is held on to could stand first among those who wait to write, and everybody behind it would wait for it.
async fn ring(store: &Store, clock: &Clock, timer: &dyn Timer, claim: &Claim, now: Moment) -> Result<Next, String> {
    let holding = async {
        loop {
            clock.pass(RENEW).await;
            match timer::renew(store, claim, clock.now().plus(LEASE)).await {
                Ok(true) => {}
                // It was set anew, or another server rings: this ring goes on, and leaves the row alone when it is done.
                Ok(false) => std::future::pending().await,
                Err(error) => tracing::warn!(kind = claim.kind, %error, "a timer was not held on to"),
            }
        }
    };
    tokio::select! {
        rung = timer.ring(&claim.subject, now) => rung,
        never = holding => match never {},
    }
}

async fn put_away(
    store: &Store,
    clock: &Clock,
    claim: &Claim,
    rung: Result<Next, String>,
) -> Result<(), crate::store::Error> {
    match rung {
        Ok(Next::Done) => timer::done(store, claim).await,
        Ok(Next::Again(at)) => timer::put_off(store, claim, at, 0).await,
        Err(why) => {
            let later = clock.now().plus(patience(claim.tries));
            tracing::warn!(kind = claim.kind, subject = claim.subject, why, "a timer rang in vain, it rings again");
            timer::put_off(store, claim, later, claim.tries + 1).await
        }
    }
}

/// Five seconds, doubled with each vain ring, at most an hour.
fn patience(tries: i64) -> i64 {
    let doubled = 5_000_i64 << tries.clamp(0, 10);
    doubled.min(3_600_000)
}

/// Returns at the next hint about timers, or when some were lost.
async fn heard_of_a_timer(changes: &mut tokio::sync::broadcast::Receiver<Change>) {
    loop {
        match changes.recv().await {
            Ok(Change::Timer | Change::Any) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

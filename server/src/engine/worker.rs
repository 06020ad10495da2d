//! Claims jobs that are due and gives each to a driver of its own; it has no policy.

use super::Engine;
use super::driver::{self, Rest};
use super::lease::Lease;
use super::watch::Watch;
use crate::store::lease::{self, Claim};
use crate::store::{Change, Error};
use domain::Moment;
use domain::id::JobId;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// How long nothing may be heard before the database is asked again: hints can be lost, and nobody says that he is gone.
/// A lease lapses at most so much later for those who watch it, so that a job waits 12 s for whoever takes it over.
const DEAF: i64 = 2_000;
/// How long after a hint it looks for due jobs.
const CALM: Duration = Duration::from_millis(5);
/// A job that this server cannot carry on for now.
const PUT_OFF: i64 = 5_000;
/// A job that waits for a newer Keystead is offered to others so much later.
const OFFERED: i64 = 2_000;

/// So many jobs are claimed at once, which costs one commit: no more, so that other servers get some too.
const CLAIMED: usize = 8;

/// Jobs in the hands of others, and when to look at them again.
struct Others {
    watch: Watch<JobId>,
    /// On the running clock.
    look_ms: i64,
}

/// What a look for work found.
enum Turn {
    Taken(Vec<(Claim, Lease)>),
    /// No job that is due; when the next one is that nobody holds.
    None {
        next: Option<Moment>,
    },
}

impl Engine {
    /// Works until told to stop; then lets the calls at hand come back and lets go of its jobs.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let name = uuid::Uuid::now_v7().to_string();
        let mut changes = self.store.changes();
        let _hints = AbortOnDropHandle::new(tokio::spawn(self.hints.clone().bring(self.store.changes())));
        let mut drivers = JoinSet::new();
        let mut others = Others { watch: Watch::new(self.pace.lease), look_ms: 0 };
        while !stop.is_cancelled() {
            let mut wake = DEAF;
            let room = self.at_once.saturating_sub(drivers.len());
            self.crowded.store(room == 0, Ordering::Relaxed);
            if room > 0 {
                match self.take(&name, room.min(CLAIMED), &mut others).await {
                    Ok(Turn::Taken(claims)) => {
                        for (claim, lease) in claims {
                            let engine = Arc::clone(&self);
                            drivers.spawn(engine.drive(claim, lease, stop.clone()));
                        }
                        continue;
                    }
                    Ok(Turn::None { next: Some(next) }) => wake = wake.min(next.since(self.clock.now()).max(20)),
                    Ok(Turn::None { next: None }) => {}
                    Err(error) => {
                        tracing::error!(%error, "no job could be claimed");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.clock.pass(wake) => {}
                Some(ended) = drivers.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "the driver of a job broke; its lease will lapse");
                    }
                }
                () = heard_of_a_job(&mut changes) => {
                    // Where many jobs change, one look is for all of them.
                    tokio::time::sleep(CALM).await;
                    changes = self.store.changes();
                }
            }
        }
        while drivers.join_next().await.is_some() {}
    }

    /// Claims so many jobs at most that are due, or one that was left behind.
    async fn take(&self, name: &str, most: usize, others: &mut Others) -> Result<Turn, Error> {
        let now = self.clock.now();
        let claimed_ms = self.clock.running_ms();
        let next = lease::next(&self.store, name).await?;
        if next.is_some_and(|next| next <= now) {
            let claims = lease::claim_some(&self.store, name, now, now.plus(self.pace.lease), most).await?;
            if !claims.is_empty() {
                return Ok(Turn::Taken(claims.into_iter().map(|claim| self.hold(claim, claimed_ms)).collect()));
            }
        }
        if claimed_ms < others.look_ms {
            return Ok(Turn::None { next });
        }
        let held = lease::held(&self.store).await?;
        for lapsed in others.watch.look(held, self.clock.running_ms()) {
            let (claimed_ms, until) = (self.clock.running_ms(), self.clock.now().plus(self.pace.lease));
            if let Some(claim) = lease::inherit(&self.store, name, &lapsed, until).await? {
                tracing::info!(job = %claim.job, "its worker is gone, its job is taken over");
                return Ok(Turn::Taken(vec![self.hold(claim, claimed_ms)]));
            }
        }
        others.look_ms = self.clock.running_ms() + DEAF;
        Ok(Turn::None { next })
    }

    fn hold(&self, claim: Claim, claimed_ms: i64) -> (Claim, Lease) {
        let lease = Lease::hold(self.store.clone(), self.clock.clone(), self.pace, claim.clone(), claimed_ms);
        (claim, lease)
    }

    async fn drive(self: Arc<Self>, claim: Claim, lease: Lease, stop: CancellationToken) {
        let job = claim.job.clone();
        let due = match driver::drive(&self, &claim, lease.guard(), stop).await {
            Ok(Rest::AsTheLogSays) => None,
            Ok(Rest::Until(until, position)) => Some((until, Some(position))),
            Ok(Rest::Lost) => return tracing::info!(%job, "the lease was lost, another worker goes on"),
            Ok(Rest::Beyond) => {
                tracing::warn!(%job, "a newer Keystead has begun this job; it is left to one");
                let due = self.clock.now().plus(OFFERED);
                if let Err(error) = lease::leave(&self.store, &claim, due).await {
                    tracing::warn!(%job, %error, "a job was not let go; its lease will lapse");
                }
                return self.store.announce(Change::Job(job)).await;
            }
            Err(Error::Superseded) => return tracing::info!(%job, "another worker has taken over"),
            Err(error) => {
                tracing::error!(%job, %error, "a job could not be carried on, looking again");
                Some((self.clock.now().plus(PUT_OFF), None))
            }
        };
        if let Err(error) = lease::release(&self.store, &claim, due).await {
            tracing::warn!(%job, %error, "a job was not let go; its lease will lapse");
        }
        self.store.announce(Change::Job(job)).await;
    }
}

/// Returns at the next hint about any job, or when some were lost.
async fn heard_of_a_job(changes: &mut tokio::sync::broadcast::Receiver<Change>) {
    loop {
        match changes.recv().await {
            Ok(Change::Job(_) | Change::Any) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            // The store is gone, and with it every reason to wake.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

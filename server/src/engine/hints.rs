//! Hints, brought to the one driver of the job that changed: with a thousand jobs in hand, nobody wakes for the others'.

use crate::store::Change;
use domain::id::JobId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;

/// What a driver is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// Its job changed.
    Changed,
    /// Hints were lost: its job may have changed.
    Lost,
}

/// Who is told of which job; the number tells two drivers of the same job apart. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Hints(Arc<Mutex<Drivers>>);

#[derive(Default)]
struct Drivers {
    told: HashMap<JobId, (u64, mpsc::UnboundedSender<Hint>)>,
    last: u64,
}

/// The hints of one job, for as long as this lives.
pub(super) struct Heard {
    hints: Hints,
    job: JobId,
    number: u64,
    heard: mpsc::UnboundedReceiver<Hint>,
}

impl Hints {
    fn drivers(&self) -> MutexGuard<'_, Drivers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to listen; read the job after this.
    pub(super) fn of(&self, job: &JobId) -> Heard {
        let (tells, heard) = mpsc::unbounded_channel();
        let mut drivers = self.drivers();
        drivers.last += 1;
        let number = drivers.last;
        drivers.told.insert(job.clone(), (number, tells));
        Heard { hints: self.clone(), job: job.clone(), number, heard }
    }

    /// Brings hints to their drivers until the bell is gone.
    pub(super) async fn bring(self, mut changes: broadcast::Receiver<Change>) {
        loop {
            match changes.recv().await {
                Ok(Change::Job(job)) => {
                    if let Some((_, driver)) = self.drivers().told.get(&job) {
                        let _ = driver.send(Hint::Changed);
                    }
                }
                Ok(Change::Any) | Err(RecvError::Lagged(_)) => {
                    for (_, driver) in self.drivers().told.values() {
                        let _ = driver.send(Hint::Lost);
                    }
                }
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }
}

impl Heard {
    /// The next hint; never returns where none can come any more.
    pub(super) async fn next(&mut self) -> Hint {
        match self.heard.recv().await {
            Some(hint) => hint,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        let mut drivers = self.hints.drivers();
        if drivers.told.get(&self.job).is_some_and(|(number, _)| *number == self.number) {
            drivers.told.remove(&self.job);
        }
    }
}

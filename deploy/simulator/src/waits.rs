//! Remembers what the world made its clients wait for, so that whoever measures one can tell Azure's time from the client's own.
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::clock::later;
use crate::world::World;

/// How many are kept; the oldest go first.
const MOST: usize = 10_000;

/// One delay, in wall time: what it takes on Azure, divided by the speed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wait {
    /// The resource that it is about; for what is inside a cluster, the cluster's id, kind, namespace and name.
    pub of: String,
    /// `create`, `update`, `delete` … of an operation, `registration` of a provider, `propagation` of a right,
    /// `tables` of a workspace, `image` of a pod, `address` of a service, `logs` of a resource, `background` of a cluster
    /// that AKS goes on with.
    pub why: String,
    /// When it was asked for.
    pub from: Timestamp,
    /// When what was asked for is there.
    pub until: Timestamp,
}

/// The delays of this process, oldest first.
#[derive(Default)]
pub struct Waits(Mutex<VecDeque<Wait>>);

impl Waits {
    /// Adds one.
    pub fn note(&self, wait: Wait) {
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waits.len() >= MOST {
            waits.pop_front();
        }
        waits.push_back(wait);
    }

    /// All that are kept.
    pub fn all(&self) -> Vec<Wait> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl World {
    /// The moment at which something that takes `simulated` on Azure is over here; it is noted as a wait.
    pub fn hold(&self, of: &str, why: &str, simulated: Duration) -> Timestamp {
        let from = self.clock.now();
        let usual = self.clock.shorten(simulated);
        let slower = self.faults.strike_wait(of, why);
        let until = later(from, slower.map_or(usual, |slower| slower.apply(usual)));
        self.waits.note(Wait { of: of.to_owned(), why: why.to_owned(), from, until });
        until
    }
}

//! Knows the sessions that are open on every server, and ends one where somebody who may asks for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pgwire::api::{PidSecretKeyGenerator, RandomPidSecretKeyGenerator};
use tokio_util::sync::CancellationToken;

use super::session::Session;

/// The connections, by a number of their own.
#[derive(Default)]
pub(super) struct Sessions {
    next: AtomicU64,
    open: Mutex<BTreeMap<u64, Open>>,
    processes: Arc<RandomPidSecretKeyGenerator>,
}

struct Open {
    server: String,
    session: Arc<Session>,
    end: CancellationToken,
}

/// One connection's place among them, given up when it is dropped.
pub(super) struct Place {
    all: Arc<Sessions>,
    number: u64,
    pub(super) server: String,
    /// Told when the connection is to end.
    pub(super) end: CancellationToken,
}

impl Sessions {
    pub(super) fn place(self: &Arc<Self>, server: &str) -> Place {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Place { all: self.clone(), number, server: server.to_owned(), end: CancellationToken::new() }
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The session that was let in on this connection.
    pub(super) fn take(&self, session: Arc<Session>) {
        let open = Open { server: self.server.clone(), session, end: self.end.clone() };
        self.all.open().insert(self.number, open);
    }

    /// Gives each session of all servers a process id of its own.
    pub(super) fn processes(&self) -> Arc<dyn PidSecretKeyGenerator> {
        self.all.processes.clone()
    }

    /// The sessions of this server, the oldest first.
    pub(super) fn sessions(&self) -> Vec<Arc<Session>> {
        let open = self.all.open();
        open.values().filter(|open| open.server == self.server).map(|open| open.session.clone()).collect()
    }

    /// Ends the session of that process; whether there was one.
    pub(super) fn terminate(&self, pid: i32) -> bool {
        let mut open = self.all.open();
        let mut ended = open.extract_if(.., |_, open| open.server == self.server && open.session.pid == pid);
        ended.next().inspect(|(_, open)| open.end.cancel()).is_some()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.open().remove(&self.number);
    }
}

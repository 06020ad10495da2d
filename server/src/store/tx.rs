//! Statements that happen together or not at all, in a transaction of their own or as a member of a group.
//!
//! **Group commit.** SQLite has one connection that writes, and each commit on it waits for the disk. Who has few
//! statements [joins](Store::join) those who write at the same time: a group opens when somebody comes and none is open;
//! whoever comes next joins it, one after another, each behind a savepoint of its own. Its end waits in the same queue,
//! behind those who were there when it opened: a lone writer is committed at once, and a thousand share a few flushes,
//! because behind a crowd the end waits a little longer for those who are on their way.
//! What a member has written counts when the group has committed. PostgreSQL flushes for many by itself: there each
//! member has a transaction of its own.

use super::{Both, Error, Store, on_both, once};
use sqlx::{PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard, watch};

/// So many members of a group are a crowd, for which its end waits so much longer.
const CROWD: u32 = 3;
const GATHER: Duration = Duration::from_millis(3);

/// Dropped without a commit, it never happened.
pub struct Tx(Way, Written);

/// How many transactions this process has ended.
#[derive(Clone, Default)]
pub(super) struct Written(Arc<AtomicU64>);

impl Written {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn rise(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

enum Way {
    Own(Both<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>),
    Member(OwnedMappedMutexGuard<Option<Group>, Group>),
}

/// The group that is open, where one is.
pub(super) type Lane = Arc<Mutex<Option<Group>>>;

pub(super) struct Group {
    tx: Transaction<'static, Sqlite>,
    /// How many members have begun.
    members: u32,
    /// The last of them has begun and not ended.
    begun: bool,
    ended: watch::Sender<Option<Result<(), String>>>,
}

impl Store {
    /// A transaction that may write from its first statement on.
    pub async fn begin(&self) -> Result<Tx, Error> {
        let own = Way::Own(match self.write() {
            Both::Sqlite(pool) => Both::Sqlite(pool.begin_with("begin immediate").await?),
            Both::Postgres(pool) => Both::Postgres(begin_whole(pool.clone()).await?),
        });
        Ok(Tx(own, self.0.written.clone()))
    }

    /// Joins those who write now. For few statements and no question to anybody else in between: others wait meanwhile.
    ///
    /// Whoever has begun to wait here goes on being polled or is dropped: the place is given to the first in the queue,
    /// and all behind it wait until it is taken up.
    pub async fn join(&self) -> Result<Tx, Error> {
        let Both::Sqlite(pool) = self.write() else { return self.begin().await };
        let mut lane = Arc::clone(self.lane()).lock_owned().await;
        if lane.is_none() {
            *lane = Some(open(pool.clone(), self.lane()).await?);
        }
        let gone = |_| Error::Database("the group of writers is gone".to_owned());
        let mut group = OwnedMutexGuard::try_map(lane, Option::as_mut).map_err(gone)?;
        group.forget().await;
        group.begun = true;
        group.members += 1;
        // The one before lies behind a savepoint still: its release goes the same way.
        let behind = if group.members == 1 { "savepoint member" } else { "release member; savepoint member" };
        sqlx::query(behind).execute(&mut *group.tx).await?;
        Ok(Tx(Way::Member(group), self.0.written.clone()))
    }
}

impl Tx {
    /// The connection, for one statement.
    pub fn on(&mut self) -> Both<&mut SqliteConnection, &mut PgConnection> {
        match &mut self.0 {
            Way::Own(Both::Sqlite(tx)) => Both::Sqlite(tx),
            Way::Own(Both::Postgres(tx)) => Both::Postgres(tx),
            Way::Member(group) => Both::Sqlite(&mut group.tx),
        }
    }

    /// Returns when it is on the disk. What answers a question that is asked under a key bears it from then on.
    pub async fn commit(mut self) -> Result<(), Error> {
        once::mark(&mut self).await?;
        let written = self.1.clone();
        let ended = self.end().await;
        // Also where nobody knows whether it was committed.
        written.rise();
        ended?;
        once::marked();
        Ok(())
    }

    async fn end(self) -> Result<(), Error> {
        let mut group = match self.0 {
            Way::Own(tx) => return Ok(on_both!(tx, tx => tx.commit().await)?),
            Way::Member(group) => group,
        };
        group.begun = false;
        let mut ended = group.ended.subscribe();
        drop(group);
        let ended = ended.wait_for(Option::is_some).await.map(|ended| ended.clone());
        match ended {
            Ok(Some(Ok(()))) => Ok(()),
            Ok(Some(Err(error))) => Err(Error::Database(error)),
            Ok(None) | Err(_) => Err(Error::Database("the group of writers was broken off".to_owned())),
        }
    }
}

impl Group {
    /// Takes back what a member left who is gone. A refusal says that he had ended after all, or that the whole
    /// transaction is lost, which the commit will say.
    async fn forget(&mut self) {
        if self.begun {
            let _ = sqlx::query("rollback to member").execute(&mut *self.tx).await;
            self.begun = false;
        }
    }

    async fn end(mut self) {
        self.forget().await;
        let ended = self.tx.commit().await;
        self.ended.send_replace(Some(ended.map_err(|error| error.to_string())));
    }
}

/// Opens a group and puts its end into the queue.
async fn open(pool: SqlitePool, lane: &Lane) -> Result<Group, Error> {
    // In a task of its own, so that a caller who is gone meanwhile leaves no transaction half begun.
    let begun = tokio::spawn(async move { pool.begin_with("begin immediate").await }).await;
    let tx = begun.map_err(|error| Error::Database(error.to_string()))??;
    let lane = Arc::clone(lane);
    tokio::spawn(async move {
        let mut open = Arc::clone(&lane).lock_owned().await;
        if open.as_ref().is_some_and(|group| group.members >= CROWD) {
            drop(open);
            tokio::time::sleep(GATHER).await;
            open = lane.lock_owned().await;
        }
        if let Some(group) = open.take() {
            group.end().await;
        }
    });
    Ok(Group { tx, members: 0, begun: false, ended: watch::Sender::new(None) })
}

/// Begins a transaction wholly or not at all, also where nobody waits for it any more: a caller that is gone while BEGIN
/// is on its way would leave it open on a connection that goes back into the pool (sqlx-postgres 0.9 rolls back only what
/// it has counted), and whatever the next one wrote there would never be committed.
async fn begin_whole(pool: PgPool) -> Result<Transaction<'static, Postgres>, Error> {
    let begun = tokio::spawn(async move { pool.begin().await }).await;
    Ok(begun.map_err(|error| Error::Database(error.to_string()))??)
}

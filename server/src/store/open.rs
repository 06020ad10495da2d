//! Opens the database: the only place that asks which one it is.

use super::both::{Both, Pool};
use super::{Error, Inner, Store, schema, wake};
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio_util::task::AbortOnDropHandle;

/// What the database is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The one server of a SQLite file, or one of several on PostgreSQL.
    Server,
    /// A short command beside it.
    Command,
    /// A command that only looks: the schema stays as it is.
    Look,
}

/// So many pages of SQLite's log, 16 MB, are put in their places at once: what changes often is put there less often.
const PAGES_OF_LOG: &str = "4000";
/// Longest wait of a SQLite writer for another process that writes.
const BUSY: Duration = Duration::from_secs(10);
/// A replica that is stopped in the middle of a transaction, or whose machine has lost power, holds its rows so long; in
/// milliseconds. Less than a lease, so that whoever takes its jobs over does not wait for it.
const FORGOTTEN: &str = "5000";
/// Longest wait for a row that another transaction holds, in milliseconds.
const LOCKED: &str = "8000";

impl Store {
    /// Opens `postgres://…`, `sqlite:PATH` or a plain path (made where it is missing, mode as the umask says),
    /// and brings the schema up to date, unless it is only to be looked at.
    pub async fn open(url: &str, purpose: Use) -> Result<Store, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            postgres(url, purpose).await
        } else {
            sqlite(Path::new(url.trim_start_matches("sqlite:")), purpose).await
        }
    }
}

async fn postgres(url: &str, purpose: Use) -> Result<Store, Error> {
    let options = PgConnectOptions::from_str(url)?.application_name("keystead");
    if purpose != Use::Look {
        let mut connection = PgConnection::connect_with(&options).await?;
        schema::migrate_postgres(&mut connection).await?;
        connection.close().await?;
    }
    let options = options.options([("idle_in_transaction_session_timeout", FORGOTTEN), ("lock_timeout", LOCKED)]);
    let pool =
        PgPoolOptions::new().max_connections(20).acquire_timeout(Duration::from_secs(10)).connect_with(options).await?;
    let (bell, _) = broadcast::channel(wake::KEPT);
    let name = uuid::Uuid::now_v7().to_string();
    let (outbox, parcels) = mpsc::unbounded_channel();
    tokio::spawn(wake::tell(pool.clone(), name.clone(), parcels));
    let listener = (purpose == Use::Server)
        .then(|| AbortOnDropHandle::new(tokio::spawn(wake::listen(pool.clone(), name, bell.clone()))));
    let pool = Pool::Postgres(pool);
    let (read, outbox) = (pool.clone(), Some(outbox));
    Ok(Store(Arc::new(Inner {
        read,
        write: pool,
        lane: Arc::default(),
        written: super::tx::Written::default(),
        bell,
        outbox,
        _lock: None,
        _listener: listener,
    })))
}

async fn sqlite(path: &Path, purpose: Use) -> Result<Store, Error> {
    let lock = (purpose == Use::Server).then(|| only_server(path)).transpose()?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(purpose != Use::Look)
        .journal_mode(SqliteJournalMode::Wal)
        // An answered approval survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What a savepoint could take back is kept in memory: as a file it is written three times as often as the log.
        .pragma("temp_store", "memory")
        .pragma("wal_autocheckpoint", PAGES_OF_LOG)
        .busy_timeout(BUSY);
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options.clone())
        .await?;
    if purpose != Use::Look {
        let _migrating = alone(beside(path, "migrating")).await?;
        schema::migrate_sqlite(&write).await?;
    }
    if lock.is_some() {
        // We are the only server, so whoever held something is gone: nobody has to wait for leases to lapse.
        super::lease::free_all(&write).await?;
    }
    let read = SqlitePoolOptions::new()
        .max_connections(6)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options.pragma("query_only", "on"))
        .await?;
    let (bell, _) = broadcast::channel(wake::KEPT);
    Ok(Store(Arc::new(Inner {
        read: Both::Sqlite(read),
        write: Both::Sqlite(write),
        lane: Arc::default(),
        written: super::tx::Written::default(),
        bell,
        outbox: None,
        _lock: lock,
        _listener: None,
    })))
}

/// `keystead.db` and `lock` make `keystead.db.lock`.
fn beside(path: &Path, word: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{word}"));
    PathBuf::from(name)
}

fn lock_file(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|error| Error::Database(format!("{} could not be opened: {error}", path.display())))
}

/// The lock that a second server finds taken; the system lets it go with the process, however that ends.
fn only_server(path: &Path) -> Result<File, Error> {
    let file = lock_file(&beside(path, "lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::InUse(path.display().to_string())),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(Error::Database(format!("{} could not be locked: {error}", path.display())))
        }
    }
}

/// Waits for its turn; server and commands may start at the same time.
async fn alone(path: PathBuf) -> Result<File, Error> {
    let waited = tokio::task::spawn_blocking(move || {
        let file = lock_file(&path)?;
        file.lock().map_err(|error| Error::Database(format!("{} could not be locked: {error}", path.display())))?;
        Ok(file)
    });
    waited.await.map_err(|error| Error::Database(error.to_string()))?
}

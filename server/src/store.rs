//! The database behind one small door: SQL and nothing else, one file a noun, the same text for SQLite and PostgreSQL.
//!
//! A store file is a plain set of functions over [`Store`] or [`Tx`], each holding its whole statement:
//! ```ignore
//! /// A draft of this account; `None` where there is none.
//! pub async fn find(store: &Store, account: &AccountId, id: &DraftId) -> Result<Option<Draft>, Error> {
//!     const SQL: &str = "select id, form, saved_at from draft where id = $1 and account = $2";
//!     let row: Option<Row> = on_both!(store.read(), db => {
//!         sqlx::query_as(SQL).bind(id.as_str()).bind(&account.0).fetch_optional(db).await
//!     })?;
//!     row.map(Draft::try_from).transpose()
//! }
//!
//! /// Drops it; whether it was there is no matter.
//! pub async fn drop(tx: &mut Tx, account: &AccountId, id: &DraftId) -> Result<(), Error> {
//!     const SQL: &str = "delete from draft where id = $1 and account = $2";
//!     on_both!(tx.on(), db => sqlx::query(SQL).bind(id.as_str()).bind(&account.0).execute(db).await.map(drop))?;
//!     Ok(())
//! }
//! ```
//! What is written together is written in one [`Tx`] (`store.begin()`, `tx.commit()`); a single statement may go to
//! `store.write()` directly. Never write through `store.read()`: on SQLite those connections refuse it.
//!
//! **Plain columns rule**: text, bigint and JSON as text; `count(*)` to ask for existence; `cast(sum(x) as bigint)`;
//! `lower(x) like lower($1)` to search; times are arguments. A row is a struct deriving `sqlx::FromRow` whose fields
//! are `String`, `i64` and their `Option`s, turned into domain values in one place.

pub mod account;
pub mod agreed;
mod both;
pub mod document;
pub mod draft;
pub mod drift;
pub mod environment;
mod error;
pub mod event;
pub mod job;
pub mod kept;
pub mod lease;
pub mod line;
mod open;
pub mod queue;
pub mod refold;
pub mod request;
mod schema;
pub mod sealed;
pub mod session;
pub mod standing;
pub mod timer;
pub mod token;
pub mod took;
pub mod unapproved;
pub mod validation;
pub mod wake;

use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};

pub(crate) use both::on_both;
pub use both::{Both, Tx};
pub use error::Error;
pub use open::Use;
pub use schema::Schema;
pub use wake::Change;

/// Both pools and the bell; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    read: both::Pool,
    write: both::Pool,
    bell: broadcast::Sender<Change>,
    /// To the task that tells other replicas, where there can be any.
    outbox: Option<mpsc::UnboundedSender<wake::Parcel>>,
    /// Keeps other servers off a SQLite file for as long as this store lives.
    _lock: Option<std::fs::File>,
    _listener: Option<tokio_util::task::AbortOnDropHandle<()>>,
}

/// Begins a transaction wholly or not at all, also where nobody waits for it any more: a caller that is gone while BEGIN
/// is on its way would leave it open on a connection that goes back into the pool (sqlx-postgres 0.9 rolls back only what
/// it has counted), and whatever the next one wrote there would never be committed.
async fn begin_whole(pool: sqlx::PgPool) -> Result<sqlx::Transaction<'static, sqlx::Postgres>, Error> {
    let begun = tokio::spawn(async move { pool.begin().await }).await;
    Ok(begun.map_err(|error| Error::Database(error.to_string()))??)
}

impl Store {
    /// Where questions go: many connections.
    pub fn read(&self) -> Both<&sqlx::SqlitePool, &sqlx::PgPool> {
        self.0.read.as_ref()
    }

    /// Where a single statement that writes goes: one connection on SQLite.
    pub fn write(&self) -> Both<&sqlx::SqlitePool, &sqlx::PgPool> {
        self.0.write.as_ref()
    }

    /// A transaction that may write from its first statement on. Dropped without a commit, it never happened.
    pub async fn begin(&self) -> Result<Tx, Error> {
        Ok(match &self.0.write {
            Both::Sqlite(pool) => Tx(Both::Sqlite(pool.begin_with("begin immediate").await?)),
            Both::Postgres(pool) => Tx(Both::Postgres(begin_whole(pool.clone()).await?)),
        })
    }

    /// Lets running statements end, tells other replicas what is still to be told, and closes every connection.
    pub async fn close(&self) {
        self.said_farewell().await;
        on_both!(self.read(), pool => pool.close().await);
        on_both!(self.write(), pool => pool.close().await);
    }
}

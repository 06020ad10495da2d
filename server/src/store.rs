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
//! What is written together is written in one [`Tx`] (`store.begin()`, `tx.commit()`), what the engine writes all the time
//! in one that it `store.join()`s; a single statement may go to `store.write()` directly. Never write through
//! `store.read()`: on SQLite those connections refuse it.
//!
//! **Plain columns rule**: text, bigint and JSON as text; `count(*)` to ask for existence; `cast(sum(x) as bigint)`;
//! `lower(x) like lower($1)` to search; times are arguments. A row is a struct deriving `sqlx::FromRow` whose fields
//! are `String`, `i64` and their `Option`s, turned into domain values in one place.

pub mod access;
pub mod account;
pub mod actual;
pub mod agreed;
pub mod approver;
pub mod audit;
mod both;
mod bundle;
pub mod claim;
pub mod cost;
pub mod document;
pub mod draft;
pub mod drift;
pub mod environment;
mod error;
pub mod event;
pub mod evidence;
pub mod feed;
pub mod handover;
pub mod job;
pub mod kept;
pub mod lease;
pub mod leaving;
pub mod level;
pub mod line;
pub mod made_plan;
pub mod notice;
pub mod once;
mod open;
pub mod people;
pub mod policy;
pub mod queue;
pub mod quota;
pub mod record;
pub mod refold;
pub mod request;
pub mod reseal;
mod schema;
pub mod sealed;
pub mod session;
pub mod standing;
pub mod timer;
pub mod token;
pub mod took;
mod tx;
pub mod unapproved;
pub mod validation;
pub mod wake;
pub mod webhook;

use std::sync::Arc;
use tokio::sync::{broadcast, mpsc};

pub use both::Both;
pub(crate) use both::on_both;
pub use error::Error;
pub use open::Use;
pub use schema::Schema;
pub use tx::Tx;
pub use wake::Change;

/// Both pools and the bell; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    read: both::Pool,
    write: both::Pool,
    lane: tx::Lane,
    written: tx::Written,
    bell: broadcast::Sender<Change>,
    /// To the task that tells other replicas, where there can be any.
    outbox: Option<mpsc::UnboundedSender<wake::Parcel>>,
    /// Keeps other servers off a SQLite file for as long as this store lives.
    _lock: Option<std::fs::File>,
    _listener: Option<tokio_util::task::AbortOnDropHandle<()>>,
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

    fn lane(&self) -> &tx::Lane {
        &self.0.lane
    }

    /// Rises with every transaction that this process ends: what was read at an earlier one may be otherwise by now.
    pub fn written(&self) -> u64 {
        self.0.written.count()
    }

    /// Lets running statements end, tells other replicas what is still to be told, and closes every connection.
    pub async fn close(&self) {
        self.said_farewell().await;
        on_both!(self.read(), pool => pool.close().await);
        on_both!(self.write(), pool => pool.close().await);
    }
}

//! The schema: brought up to date under a lock, forward only; one that is newer than this program is left as it is.
//!
//! **Expand, then contract.** During an upgrade replicas of two versions work on one database, so a migration only adds
//! what the version before it does without: tables, indexes, columns that are null or have a default. What nothing
//! reads any more is taken away by a migration of the version after. An older program therefore passes over migrations
//! that it does not know.

use super::{Both, Error, Store};
use sqlx::migrate::Migrator;
use sqlx::{PgConnection, SqlitePool};

fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!("../migrations");
    migrations.set_ignore_missing(true);
    migrations
}

/// What a database's schema lacks, or has beyond what this program knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Migrations still to be run: `2 outbox`.
    pub missing: Vec<String>,
    /// Numbers of migrations that a newer version has run.
    pub newer: Vec<i64>,
}

/// On a connection of its own: the migrator waits on an advisory lock for as long as another replica migrates.
pub(super) async fn migrate_postgres(connection: &mut PgConnection) -> Result<(), Error> {
    migrations().run_direct(None, connection, false).await.map_err(failed)
}

/// The caller holds a lock: SQLite has none that spans several transactions.
pub(super) async fn migrate_sqlite(pool: &SqlitePool) -> Result<(), Error> {
    migrations().run(pool).await.map_err(failed)
}

fn failed(error: sqlx::migrate::MigrateError) -> Error {
    Error::Database(format!("the schema could not be brought up to date: {error}"))
}

impl Store {
    /// How its schema stands; changes nothing.
    pub async fn schema(&self) -> Result<Schema, Error> {
        const SQL: &str = "select version from _sqlx_migrations order by version";
        let applied: Result<Vec<(i64,)>, sqlx::Error> = match self.read() {
            Both::Sqlite(db) => sqlx::query_as(SQL).fetch_all(db).await,
            Both::Postgres(db) => sqlx::query_as(SQL).fetch_all(db).await,
        };
        let applied = match applied {
            Ok(applied) => applied,
            Err(error) if no_such_table(&error) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let known = migrations();
        let missing = known.iter().filter(|known| applied.iter().all(|(version,)| *version != known.version));
        let newer = applied.iter().filter(|(version,)| !known.version_exists(*version));
        Ok(Schema {
            missing: missing.map(|missing| format!("{} {}", missing.version, missing.description)).collect(),
            newer: newer.map(|(version,)| *version).collect(),
        })
    }
}

/// As PostgreSQL and SQLite say that nobody has migrated yet.
fn no_such_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.code().is_some_and(|code| code == "42P01") || error.message().starts_with("no such table")
    })
}

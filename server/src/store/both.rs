//! One statement, two native pools: the value that is either, and the macro that runs a statement on whichever it is.

use sqlx::{PgPool, SqlitePool};

/// Something of SQLite or the same thing of PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub enum Both<S, P> {
    Sqlite(S),
    Postgres(P),
}

pub(super) type Pool = Both<SqlitePool, PgPool>;

impl<S, P> Both<S, P> {
    pub(super) fn as_ref(&self) -> Both<&S, &P> {
        match self {
            Both::Sqlite(s) => Both::Sqlite(s),
            Both::Postgres(p) => Both::Postgres(p),
        }
    }
}

/// Runs the same expression with the pool or connection of whichever database it is: `on_both!(store.read(), db => …)`.
/// `db` serves one statement.
macro_rules! on_both {
    ($on:expr, $db:ident => $body:expr) => {
        match $on {
            $crate::store::Both::Sqlite($db) => $body,
            $crate::store::Both::Postgres($db) => $body,
        }
    };
}
pub(crate) use on_both;

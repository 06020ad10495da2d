//! Sessions of browsers: a document under the hash of what the cookie holds, with its two lifetimes.

use super::{Error, Store, audit, on_both};
use domain::Moment;
use domain::account::AccountId;
use domain::audit::Entry;
use domain::view::session;

/// Under this key a session holds what the browser said of itself at sign-in.
pub const AGENT: &str = "agent";

/// A session as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Row {
    /// JSON of what the session holds.
    pub body: String,
    pub created_at: i64,
    pub used_at: i64,
    pub expires_at: i64,
}

/// Keeps a new session; `Taken("id")` where the id is in use.
pub async fn add(
    store: &Store,
    id: &str,
    account: Option<&AccountId>,
    body: &str,
    now: Moment,
    expires: Moment,
) -> Result<(), Error> {
    const SQL: &str = "insert into session (id, account, body, created_at, used_at, expires_at)
        values ($1, $2, $3, $4, $4, $5)";
    let account = account.map(|account| account.0.as_str());
    on_both!(store.write(), db => {
        let add = sqlx::query(SQL).bind(id).bind(account).bind(body).bind(now.0).bind(expires.0);
        add.execute(db).await.map(drop).map_err(|error| Error::taken(error, "id"))
    })
}

/// Writes what it holds now; its beginning stays. False where there is no such session.
pub async fn write(
    store: &Store,
    id: &str,
    account: Option<&AccountId>,
    body: &str,
    now: Moment,
    expires: Moment,
) -> Result<bool, Error> {
    const SQL: &str = "update session set account = $2, body = $3, used_at = $4, expires_at = $5 where id = $1";
    let account = account.map(|account| account.0.as_str());
    let written = on_both!(store.write(), db => {
        let write = sqlx::query(SQL).bind(id).bind(account).bind(body).bind(now.0).bind(expires.0);
        write.execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(written > 0)
}

/// None of an account that has left, however it came there.
pub async fn find(store: &Store, id: &str) -> Result<Option<Row>, Error> {
    const SQL: &str = "select body, created_at, used_at, expires_at from session where id = $1 and not exists
        (select 1 from account where account.id = session.account and account.left_at is not null)";
    Ok(on_both!(store.read(), db => sqlx::query_as(SQL).bind(id).fetch_optional(db).await)?)
}

/// Where this account is signed in, used last first; what was not used since `unused_since` has ended by that.
pub async fn of(
    store: &Store,
    account: &AccountId,
    now: Moment,
    unused_since: Moment,
) -> Result<Vec<session::Row>, Error> {
    const SQL: &str = "select id, body, created_at, used_at, expires_at from session
        where account = $1 and expires_at > $2 and used_at >= $3 order by used_at desc, id limit 100";
    let rows: Vec<(String, String, i64, i64, i64)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(&account.0).bind(now.0).bind(unused_since.0).fetch_all(db).await
    })?;
    let read = |(id, body, began, used, ends): (String, String, i64, i64, i64)| {
        let held: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        let browser = session::browser(held[AGENT].as_str().unwrap_or_default());
        session::Row { id, browser, began: Moment(began), used: Moment(used), ends: Moment(ends), here: false }
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Which of an account's sessions.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    One(&'a str),
    AllBut(&'a str),
}

/// Ends these of this account's and says which there were; recorded where there was one.
pub async fn end(store: &Store, account: &AccountId, which: Which<'_>, told: Entry) -> Result<Vec<String>, Error> {
    const ONE: &str = "delete from session where account = $1 and id = $2 returning id";
    const ALL_BUT: &str = "delete from session where account = $1 and id <> $2 returning id";
    let (sql, id) = match which {
        Which::One(id) => (ONE, id),
        Which::AllBut(id) => (ALL_BUT, id),
    };
    let mut tx = store.begin().await?;
    let ended: Vec<(String,)> =
        on_both!(tx.on(), db => sqlx::query_as(sql).bind(&account.0).bind(id).fetch_all(db).await)?;
    if !ended.is_empty() {
        audit::append(&mut tx, &told.with("sessions", ended.len())).await?;
    }
    tx.commit().await?;
    Ok(ended.into_iter().map(|(id,)| id).collect())
}

/// Notes that it was used.
pub async fn used(store: &Store, id: &str, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update session set used_at = $2 where id = $1";
    on_both!(store.write(), db => sqlx::query(SQL).bind(id).bind(now.0).execute(db).await.map(drop))?;
    Ok(())
}

pub async fn remove(store: &Store, id: &str) -> Result<(), Error> {
    const SQL: &str = "delete from session where id = $1";
    on_both!(store.write(), db => sqlx::query(SQL).bind(id).execute(db).await.map(drop))?;
    Ok(())
}

/// Sweeps out what has expired or was not used since `unused_since`.
pub async fn sweep(store: &Store, now: Moment, unused_since: Moment) -> Result<(), Error> {
    const SQL: &str = "delete from session where expires_at < $1 or used_at < $2";
    on_both!(store.write(), db => sqlx::query(SQL).bind(now.0).bind(unused_since.0).execute(db).await.map(drop))?;
    Ok(())
}

//! Timers as rows: what is to happen by itself, when, and who is at it.

use super::{Error, Store, Tx, on_both};
use domain::Moment;

/// Kind of the timer that lets a request expire; its subject is the request's id.
pub const REQUEST: &str = "request";
/// Kind of the timer that deletes a sealed password that nobody came back for; its subject is the request's id.
pub const SEALED: &str = "sealed";
/// Kind of the timer that asks checks again that could not tell; its subject is the environment's id.
pub const CHECKS: &str = "checks";

/// The right to ring one timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub kind: String,
    pub subject: String,
    pub due_at: Moment,
    /// Failed rings in a row before this one.
    pub tries: i64,
    pub epoch: i64,
}

/// Sets it, or sets it anew: there is one of a kind for each subject. Announce [`super::Change::Timer`] where it is
/// due within seconds.
pub async fn set(tx: &mut Tx, kind: &str, subject: &str, due_at: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into timer (kind, subject, due_at, tries, epoch, lease_until) values ($1, $2, $3, 0, 0, 0) \
        on conflict (kind, subject) do update set due_at = excluded.due_at, tries = 0, epoch = timer.epoch + 1, \
        lease_until = 0";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(kind).bind(subject).bind(due_at.0).execute(db).await.map(drop))?;
    Ok(())
}

pub async fn stop(tx: &mut Tx, kind: &str, subject: &str) -> Result<(), Error> {
    const SQL: &str = "delete from timer where kind = $1 and subject = $2";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(kind).bind(subject).execute(db).await.map(drop))?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    kind: String,
    subject: String,
    due_at: i64,
    tries: i64,
    epoch: i64,
}

/// Claims the timer that has been due longest and that nobody is at.
pub async fn claim(store: &Store, worker: &str, now: Moment, until: Moment) -> Result<Option<Claim>, Error> {
    const SQL: &str = "update timer set epoch = timer.epoch + 1, worker = $1, lease_until = $3 from (select kind as k, \
        subject as s from timer where due_at <= $2 and lease_until <= $2 order by due_at limit 1) as first \
        where timer.kind = first.k and timer.subject = first.s and timer.lease_until <= $2 \
        returning kind, subject, due_at, tries, epoch";
    let row: Option<Row> = on_both!(store.write(), db => {
        sqlx::query_as(SQL).bind(worker).bind(now.0).bind(until.0).fetch_optional(db).await
    })?;
    Ok(row.map(|row| Claim {
        kind: row.kind,
        subject: row.subject,
        due_at: Moment(row.due_at),
        tries: row.tries,
        epoch: row.epoch,
    }))
}

/// Holds on; false when the timer was set anew, stopped, or claimed by another.
pub async fn renew(store: &Store, claim: &Claim, now: Moment, until: Moment) -> Result<bool, Error> {
    const SQL: &str =
        "update timer set lease_until = $5 where kind = $1 and subject = $2 and epoch = $3 and lease_until > $4";
    let renewed = on_both!(store.write(), db => sqlx::query(SQL)
        .bind(&claim.kind).bind(&claim.subject).bind(claim.epoch).bind(now.0).bind(until.0)
        .execute(db).await.map(|done| done.rows_affected()))?;
    Ok(renewed == 1)
}

/// It rang: gone, unless it was set anew meanwhile.
pub async fn done(store: &Store, claim: &Claim) -> Result<(), Error> {
    const SQL: &str = "delete from timer where kind = $1 and subject = $2 and epoch = $3";
    on_both!(store.write(), db => sqlx::query(SQL)
        .bind(&claim.kind).bind(&claim.subject).bind(claim.epoch).execute(db).await.map(drop))?;
    Ok(())
}

/// Put off: to its next ring (`tries` 0), or after a failed one.
pub async fn put_off(store: &Store, claim: &Claim, due_at: Moment, tries: i64) -> Result<(), Error> {
    const SQL: &str = "update timer set due_at = $4, tries = $5, lease_until = 0 \
        where kind = $1 and subject = $2 and epoch = $3";
    on_both!(store.write(), db => sqlx::query(SQL)
        .bind(&claim.kind).bind(&claim.subject).bind(claim.epoch).bind(due_at.0).bind(tries)
        .execute(db).await.map(drop))?;
    Ok(())
}

/// When the next timer can be claimed.
pub async fn next(store: &Store) -> Result<Option<Moment>, Error> {
    const SQL: &str = "select min(case when lease_until > due_at then lease_until else due_at end) from timer";
    let (at,): (Option<i64>,) = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_one(db).await)?;
    Ok(at.map(Moment))
}

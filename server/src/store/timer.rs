//! Timers as rows: what is to happen by itself, when, and who is at it.

use super::lease::Mark;
use super::{Error, Store, Tx, on_both};
use domain::Moment;

/// Kind of the timer that lets a request expire; its subject is the request's id.
pub const REQUEST: &str = "request";
/// Kind of the timer that deletes a sealed password that nobody came back for; its subject is the request's id.
pub const SEALED: &str = "sealed";
/// Kind of the timer that asks checks again that could not tell; its subject is the environment's id.
pub const CHECKS: &str = "checks";

/// Kind of the timer that asks the directory which accounts are still there; it has no subject.
pub const DIRECTORY: &str = "directory";

/// Kind of the timer that asks the directory who is in the groups that approve; it has no subject.
pub const APPROVERS: &str = "approvers";

/// Kind of the timer that reads what Azure has billed; it has no subject.
pub const ACTUAL: &str = "actual";

/// Kind of the timer that deletes plans which nobody can send any more; it has no subject.
pub const MADE_PLAN: &str = "made-plan";

/// Kind of the timer that holds what stands against what was approved; its subject is the environment's id.
pub const DRIFT: &str = "drift";
/// How often that happens: every fifteen minutes.
pub const DRIFT_MILLIS: i64 = 15 * 60_000;

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

/// Sets it where there is none of this kind for the subject.
pub async fn set_once(store: &Store, kind: &str, subject: &str, due_at: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into timer (kind, subject, due_at, tries, epoch, lease_until) values ($1, $2, $3, 0, 0, 0) \
        on conflict (kind, subject) do nothing";
    on_both!(store.write(), db => sqlx::query(SQL).bind(kind).bind(subject).bind(due_at.0).execute(db).await.map(drop))?;
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

impl From<Row> for Claim {
    fn from(row: Row) -> Claim {
        Claim { kind: row.kind, subject: row.subject, due_at: Moment(row.due_at), tries: row.tries, epoch: row.epoch }
    }
}

/// Claims the timer that has been due longest and that nobody is at. Its lease works as that of a job
/// ([`super::lease`]): `until` is for the ringer's own clock alone. That it is due is asked of the row itself too: on
/// PostgreSQL a claim that waited for another ringer's row finds it put off, and the choice of before is not made again.
pub async fn claim(store: &Store, worker: &str, now: Moment, until: Moment) -> Result<Option<Claim>, Error> {
    const SQL: &str = "update timer set epoch = timer.epoch + 1, worker = $1, lease_until = $3 from (select kind as k, \
        subject as s from timer where due_at <= $2 and lease_until = 0 order by due_at limit 1) as first \
        where timer.kind = first.k and timer.subject = first.s and timer.lease_until = 0 and timer.due_at <= $2 \
        returning kind, subject, due_at, tries, epoch";
    let row: Option<Row> = on_both!(store.write(), db => {
        sqlx::query_as(SQL).bind(worker).bind(now.0).bind(until.0).fetch_optional(db).await
    })?;
    Ok(row.map(Claim::from))
}

/// Timers that somebody rings, or rang when he was lost: kind and subject, and the mark of the lease.
pub async fn held(store: &Store) -> Result<Vec<((String, String), Mark)>, Error> {
    const SQL: &str = "select kind, subject, epoch, lease_until from timer where lease_until <> 0";
    let rows: Vec<(String, String, i64, i64)> = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?;
    Ok(rows.into_iter().map(|(kind, subject, epoch, until)| ((kind, subject), Mark { epoch, until })).collect())
}

/// Claims a timer whose ringer has let its lease lapse; `None` where the mark is not what it was any more.
pub async fn inherit(
    store: &Store,
    worker: &str,
    ((kind, subject), mark): &((String, String), Mark),
    until: Moment,
) -> Result<Option<Claim>, Error> {
    const SQL: &str = "update timer set epoch = epoch + 1, worker = $1, \
        lease_until = case when $6 > lease_until then $6 else lease_until + 1 end \
        where kind = $2 and subject = $3 and epoch = $4 and lease_until = $5 \
        returning kind, subject, due_at, tries, epoch";
    let row: Option<Row> = on_both!(store.write(), db => sqlx::query_as(SQL)
        .bind(worker).bind(kind).bind(subject).bind(mark.epoch).bind(mark.until).bind(until.0)
        .fetch_optional(db).await)?;
    Ok(row.map(Claim::from))
}

/// Holds on, with another mark; false when the timer was set anew, stopped, or claimed by another.
pub async fn renew(store: &Store, claim: &Claim, until: Moment) -> Result<bool, Error> {
    const SQL: &str = "update timer set lease_until = case when $4 > lease_until then $4 else lease_until + 1 end \
        where kind = $1 and subject = $2 and epoch = $3 and lease_until <> 0";
    let renewed = on_both!(store.write(), db => sqlx::query(SQL)
        .bind(&claim.kind).bind(&claim.subject).bind(claim.epoch).bind(until.0)
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

/// When the next timer that nobody is at can be claimed.
pub async fn next(store: &Store) -> Result<Option<Moment>, Error> {
    const SQL: &str = "select min(due_at) from timer where lease_until = 0";
    let (at,): (Option<i64>,) = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_one(db).await)?;
    Ok(at.map(Moment))
}

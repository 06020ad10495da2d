//! The lease on a job: one statement claims the job that has been due longest, and its epoch fences earlier workers off.

use super::{Error, Store, Tx, on_both};
use domain::Moment;
use domain::id::JobId;

/// The right to work on a job, as long as nobody else has claimed it and it has not lapsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub job: JobId,
    pub epoch: i64,
}

/// Claims the job that has been due longest and that nobody holds; `None` where there is none, or where another
/// worker was quicker: ask [`next`] whether to try again.
pub async fn claim(store: &Store, worker: &str, now: Moment, until: Moment) -> Result<Option<Claim>, Error> {
    const SQL: &str = "update job set epoch = epoch + 1, worker = $1, lease_until = $3 \
        where lease_until <= $2 and id = (select id from job where due_at is not null and due_at <= $2 \
        and lease_until <= $2 order by due_at limit 1) returning id, epoch";
    let row: Option<(String, i64)> = on_both!(store.write(), db => {
        sqlx::query_as(SQL).bind(worker).bind(now.0).bind(until.0).fetch_optional(db).await
    })?;
    Ok(row.map(|(id, epoch)| Claim { job: JobId::new(id), epoch }))
}

/// Holds on; false when the lease has lapsed or is another's.
pub async fn renew(store: &Store, claim: &Claim, now: Moment, until: Moment) -> Result<bool, Error> {
    const SQL: &str = "update job set lease_until = $4 where id = $1 and epoch = $2 and lease_until > $3";
    let renewed = on_both!(store.write(), db => sqlx::query(SQL)
        .bind(claim.job.as_str()).bind(claim.epoch).bind(now.0).bind(until.0)
        .execute(db).await.map(|done| done.rows_affected()))?;
    Ok(renewed == 1)
}

/// Lets go. `due` puts the job off where its worker could not go on for a reason that the log does not know.
pub async fn release(store: &Store, claim: &Claim, due: Option<Moment>) -> Result<(), Error> {
    const SQL: &str = "update job set lease_until = 0, worker = null, due_at = coalesce($3, due_at) \
        where id = $1 and epoch = $2";
    on_both!(store.write(), db => sqlx::query(SQL)
        .bind(claim.job.as_str()).bind(claim.epoch).bind(due.map(|due| due.0)).execute(db).await.map(drop))?;
    Ok(())
}

/// When the next job can be claimed.
pub async fn next(store: &Store) -> Result<Option<Moment>, Error> {
    const SQL: &str = "select min(case when lease_until > due_at then lease_until else due_at end) from job \
        where due_at is not null";
    let (at,): (Option<i64>,) = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_one(db).await)?;
    Ok(at.map(Moment))
}

/// Whether the claim still holds.
pub(super) async fn holds(tx: &mut Tx, claim: &Claim, now: Moment) -> Result<bool, Error> {
    const SQL: &str = "select count(*) from job where id = $1 and epoch = $2 and lease_until > $3";
    let (count,): (i64,) = on_both!(tx.on(), db => sqlx::query_as(SQL)
        .bind(claim.job.as_str()).bind(claim.epoch).bind(now.0).fetch_one(db).await)?;
    Ok(count == 1)
}

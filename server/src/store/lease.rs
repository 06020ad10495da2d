//! The lease on a job: one statement claims the job whose turn it is, and its epoch fences earlier workers off.
//!
//! `lease_until` is 0 where nobody holds the job. Otherwise its holder has written there when the lease will end by the
//! holder's own clock, and for everybody else it is a mark: it changes with each renewal, and is compared with what was
//! seen before, never with a time. So no two machines have to agree on what time it is. Who has seen the same [`Mark`]
//! for the length of a lease on a running clock of its own (`engine::watch`) may [`inherit`].

use super::{Error, Store, Tx, on_both};
use domain::Moment;
use domain::id::JobId;

/// The right to work on a job, until somebody else has claimed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub job: JobId,
    pub epoch: i64,
}

/// What a lease that is held looks like from outside; another one after each renewal and each claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub epoch: i64,
    pub until: i64,
}

/// Claims the job whose turn it is, as [`claim_some`] does.
pub async fn claim(store: &Store, worker: &str, now: Moment, until: Moment) -> Result<Option<Claim>, Error> {
    Ok(claim_some(store, worker, now, until, 1).await?.pop())
}

/// Claims so many jobs at most, one after another whose turn it is ([`super::queue`]), of those that nobody holds and that
/// this worker has not left to others. Fewer where there are no more, or where another worker was quicker: ask [`next`]
/// whether to try again. `until` is the end of the lease by the worker's own clock. It reads the head of each team's queue from an index, however many
/// jobs stand behind it. That it is due is asked of the row itself too: on PostgreSQL a claim that waited for another
/// worker's row finds it let go of until later, and the choice of before is not made again.
pub async fn claim_some(
    store: &Store,
    worker: &str,
    now: Moment,
    until: Moment,
    most: usize,
) -> Result<Vec<Claim>, Error> {
    const SQL: &str = "with recursive teams(team) as (\
        select min(team) from job where due_at is not null and lease_until = 0 \
        union all select (select min(later.team) from job later where later.team > teams.team \
        and later.due_at is not null and later.lease_until = 0) from teams where teams.team is not null), \
        heads(id, in_hand) as (select \
        (select due.id from job due where due.team = teams.team and due.due_at is not null and due.lease_until = 0 \
        and due.due_at <= $2 and coalesce(due.worker, '') <> $1 order by due.due_at, due.id limit 1), \
        (select count(*) from job held where held.team = teams.team and held.lease_until <> 0) \
        from teams where teams.team is not null) \
        update job set epoch = epoch + 1, worker = $1, lease_until = $3 where lease_until = 0 and due_at <= $2 and id = (\
        select head.id from heads join job head on head.id = heads.id \
        order by heads.in_hand, head.due_at, head.id limit 1) returning id, epoch";
    let mut tx = store.join().await?;
    let mut claims = Vec::new();
    while claims.len() < most {
        let row: Option<(String, i64)> = on_both!(tx.on(), db => {
            sqlx::query_as(SQL).bind(worker).bind(now.0).bind(until.0).fetch_optional(db).await
        })?;
        let Some((id, epoch)) = row else { break };
        claims.push(Claim { job: JobId::new(id), epoch });
    }
    tx.commit().await?;
    Ok(claims)
}

/// Jobs with something left to do that somebody holds, whether alive or gone.
pub async fn held(store: &Store) -> Result<Vec<(JobId, Mark)>, Error> {
    const SQL: &str = "select id, epoch, lease_until from job where due_at is not null and lease_until <> 0";
    let rows: Vec<(String, i64, i64)> = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?;
    Ok(rows.into_iter().map(|(id, epoch, until)| (JobId::new(id), Mark { epoch, until })).collect())
}

/// Claims a job whose holder has let its lease lapse; `None` where the mark is not what it was any more.
pub async fn inherit(
    store: &Store,
    worker: &str,
    (job, mark): &(JobId, Mark),
    until: Moment,
) -> Result<Option<Claim>, Error> {
    const SQL: &str = "update job set epoch = epoch + 1, worker = $1, \
        lease_until = case when $5 > lease_until then $5 else lease_until + 1 end \
        where id = $2 and epoch = $3 and lease_until = $4 returning epoch";
    let row: Option<(i64,)> = on_both!(store.write(), db => sqlx::query_as(SQL)
        .bind(worker).bind(job.as_str()).bind(mark.epoch).bind(mark.until).bind(until.0)
        .fetch_optional(db).await)?;
    Ok(row.map(|(epoch,)| Claim { job: job.clone(), epoch }))
}

/// Holds on, with another mark; false when the job was let go or is another's.
pub async fn renew(store: &Store, claim: &Claim, until: Moment) -> Result<bool, Error> {
    const SQL: &str = "update job set lease_until = case when $3 > lease_until then $3 else lease_until + 1 end \
        where id = $1 and epoch = $2 and lease_until <> 0";
    let mut tx = store.join().await?;
    let renewed = on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(claim.job.as_str()).bind(claim.epoch).bind(until.0)
        .execute(db).await.map(|done| done.rows_affected()))?;
    tx.commit().await?;
    Ok(renewed == 1)
}

/// Lets go. `due` puts the job off where its worker knows a later time than the log; with a position, only as long as
/// nobody has written beyond it.
pub async fn release(store: &Store, claim: &Claim, due: Option<(Moment, Option<i64>)>) -> Result<(), Error> {
    const SQL: &str = "update job set lease_until = 0, worker = null, \
        due_at = case when due_at is null or position > $4 then due_at else coalesce($3, due_at) end \
        where id = $1 and epoch = $2";
    let (at, position) = match due {
        Some((at, position)) => (Some(at.0), position.unwrap_or(i64::MAX)),
        None => (None, i64::MAX),
    };
    let mut tx = store.join().await?;
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(claim.job.as_str()).bind(claim.epoch).bind(at).bind(position).execute(db).await.map(drop))?;
    tx.commit().await
}

/// Leaves it to others for good: this worker does not claim it again.
pub async fn leave(store: &Store, claim: &Claim, due: Moment) -> Result<(), Error> {
    const SQL: &str = "update job set lease_until = 0, due_at = $3 where id = $1 and epoch = $2";
    on_both!(store.write(), db => sqlx::query(SQL)
        .bind(claim.job.as_str()).bind(claim.epoch).bind(due.0).execute(db).await.map(drop))?;
    Ok(())
}

/// Takes it from whoever holds it: nothing is written in the name of the holder any more, and it cannot renew. What it
/// may still send it sends until its lease has lapsed, so that others wait for that, as for one whose holder is gone.
pub(super) async fn take_away(tx: &mut Tx, job: &JobId) -> Result<(), Error> {
    const SQL: &str = "update job set epoch = epoch + 1, worker = null, \
        lease_until = case when lease_until = 0 then 0 else lease_until + 1 end where id = $1";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(job.as_str()).execute(db).await.map(drop))?;
    Ok(())
}

/// When the next job that nobody holds can be claimed by this worker: the first of an index, however many wait.
pub async fn next(store: &Store, worker: &str) -> Result<Option<Moment>, Error> {
    const SQL: &str = "select due_at from job where due_at is not null and lease_until = 0 \
        and coalesce(worker, '') <> $1 order by due_at limit 1";
    let at: Option<(i64,)> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(worker).fetch_optional(db).await)?;
    Ok(at.map(|(at,)| Moment(at)))
}

/// Lets go of everything, for whoever knows that no other server is alive: jobs first, then timers.
pub(super) async fn free_all(db: &sqlx::SqlitePool) -> Result<(), Error> {
    const JOBS: &str = "update job set lease_until = 0, worker = null where lease_until <> 0";
    const TIMERS: &str = "update timer set lease_until = 0, worker = null where lease_until <> 0";
    sqlx::query(JOBS).execute(db).await?;
    sqlx::query(TIMERS).execute(db).await?;
    Ok(())
}

/// Whether the claim still holds.
pub(super) async fn holds(tx: &mut Tx, claim: &Claim) -> Result<bool, Error> {
    const SQL: &str = "select count(*) from job where id = $1 and epoch = $2 and lease_until <> 0";
    let (count,): (i64,) = on_both!(tx.on(), db => sqlx::query_as(SQL)
        .bind(claim.job.as_str()).bind(claim.epoch).fetch_one(db).await)?;
    Ok(count == 1)
}

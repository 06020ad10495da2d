//! Holds the columns that repeat a log against it, and writes them anew where they differ.

use super::event::{Copies, Journal, load_in};
use super::{Error, Store, Tx, job, on_both, standing};
use domain::Moment;
use domain::id::JobId;

/// How many rows of jobs and environments are not as the logs say, a log with a gap counted too; changes nothing.
pub async fn differing(store: &Store) -> Result<u64, Error> {
    let mut differing = 0;
    for id in ids(store).await? {
        let mut tx = store.begin().await?;
        let Some(journal) = load_in(&mut tx, &id).await? else { continue };
        differing += u64::from(!whole(&mut tx, &id).await?);
        differing += u64::from(!holds(&mut tx, &journal).await?);
        differing += u64::from(!environment_holds(&mut tx, &journal).await?);
    }
    Ok(differing)
}

/// Folds every log again and writes the copies anew; answers how many rows were not as they should be.
pub async fn refold(store: &Store, now: Moment) -> Result<u64, Error> {
    let mut mended = 0;
    for id in ids(store).await? {
        let mut tx = store.begin().await?;
        let Some(journal) = load_in(&mut tx, &id).await? else { continue };
        if !holds(&mut tx, &journal).await? {
            write(&mut tx, &journal, now).await?;
            mended += 1;
        }
        if !environment_holds(&mut tx, &journal).await? {
            standing::of_job(&mut tx, &journal.job, &journal.status, now).await?;
            mended += 1;
        }
        tx.commit().await?;
    }
    Ok(mended)
}

async fn ids(store: &Store) -> Result<Vec<JobId>, Error> {
    const SQL: &str = "select id from job order by id";
    let ids: Vec<(String,)> = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?;
    Ok(ids.into_iter().map(|(id,)| JobId::new(id)).collect())
}

/// Positions of the log and numbers of the lines begin at 1 and have no gaps.
async fn whole(tx: &mut Tx, id: &JobId) -> Result<bool, Error> {
    const EVENTS: &str = "select count(*), coalesce(max(position), 0) from event where job = $1";
    const LINES: &str = "select count(*), coalesce(max(number), 0) from line where job = $1";
    for sql in [EVENTS, LINES] {
        let (count, last): (i64, i64) =
            on_both!(tx.on(), db => sqlx::query_as(sql).bind(id.as_str()).fetch_one(db).await)?;
        if count != last {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the job's row repeats its log. A job that is due may be put off by its worker, so of that column it counts
/// whether there is a time at all. Where a server appends meanwhile, the row is of another position, and nothing is said.
async fn holds(tx: &mut Tx, journal: &Journal) -> Result<bool, Error> {
    const SQL: &str = "select count(*) from job where id = $1 and (position > $5 or (state = $2 and at_work = $3 \
        and steps_done = $4 and position = $5 and coalesce(started_at, -1) = $6 and coalesce(ended_at, -1) = $7 \
        and coalesce(word, '') = $9 \
        and (case when due_at is null then 0 else 1 end) = $8))";
    let copies = Copies::of(&journal.job, &journal.status, journal.job.created_at)?;
    let (count,): (i64,) = on_both!(tx.on(), db => sqlx::query_as(SQL)
        .bind(journal.job.id.as_str())
        .bind(copies.state)
        .bind(&copies.at_work)
        .bind(copies.steps_done)
        .bind(copies.position)
        .bind(copies.started_at.unwrap_or(-1))
        .bind(copies.ended_at.unwrap_or(-1))
        .bind(i64::from(copies.due_at.is_some()))
        .bind(copies.word.unwrap_or_default())
        .fetch_one(db).await)?;
    Ok(count == 1)
}

/// Whether its environment's row repeats it, where it is the newest job there.
async fn environment_holds(tx: &mut Tx, journal: &Journal) -> Result<bool, Error> {
    let environment = &journal.job.environment;
    if job::newest_in(tx, environment).await?.as_ref() != Some(&journal.job.id) {
        return Ok(true);
    }
    let standing = standing::standing(tx, &journal.job, &journal.status).await?;
    if standing::holds(tx, environment, &standing).await? {
        return Ok(true);
    }
    // Somebody may have appended since we read.
    let again = load_in(tx, &journal.job.id).await?;
    Ok(again.is_none_or(|again| again.status.position != journal.status.position))
}

async fn write(tx: &mut Tx, journal: &Journal, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update job set state = $2, at_work = $3, steps_done = $4, position = $5, started_at = $6, \
        ended_at = $7, due_at = case when $8 = 0 then null else coalesce(due_at, $9) end, word = $10 where id = $1";
    let copies = Copies::of(&journal.job, &journal.status, now)?;
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(journal.job.id.as_str())
        .bind(copies.state)
        .bind(&copies.at_work)
        .bind(copies.steps_done)
        .bind(copies.position)
        .bind(copies.started_at)
        .bind(copies.ended_at)
        .bind(i64::from(copies.due_at.is_some()))
        .bind(now.0)
        .bind(&copies.word)
        .execute(db).await.map(drop))?;
    Ok(())
}

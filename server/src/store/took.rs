//! How long the steps of finished jobs took, for what later jobs may expect.

use super::job::Job;
use super::{Error, Store, Tx, on_both};
use domain::Moment;
use domain::job::Status;
use std::collections::BTreeMap;

/// The whole job, among the keys of its steps.
pub const WHOLE: &str = "";

/// How many of the newest jobs count.
const JOBS: i64 = 20;

/// Of a job that has just succeeded.
pub(super) async fn write(tx: &mut Tx, job: &Job, status: &Status, at: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into took (job, step, took_ms) values ($1, $2, $3) \
        on conflict (job, step) do update set took_ms = excluded.took_ms";
    let steps = job.outline.iter().zip(&status.steps).filter_map(|(step, standing)| {
        // The last attempt alone: a failure in between says nothing about the next job.
        Some((step.key.as_str(), standing.ended?.since(standing.began?)))
    });
    for (step, took_ms) in steps.chain([(WHOLE, status.took_ms(at))]) {
        on_both!(tx.on(), db => sqlx::query(SQL)
            .bind(job.id.as_str()).bind(step).bind(took_ms).execute(db).await.map(drop))?;
    }
    Ok(())
}

/// Median by key of step, [`WHOLE`] for whole jobs, over the newest jobs that succeeded.
pub async fn medians(store: &Store) -> Result<BTreeMap<String, i64>, Error> {
    const SQL: &str = "select step, took_ms from took where job in \
        (select job from took where step = '' order by job desc limit $1)";
    let rows: Vec<(String, i64)> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(JOBS).fetch_all(db).await)?;
    let mut by_step: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (step, took_ms) in rows {
        by_step.entry(step).or_default().push(took_ms);
    }
    let median = |(step, mut all): (String, Vec<i64>)| {
        all.sort_unstable();
        let middle = all.get(all.len() / 2).copied().unwrap_or_default();
        (step, middle)
    };
    Ok(by_step.into_iter().map(median).collect())
}

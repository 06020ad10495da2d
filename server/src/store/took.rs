//! How long the steps of finished jobs took, for what later jobs may expect.
//!
//! Making and removing are remembered apart; what stood already and was only looked at says nothing about either.

use super::job::Job;
use super::{Error, Store, Tx, on_both};
use domain::Moment;
use domain::job::{Aim, Outline, Purpose, Status, StepStatus};
use domain::plan::Expected;
use sqlx::QueryBuilder;
use std::collections::BTreeMap;

/// A whole job that makes an environment, among the keys of its steps.
const WHOLE: &str = "";
/// A whole job that removes one.
const REMOVAL: &str = "~gone";

/// Under which key it is remembered how long this step takes.
pub fn key(step: &Outline) -> String {
    match step.aim {
        Aim::There => step.recipe_key().to_owned(),
        Aim::Gone => format!("{}{REMOVAL}", step.recipe_key()),
    }
}

/// Under which key it is remembered how long such a whole job takes; changes are too different from each other.
pub fn whole(outline: &[Outline]) -> Option<&'static str> {
    match Purpose::of(outline) {
        Purpose::Create => Some(WHOLE),
        Purpose::Destroy => Some(REMOVAL),
        Purpose::Change => None,
    }
}

/// How many of the newest jobs count.
const JOBS: i64 = 20;

/// Of a job that has just succeeded.
pub(super) async fn write(tx: &mut Tx, job: &Job, status: &Status, at: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into took (job, step, took_ms) ";
    const AGAIN: &str = " on conflict (job, step) do update set took_ms = excluded.took_ms";
    let worked = |(step, _): &(&Outline, &StepStatus)| step.aim == Aim::Gone || step.stood.is_none();
    let steps = job.outline.iter().zip(&status.steps).filter(worked).filter_map(|(step, standing)| {
        // The last attempt alone: a failure in between says nothing about the next job.
        Some((key(step), standing.ended?.since(standing.began?)))
    });
    let whole = whole(&job.outline).map(|key| (key.to_owned(), status.took_ms(at)));
    // By key: one step of the outline may be another's former.
    let all: BTreeMap<String, i64> = steps.chain(whole).collect();
    if all.is_empty() {
        return Ok(());
    }
    on_both!(tx.on(), db => {
        let mut keep = QueryBuilder::new(SQL);
        keep.push_values(&all, |mut row, (step, took_ms)| {
            row.push_bind(job.id.as_str()).push_bind(step).push_bind(took_ms);
        });
        keep.push(AGAIN).build().execute(db).await.map(drop)
    })?;
    Ok(())
}

/// What earlier runs took, by [`key`] and [`whole`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier(BTreeMap<String, Expected>);

impl Earlier {
    pub fn of(&self, key: &str) -> Option<Expected> {
        self.0.get(key).copied()
    }

    pub fn of_step(&self, step: &Outline) -> Option<Expected> {
        self.of(&key(step))
    }
}

/// Median and ninetieth percentile over the newest jobs that succeeded.
pub async fn earlier(store: &Store) -> Result<Earlier, Error> {
    const SQL: &str = "select step, took_ms from took where job in \
        (select job from took where step = '' order by job desc limit $1) or job in \
        (select job from took where step = '~gone' order by job desc limit $1)";
    let rows: Vec<(String, i64)> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(JOBS).fetch_all(db).await)?;
    let mut by_step: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (step, took_ms) in rows {
        by_step.entry(step).or_default().push(took_ms);
    }
    let expected = |(step, mut all): (String, Vec<i64>)| {
        all.sort_unstable();
        let at = |place: usize| all.get(place).copied().unwrap_or_default();
        // Nearest rank: the smallest that nine of ten do not exceed.
        let p90 = (all.len() * 9).div_ceil(10).saturating_sub(1);
        (step, Expected { median_ms: at(all.len() / 2), p90_ms: at(p90) })
    };
    Ok(Earlier(by_step.into_iter().map(expected).collect()))
}

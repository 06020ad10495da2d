//! The queue: who is taken next of the jobs that are due, and where a job stands in it until then.
//!
//! Jobs are taken by turns of teams: the next one is of the team with the fewest jobs in the hands of workers, among
//! teams with as many that which has been due longest. So a team with hundreds of jobs does not keep another from its
//! first one. Every claim adds one to its team's hands, so that the k-th waiting job of a team that has h in hand is
//! taken as if its team had h + k: sorted by that, then by when they came due, the jobs stand in the order in which they
//! are claimed for as long as none comes to an end. [`turn`] counts in that order, [`super::lease::claim`] takes its first.

use super::{Error, Store, on_both};
use domain::Moment;
use domain::id::JobId;
use domain::view::job::Turn;

/// How a job stands between workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Hand {
    lease_until: i64,
    due_at: Option<i64>,
    updated_at: i64,
}

impl Hand {
    /// Since when the worker that holds it was to write something and did not; none where nobody holds it.
    pub fn silent_since(&self) -> Option<Moment> {
        let due = self.due_at.filter(|_| self.lease_until != 0)?;
        Some(Moment(due.max(self.updated_at)))
    }

    /// Whether it is due and waits for a worker.
    pub fn waits(&self, now: Moment) -> bool {
        self.lease_until == 0 && self.due_at.is_some_and(|due| due <= now.0)
    }
}

pub async fn hand(store: &Store, id: &JobId) -> Result<Option<Hand>, Error> {
    const SQL: &str = "select lease_until, due_at, updated_at from job where id = $1";
    on_both!(store.read(), db => sqlx::query_as(SQL).bind(id.as_str()).fetch_optional(db).await).map_err(Error::from)
}

/// Where it stands among those that wait for a worker; none where it does not.
pub async fn turn(store: &Store, id: &JobId, now: Moment) -> Result<Option<Turn>, Error> {
    const SQL: &str = "with waiting as (select job.id, job.team, job.due_at, coalesce(in_hand.jobs, 0) \
        + row_number() over (partition by job.team order by job.due_at, job.id) as turn from job \
        left join (select team, count(*) as jobs from job where lease_until <> 0 group by team) in_hand \
        on in_hand.team = job.team where job.due_at is not null and job.lease_until = 0 and job.due_at <= $2) \
        select count(ahead.id), count(distinct case when ahead.team <> own.team then ahead.team end) from waiting own \
        left join waiting ahead on (ahead.turn, ahead.due_at, ahead.id) < (own.turn, own.due_at, own.id) \
        where own.id = $1 group by own.id";
    let row: Option<(i64, i64)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(id.as_str()).bind(now.0).fetch_optional(db).await
    })?;
    let small = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(row.map(|(ahead, teams)| Turn { place: small(ahead + 1), teams: small(teams) }))
}

//! What Azure keeps of things that were removed, so that later requests for the same name know of it.

use super::job::Job;
use super::{Error, Store, Tx, on_both};
use domain::Moment;
use domain::id::EnvironmentId;
use domain::job::{Phase, Status};

const DAY: i64 = 86_400_000;

/// Something that is kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Kept {
    /// `Key Vault`.
    pub kind: String,
    pub name: String,
    pub since: i64,
    /// When Azure lets it go by itself.
    pub until_at: i64,
}

/// Of a job that has just come to its end: everything that it removed and that Azure keeps for a while.
pub(super) async fn write(tx: &mut Tx, job: &Job, status: &Status) -> Result<(), Error> {
    const SQL: &str = "insert into kept (id, environment, job, kind, name, holds_name, since, until_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing";
    let removed = job.outline.iter().zip(&status.steps).filter(|(_, standing)| standing.phase == Phase::Undone);
    for (step, standing) in removed {
        let (Some(keeps), Some(since)) = (&step.keeps, standing.ended) else { continue };
        let id = format!("{}/{}", job.id, step.key);
        on_both!(tx.on(), db => sqlx::query(SQL)
            .bind(&id)
            .bind(job.environment.as_str())
            .bind(job.id.as_str())
            .bind(&keeps.kind)
            .bind(&keeps.name)
            .bind(i64::from(keeps.holds_name))
            .bind(since.0)
            .bind(since.plus(i64::from(keeps.days) * DAY).0)
            .execute(db).await.map(drop))?;
    }
    Ok(())
}

/// What holds this name of this kind at that time.
pub async fn holding(store: &Store, kind: &str, name: &str, now: Moment) -> Result<Option<Kept>, Error> {
    const SQL: &str = "select kind, name, since, until_at from kept \
        where kind = $1 and name = $2 and holds_name = 1 and until_at > $3 order by until_at desc limit 1";
    Ok(on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(kind).bind(name).bind(now.0).fetch_optional(db).await
    })?)
}

/// What is still kept of an environment.
pub async fn of(store: &Store, environment: &EnvironmentId, now: Moment) -> Result<Vec<Kept>, Error> {
    const SQL: &str = "select kind, name, since, until_at from kept \
        where environment = $1 and until_at > $2 order by until_at, name";
    Ok(on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(environment.as_str()).bind(now.0).fetch_all(db).await
    })?)
}

//! What an environment's row repeats of its job and its checks; the only writer of state, rank, detail, arch and held.

use super::event::load_in;
use super::job::{self, Job};
use super::{Error, Tx, document, environment, feed, on_both, validation};
use domain::Moment;
use domain::environment::Standing;
use domain::id::EnvironmentId;
use domain::job::{State, Status};

/// After an append: by the job's fold at hand.
pub(super) async fn of_job(tx: &mut Tx, job: &Job, status: &Status, at: Moment) -> Result<(), Error> {
    let standing = unreleased(tx, job, status).await?;
    if !write(tx, &job.environment, &standing, at, Whom::Kept).await? {
        write(tx, &job.environment, &standing.released(), at, Whom::All).await?;
    }
    Ok(())
}

/// What its row is to repeat.
pub(super) async fn standing(tx: &mut Tx, job: &Job, status: &Status) -> Result<Standing, Error> {
    let standing = unreleased(tx, job, status).await?;
    Ok(if environment::is_released_in(tx, &job.environment).await? { standing.released() } else { standing })
}

async fn unreleased(tx: &mut Tx, job: &Job, status: &Status) -> Result<Standing, Error> {
    // Only what has come to its end is proved by them.
    let checks = match status.state() {
        State::Succeeded => validation::counted_in(tx, &job.environment).await?,
        _ => None,
    };
    Ok(Standing::of(&job.outline, status, checks))
}

/// Whether the row of the job's environment repeats it.
pub(super) async fn holds(tx: &mut Tx, environment: &EnvironmentId, standing: &Standing) -> Result<bool, Error> {
    const SQL: &str = "select count(*) from environment where id = $1 and state = $2 and rank = $3 and detail = $4 \
        and arch = $5 and held = $6";
    let arch = document::write(&standing.arch)?;
    let (count,): (i64,) = on_both!(tx.on(), db => sqlx::query_as(SQL)
        .bind(environment.as_str())
        .bind(standing.state.key())
        .bind(standing.state.rank())
        .bind(&standing.detail)
        .bind(&arch)
        .bind(i64::from(standing.held))
        .fetch_one(db).await)?;
    Ok(count == 1)
}

/// After anything else that it depends on, a run of the checks above all. Without a job nothing changes: the request's
/// own functions write what it stands for.
pub async fn refresh(tx: &mut Tx, environment: &EnvironmentId, at: Moment) -> Result<(), Error> {
    let Some(newest) = job::newest_in(tx, environment).await? else { return Ok(()) };
    let Some(journal) = load_in(tx, &newest).await? else { return Ok(()) };
    of_job(tx, &journal.job, &journal.status, at).await
}

/// What is returned of a row that was written, with the state that it had.
#[derive(sqlx::FromRow)]
pub(super) struct Was {
    #[sqlx(flatten)]
    of: feed::Of,
    state_before: Option<String>,
}

impl Was {
    /// Tells where that is another state now.
    pub(super) async fn tell(&self, tx: &mut Tx, state: &str, at: Moment) -> Result<(), Error> {
        feed::of_environment(tx, &self.of, self.state_before.as_deref(), state, at).await
    }
}

/// Which environments a standing is written to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whom {
    /// Those that Keystead has not let go of.
    Kept,
    All,
}

/// Whether there was a row to write to.
async fn write(
    tx: &mut Tx,
    environment: &EnvironmentId,
    standing: &Standing,
    at: Moment,
    whom: Whom,
) -> Result<bool, Error> {
    const SQL: &str = "update environment set state = $2, rank = $3, detail = $4, arch = $5, held = $6, \
        updated_at = case when state = $2 then updated_at else $7 end, state_before = state where id = $1 and ($8 = 1 or released_at is null) \
        returning team, id as environment, name as environment_name, state_before";
    let arch = document::write(&standing.arch)?;
    let was: Option<Was> = on_both!(tx.on(), db => sqlx::query_as(SQL)
        .bind(environment.as_str())
        .bind(standing.state.key())
        .bind(standing.state.rank())
        .bind(&standing.detail)
        .bind(&arch)
        .bind(i64::from(standing.held))
        .bind(at.0)
        .bind(i64::from(whom == Whom::All))
        .fetch_optional(db).await)?;
    if let Some(was) = &was {
        was.tell(tx, standing.state.key(), at).await?;
    }
    Ok(was.is_some())
}

/// The address under which the web app answers, once its step knows it.
pub async fn set_address(tx: &mut Tx, environment: &EnvironmentId, address: Option<&str>) -> Result<(), Error> {
    const SQL: &str = "update environment set address = $2 where id = $1";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(environment.as_str()).bind(address).execute(db).await.map(drop))?;
    Ok(())
}

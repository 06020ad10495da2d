//! Jobs as rows: what was approved, and copies of what the log amounts to, for lists.

use super::queue::Hand;
use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::id::{EnvironmentId, JobId, RequestId};
use domain::job::{Aim, Outline, State};
use domain::name::TeamName;
use domain::view::job::Row;
use domain::wish::Wish;

/// What does not change while a job runs, but for wish and outline when a changed plan is approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub environment: EnvironmentId,
    pub environment_name: String,
    pub team: TeamName,
    /// The first one; the password sealed with it serves this job.
    pub request: RequestId,
    /// "Create checkout-loadtest".
    pub title: String,
    /// Name of the recipe: `provision`.
    pub recipe: String,
    pub wish: Wish,
    /// What the environment was before, where this job changes it.
    pub former: Option<Wish>,
    pub outline: Vec<Outline>,
    /// Account names.
    pub asked_by: String,
    pub approved_by: String,
    pub approved_at: Moment,
    pub created_at: Moment,
    /// The W3C `traceparent` that its request came with: Azure is told the same.
    pub trace: Option<String>,
}

impl Job {
    /// The wish under which a step of this job works: what goes was wished formerly.
    pub fn wish_of(&self, step: &Outline) -> &Wish {
        match (&self.former, step.aim) {
            (Some(former), Aim::Gone) => former,
            _ => &self.wish,
        }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct JobRow {
    id: String,
    environment: String,
    environment_name: String,
    team: String,
    request: String,
    title: String,
    recipe: String,
    wish: String,
    former: Option<String>,
    outline: String,
    asked_by: String,
    approved_by: String,
    approved_at: i64,
    created_at: i64,
    trace: Option<String>,
}

impl TryFrom<JobRow> for Job {
    type Error = Error;

    fn try_from(row: JobRow) -> Result<Job, Error> {
        Ok(Job {
            id: JobId::new(row.id),
            environment: EnvironmentId::new(row.environment),
            environment_name: row.environment_name,
            team: TeamName::parse(&row.team).map_err(Error::Database)?,
            request: RequestId::new(row.request),
            title: row.title,
            recipe: row.recipe,
            wish: document::read(&row.wish)?,
            former: row.former.as_deref().map(document::read).transpose()?,
            outline: document::read(&row.outline)?,
            asked_by: row.asked_by,
            approved_by: row.approved_by,
            approved_at: Moment(row.approved_at),
            created_at: Moment(row.created_at),
            trace: row.trace,
        })
    }
}

const FIND: &str = "select id, environment, environment_name, team, request, title, recipe, wish, former, outline, \
    asked_by, approved_by, approved_at, created_at, trace from job where id = $1";

/// Queues a job, due at once. Announce [`super::Change::Job`] after the commit.
pub async fn create(tx: &mut Tx, job: &Job) -> Result<(), Error> {
    const SQL: &str = "insert into job (id, environment, environment_name, team, request, title, recipe, wish, \
        outline, asked_by, approved_by, approved_at, created_at, state, at_work, steps_done, steps_all, position, \
        due_at, updated_at, epoch, lease_until, former, trace) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '[]', 0, $15, 0, $13, $13, 0, 0, $16, $17)";
    let (wish, outline) = (document::write(&job.wish)?, document::write(&job.outline)?);
    let former = job.former.as_ref().map(document::write).transpose()?;
    let steps = i64::try_from(job.outline.len()).unwrap_or(i64::MAX);
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(job.id.as_str())
        .bind(job.environment.as_str())
        .bind(&job.environment_name)
        .bind(job.team.as_str())
        .bind(job.request.as_str())
        .bind(&job.title)
        .bind(&job.recipe)
        .bind(&wish)
        .bind(&outline)
        .bind(&job.asked_by)
        .bind(&job.approved_by)
        .bind(job.approved_at.0)
        .bind(job.created_at.0)
        .bind(State::Queued.key())
        .bind(steps)
        .bind(&former)
        .bind(&job.trace)
        .execute(db).await.map(drop))
    .map_err(|error| Error::taken(error, "id"))?;
    super::feed::queued(tx, job).await?;
    super::standing::refresh(tx, &job.environment, job.created_at).await
}

pub async fn find(store: &Store, id: &JobId) -> Result<Option<Job>, Error> {
    let row: Option<JobRow> =
        on_both!(store.read(), db => sqlx::query_as(FIND).bind(id.as_str()).fetch_optional(db).await)?;
    row.map(Job::try_from).transpose()
}

pub(super) async fn find_in(tx: &mut Tx, id: &JobId) -> Result<Option<Job>, Error> {
    let row: Option<JobRow> = on_both!(tx.on(), db => sqlx::query_as(FIND).bind(id.as_str()).fetch_optional(db).await)?;
    row.map(Job::try_from).transpose()
}

/// The newest job of an environment.
const NEWEST: &str = "select id from job where environment = $1 order by id desc limit 1";

pub(super) async fn newest_in(tx: &mut Tx, environment: &EnvironmentId) -> Result<Option<JobId>, Error> {
    let id: Option<(String,)> =
        on_both!(tx.on(), db => sqlx::query_as(NEWEST).bind(environment.as_str()).fetch_optional(db).await)?;
    Ok(id.map(|(id,)| JobId::new(id)))
}

/// The job that last worked on this environment.
pub async fn newest(store: &Store, environment: &EnvironmentId) -> Result<Option<JobId>, Error> {
    let id: Option<(String,)> =
        on_both!(store.read(), db => sqlx::query_as(NEWEST).bind(environment.as_str()).fetch_optional(db).await)?;
    Ok(id.map(|(id,)| JobId::new(id)))
}

/// The changed plan that was approved: from now on the job works towards this wish.
pub async fn change_wish(tx: &mut Tx, id: &JobId, wish: &Wish, outline: &[Outline]) -> Result<(), Error> {
    const SQL: &str = "update job set wish = $2, outline = $3 where id = $1";
    let (wish, outline) = (document::write(wish)?, document::write(outline)?);
    on_both!(tx.on(), db => sqlx::query(SQL).bind(id.as_str()).bind(&wish).bind(&outline).execute(db).await.map(drop))?;
    Ok(())
}

/// Which jobs a list shows.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    /// `None` is every team.
    pub teams: Option<&'a [String]>,
    /// Name of an environment.
    pub environment: Option<&'a str>,
    pub state: Option<State>,
}

#[derive(sqlx::FromRow)]
struct ListRow {
    id: String,
    title: String,
    environment_name: String,
    team: String,
    state: String,
    at_work: String,
    steps_done: i64,
    steps_all: i64,
    created_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    word: Option<String>,
}

impl TryFrom<ListRow> for Row {
    type Error = Error;

    fn try_from(row: ListRow) -> Result<Row, Error> {
        Ok(Row {
            id: JobId::new(row.id),
            title: row.title,
            environment: row.environment_name,
            team: row.team,
            state: document::word(&row.state, State::of_key)?,
            at: document::read(&row.at_work)?,
            steps_done: usize::try_from(row.steps_done).unwrap_or_default(),
            steps: usize::try_from(row.steps_all).unwrap_or_default(),
            started: Moment(row.started_at.unwrap_or(row.created_at)),
            ended: row.ended_at.map(Moment),
            word: row.word.as_deref().map(document::read).transpose()?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct OneRow {
    #[sqlx(flatten)]
    listed: ListRow,
    #[sqlx(flatten)]
    hand: Hand,
}

/// A job as a list shows it, and how it stands between workers; `team` is the team's name, not its title.
pub async fn row(store: &Store, id: &JobId) -> Result<Option<(Row, Hand)>, Error> {
    const SQL: &str = "select id, title, environment_name, team, state, at_work, steps_done, steps_all, created_at, \
        started_at, ended_at, word, lease_until, due_at, updated_at from job where id = $1";
    let row: Option<OneRow> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(id.as_str()).fetch_optional(db).await)?;
    row.map(|row| Ok((row.listed.try_into()?, row.hand))).transpose()
}

/// Newest first, below the id `after` (empty for the first page), with the number of all that the filter lets through.
pub async fn list(store: &Store, filter: Filter<'_>, after: &str, limit: i64) -> Result<(Vec<Row>, i64), Error> {
    const ROWS: &str = "select id, title, environment_name, team, state, at_work, steps_done, steps_all, created_at, \
        started_at, ended_at, word from job \
        where ($1 = '' or id < $1) and ($2 = '' or $2 like '%,' || team || ',%') and ($3 = '' or environment_name = $3) \
        and ($5 = '' or state = $5) order by id desc limit $4";
    const COUNT: &str = "select count(*) from job \
        where ($1 = '' or $1 like '%,' || team || ',%') and ($2 = '' or environment_name = $2) \
        and ($3 = '' or state = $3)";
    // Team names hold no comma and no wildcard, so the list of them is one text: `,payments,catalogue,`.
    let teams = match filter.teams {
        None => String::new(),
        Some(teams) => format!(",{},", teams.join(",")),
    };
    let environment = filter.environment.unwrap_or_default();
    let state = filter.state.map_or("", State::key);
    let rows: Vec<ListRow> = on_both!(store.read(), db => {
        sqlx::query_as(ROWS).bind(after).bind(&teams).bind(environment).bind(limit).bind(state).fetch_all(db).await
    })?;
    let (total,): (i64,) = on_both!(store.read(), db => {
        sqlx::query_as(COUNT).bind(&teams).bind(environment).bind(state).fetch_one(db).await
    })?;
    Ok((rows.into_iter().map(Row::try_from).collect::<Result<_, _>>()?, total))
}

/// Position of its last event, a cheap question for whoever follows it.
pub async fn position(store: &Store, id: &JobId) -> Result<Option<i64>, Error> {
    const SQL: &str = "select position from job where id = $1";
    let row: Option<(i64,)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(id.as_str()).fetch_optional(db).await)?;
    Ok(row.map(|(position,)| position))
}

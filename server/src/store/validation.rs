//! Runs of the checks, with their results, newest and past.

use super::{Change, Error, Store, Tx, document, feed, on_both, standing};
use domain::Moment;
use domain::check;
use domain::environment::Counted;
use domain::id::{EnvironmentId, ValidationId};
use domain::view::environment::Validation;

/// Begins a run; its results follow one by one. `round` counts how often the checks of this run were asked before.
pub async fn begin(
    store: &Store,
    id: &ValidationId,
    environment: &EnvironmentId,
    by: &str,
    round: i64,
    at: Moment,
) -> Result<(), Error> {
    let mut tx = store.join().await?;
    begin_in(&mut tx, id, environment, by, round, at).await?;
    tx.commit().await?;
    store.announce(Change::Environment(environment.clone())).await;
    Ok(())
}

/// The same as a part of something greater; whoever commits it announces the environment.
pub async fn begin_in(
    tx: &mut Tx,
    id: &ValidationId,
    environment: &EnvironmentId,
    by: &str,
    round: i64,
    at: Moment,
) -> Result<(), Error> {
    const SQL: &str =
        "insert into validation (id, environment, by_whom, started_at, round) values ($1, $2, $3, $4, $5)";
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(id.as_str()).bind(environment.as_str()).bind(by).bind(at.0).bind(round).execute(db).await.map(drop))?;
    Ok(())
}

/// Keeps one result, in its place on the page; a later one in the same place replaces it.
pub async fn record(
    store: &Store,
    id: &ValidationId,
    environment: &EnvironmentId,
    position: i64,
    result: &check::Result,
) -> Result<(), Error> {
    const SQL: &str = "insert into check_result (validation, position, name, verdict, body, took_ms) \
        values ($1, $2, $3, $4, $5, $6) on conflict (validation, position) do update set name = excluded.name, \
        verdict = excluded.verdict, body = excluded.body, took_ms = excluded.took_ms";
    let body = document::write(result)?;
    let mut tx = store.join().await?;
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(id.as_str()).bind(position).bind(&result.check).bind(key(result.verdict)).bind(&body).bind(result.took_ms)
        .execute(db).await.map(drop))?;
    tx.commit().await?;
    store.announce(Change::Environment(environment.clone())).await;
    Ok(())
}

/// Ends a run, and writes what it means for the environment. `again` is when those that could not tell are asked again.
pub async fn finish(
    tx: &mut Tx,
    id: &ValidationId,
    environment: &EnvironmentId,
    again: Option<Moment>,
    at: Moment,
) -> Result<(), Error> {
    const SQL: &str = "update validation set ended_at = $2, again_at = $3 where id = $1";
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(id.as_str()).bind(at.0).bind(again.map(|again| again.0)).execute(db).await.map(drop))?;
    let counted = counted_in(tx, environment).await?;
    feed::validated(tx, id, environment, counted.as_ref(), at).await?;
    standing::refresh(tx, environment, at).await
}

/// Ends whatever run is under way, with the results that are there.
pub async fn break_off(tx: &mut Tx, environment: &EnvironmentId, at: Moment) -> Result<(), Error> {
    const SQL: &str = "update validation set ended_at = $2 where environment = $1 and ended_at is null";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(environment.as_str()).bind(at.0).execute(db).await.map(drop))?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    by_whom: String,
    started_at: i64,
    ended_at: Option<i64>,
    again_at: Option<i64>,
    round: i64,
    /// Of one result; none where the run has none yet.
    body: Option<String>,
}

impl Row {
    /// The run, without a result.
    fn run(self) -> Run {
        let at = Moment(self.started_at);
        Run {
            round: self.round,
            validation: Validation {
                id: ValidationId::new(self.id),
                at,
                took_ms: self.ended_at.map_or(0, |ended| Moment(ended).since(at)),
                by: self.by_whom,
                results: Vec::new(),
                again: self.again_at.map(Moment),
                running: self.ended_at.is_none(),
            },
        }
    }
}

/// A run with how often its checks had been asked before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub validation: Validation,
    pub round: i64,
}

/// The newest runs first, each with its results in the order of the page.
pub async fn newest(store: &Store, environment: &EnvironmentId, limit: i64) -> Result<Vec<Run>, Error> {
    const SQL: &str = "select run.id, run.by_whom, run.started_at, run.ended_at, run.again_at, run.round, result.body \
        from (select id, by_whom, started_at, ended_at, again_at, round from validation \
        where environment = $1 order by id desc limit $2) run \
        left join check_result result on result.validation = run.id order by run.id desc, result.position";
    let rows: Vec<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(environment.as_str()).bind(limit).fetch_all(db).await
    })?;
    runs(rows)
}

/// The same from the one before the cursor (an id, or empty) on.
pub async fn before(store: &Store, environment: &EnvironmentId, before: &str, limit: i64) -> Result<Vec<Run>, Error> {
    const SQL: &str = "select run.id, run.by_whom, run.started_at, run.ended_at, run.again_at, run.round, result.body \
        from (select id, by_whom, started_at, ended_at, again_at, round from validation \
        where environment = $1 and ($2 = '' or id < $2) order by id desc limit $3) run \
        left join check_result result on result.validation = run.id order by run.id desc, result.position";
    let rows: Vec<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(environment.as_str()).bind(before).bind(limit).fetch_all(db).await
    })?;
    runs(rows)
}

/// One run of an environment's.
pub async fn find(store: &Store, environment: &EnvironmentId, id: &ValidationId) -> Result<Option<Run>, Error> {
    const SQL: &str = "select run.id, run.by_whom, run.started_at, run.ended_at, run.again_at, run.round, result.body \
        from validation run left join check_result result on result.validation = run.id \
        where run.id = $2 and run.environment = $1 order by result.position";
    let rows: Vec<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(environment.as_str()).bind(id.as_str()).fetch_all(db).await
    })?;
    Ok(runs(rows)?.pop())
}

fn runs(rows: Vec<Row>) -> Result<Vec<Run>, Error> {
    let mut runs: Vec<Run> = Vec::new();
    for row in rows {
        let result = row.body.as_deref().map(document::read).transpose()?;
        if runs.last().is_none_or(|run| run.validation.id.as_str() != row.id) {
            runs.push(row.run());
        }
        if let Some(run) = runs.last_mut() {
            run.validation.results.extend(result);
        }
    }
    Ok(runs)
}

/// The newest run that has ended, counted.
pub(super) async fn counted_in(tx: &mut Tx, environment: &EnvironmentId) -> Result<Option<Counted>, Error> {
    const RUN: &str =
        "select id from validation where environment = $1 and ended_at is not null order by id desc limit 1";
    const COUNT: &str = "select verdict, count(*) from check_result where validation = $1 group by verdict";
    let run: Option<(String,)> =
        on_both!(tx.on(), db => sqlx::query_as(RUN).bind(environment.as_str()).fetch_optional(db).await)?;
    let Some((run,)) = run else { return Ok(None) };
    let counts: Vec<(String, i64)> = on_both!(tx.on(), db => sqlx::query_as(COUNT).bind(&run).fetch_all(db).await)?;
    let of = |verdict| {
        let found = counts.iter().find(|(known, _)| known == key(verdict));
        found.map_or(0, |(_, count)| usize::try_from(*count).unwrap_or_default())
    };
    Ok(Some(Counted {
        failed: of(check::Verdict::Failed),
        open: of(check::Verdict::CouldNotTell),
        passed: of(check::Verdict::Passed),
    }))
}

fn key(verdict: check::Verdict) -> &'static str {
    match verdict {
        check::Verdict::Passed => "passed",
        check::Verdict::Failed => "failed",
        check::Verdict::CouldNotTell => "could-not-tell",
    }
}

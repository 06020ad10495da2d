//! Events of the feed, made of the rows that their transaction writes.

use super::{Change, add, put};
use crate::store::bundle::Bundle;
use crate::store::job::Job;
use crate::store::{Error, Tx, on_both};
use domain::Moment;
use domain::environment::Counted;
use domain::feed::{Detail, Kind};
use domain::id::{EnvironmentId, RequestId, ValidationId};
use domain::job::{self, Aim, Event, Status};

/// Whose an event is; a statement that changes a row returns it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::store) struct Of {
    pub team: String,
    pub environment: String,
    pub environment_name: String,
}

impl Of {
    fn job(job: &Job) -> Of {
        Of {
            team: job.team.to_string(),
            environment: job.environment.to_string(),
            environment_name: job.environment_name.clone(),
        }
    }
}

/// Something happened to a request.
pub(in crate::store) async fn of_request(
    tx: &mut Tx,
    kind: Kind,
    of: &Of,
    id: &RequestId,
    detail: Detail,
    at: Moment,
) -> Result<(), Error> {
    add(tx, Change { kind, of, subject: id.as_str(), at }, &detail).await
}

/// An environment's row was written; an event where its state is another one by that.
pub(in crate::store) async fn of_environment(
    tx: &mut Tx,
    of: &Of,
    before: Option<&str>,
    state: &str,
    at: Moment,
) -> Result<(), Error> {
    if before == Some(state) {
        return Ok(());
    }
    let detail = Detail { state: Some(state.to_owned()), before: before.map(str::to_owned), ..Detail::default() };
    add(tx, Change { kind: Kind::EnvironmentChanged, of, subject: &of.environment, at }, &detail).await
}

/// A job is there.
pub(in crate::store) async fn queued(tx: &mut Tx, job: &Job) -> Result<(), Error> {
    let mut bundle = Bundle::default();
    changed(&mut bundle, job, None, job::State::Queued, None, job.created_at)?;
    Ok(bundle.send(tx).await?)
}

/// Its log was appended to: the steps that ended, then its own state.
pub(in crate::store) fn of_job(
    bundle: &mut Bundle,
    job: &Job,
    events: &[Event],
    before: &Status,
    after: &Status,
    at: Moment,
) -> Result<(), Error> {
    let of = Of::job(job);
    for event in events {
        let Some(detail) = ended(job, event) else { continue };
        put(bundle, Change { kind: Kind::StepEnded, of: &of, subject: job.id.as_str(), at }, &detail)?;
    }
    let (was, is) = (shown(before.state()), shown(after.state()));
    if was == is {
        return Ok(());
    }
    let failure = after.failure(&job.outline).filter(|_| is == job::State::NeedsPerson);
    changed(bundle, job, Some(was), is, failure.map(|(_, failure)| failure.title.clone()), at)
}

fn changed(
    bundle: &mut Bundle,
    job: &Job,
    before: Option<job::State>,
    state: job::State,
    why: Option<String>,
    at: Moment,
) -> Result<(), Error> {
    let detail = Detail {
        state: Some(state.key().to_owned()),
        before: before.map(|before| before.key().to_owned()),
        title: Some(job.title.clone()),
        request: Some(job.request.clone()),
        why,
        ..Detail::default()
    };
    put(bundle, Change { kind: Kind::JobChanged, of: &Of::job(job), subject: job.id.as_str(), at }, &detail)
}

/// A job that waits for Azure in between works: the two follow each other many times in each job.
fn shown(state: job::State) -> job::State {
    if state == job::State::Waiting { job::State::Running } else { state }
}

/// How a step ended, where this event ends one.
fn ended(job: &Job, event: &Event) -> Option<Detail> {
    let (key, state, why) = match event {
        Event::Succeeded { step, .. } => (step, "succeeded", None),
        Event::Failed { step, failure } | Event::UndoFailed { step, failure } => {
            (step, "failed", Some(failure.title.clone()))
        }
        Event::Undone { step } => (step, "undone", None),
        _ => return None,
    };
    let outline = job.outline.iter().find(|outline| outline.key == *key);
    let removed = state == "undone" && outline.is_some_and(|outline| outline.aim == Aim::Gone);
    Some(Detail {
        state: Some(if removed { "gone" } else { state }.to_owned()),
        step: Some(key.clone()),
        title: outline.map(|outline| outline.title.clone()),
        why,
        ..Detail::default()
    })
}

/// A run of the checks has ended.
pub(in crate::store) async fn validated(
    tx: &mut Tx,
    id: &ValidationId,
    environment: &EnvironmentId,
    counted: Option<&Counted>,
    at: Moment,
) -> Result<(), Error> {
    let Some(of) = about_environment(tx, environment).await? else { return Ok(()) };
    let detail = Detail {
        validation: Some(id.clone()),
        passed: counted.map(|counted| counted.passed),
        failed: counted.map(|counted| counted.failed),
        open: counted.map(|counted| counted.open),
        ..Detail::default()
    };
    add(tx, Change { kind: Kind::ValidationEnded, of: &of, subject: environment.as_str(), at }, &detail).await
}

/// What stands of it differs from what was approved, or does so no longer.
pub(in crate::store) async fn drifted(
    tx: &mut Tx,
    environment: &EnvironmentId,
    differences: Vec<String>,
    at: Moment,
) -> Result<(), Error> {
    let Some(of) = about_environment(tx, environment).await? else { return Ok(()) };
    let kind = if differences.is_empty() { Kind::EnvironmentRestored } else { Kind::EnvironmentDrifted };
    let detail = Detail { differences, ..Detail::default() };
    add(tx, Change { kind, of: &of, subject: environment.as_str(), at }, &detail).await
}

/// Whose an environment is; its row is held until the transaction ends, so that events of it follow each other.
async fn about_environment(tx: &mut Tx, id: &EnvironmentId) -> Result<Option<Of>, Error> {
    const SQL: &str = "update environment set state_before = state where id = $1 \
        returning team, id as environment, name as environment_name";
    Ok(on_both!(tx.on(), db => sqlx::query_as(SQL).bind(id.as_str()).fetch_optional(db).await)?)
}

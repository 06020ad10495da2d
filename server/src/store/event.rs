//! The log of a job: read, folded, and appended to at an expected position under a fence.
//!
//! Two guards. The *position* orders: an append names the position that its writer has folded up to, and finds
//! [`Error::Behind`] when somebody else wrote first. The *epoch* counts claims: a worker whose job was let go or claimed
//! by another finds [`Error::Superseded`]. Both stand in the first statement of the append, the update of the job's own
//! row, whose lock then keeps other writers out until the commit.
//!
//! The transaction that appends also writes what the log now amounts to into `job` and `environment`, and what follows
//! from it: a job that is over deletes its sealed password, one that stopped has a timer do it in seven days, one that
//! was taken over is its worker's no more; what a worker brought to rest, or a person cancelled, is a notice, and what
//! changed stands in the feed.

use super::bundle::Bundle;
use super::job::{self, Job};
use super::lease::Claim;
use super::{
    Change, Error, Store, Tx, audit, document, drift, feed, kept, lease, line, notice, on_both, sealed, standing,
    timer, took,
};
use domain::Moment;
use domain::audit::Actor;
use domain::id::{EnvironmentId, JobId};
use domain::job::told::{Said, told};
use domain::job::{Entry, Event, Outline, Purpose, State, Status, due};
use std::sync::Arc;

/// Who writes.
#[derive(Clone, Copy, Debug)]
pub enum Writer<'a> {
    /// The worker that holds this claim, in the name of which nothing is written once another has claimed the job.
    Worker(&'a Claim),
    /// A person's word.
    Person,
}

/// A job with its log folded.
#[derive(Clone, Debug)]
pub struct Journal {
    /// Shared with whoever works at it.
    pub job: Arc<Job>,
    pub status: Status,
}

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    at: i64,
    body: String,
}

impl TryFrom<Row> for Entry {
    type Error = Error;

    fn try_from(row: Row) -> Result<Entry, Error> {
        Ok(Entry { position: row.position, at: Moment(row.at), event: document::read(&row.body)? })
    }
}

const SINCE: &str = "select position, at, body from event where job = $1 and position > $2 order by position";

/// Since when a step of an environment has stood: when it ended in the newest job before which it did not. `None` where it
/// never has.
pub async fn stands_since(store: &Store, environment: &EnvironmentId, step: &str) -> Result<Option<Moment>, Error> {
    const SQL: &str = "select job.outline, event.at, event.body from event join job on job.id = event.job
        where job.environment = $1 and event.body like $2 order by job.id desc, event.position desc";
    let named = format!("%\"{step}\"%");
    let rows: Vec<(String, i64, String)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(environment.as_str()).bind(&named).fetch_all(db).await
    })?;
    let mut since = None;
    for (outline, at, body) in rows {
        if !matches!(document::read(&body)?, Event::Succeeded { step: ended, .. } if ended == step) {
            continue;
        }
        since = Some(Moment(at));
        let outline: Vec<Outline> = document::read(&outline)?;
        if outline.iter().any(|one| one.key == step && one.stood.is_none()) {
            break;
        }
    }
    Ok(since)
}

/// Entries above this position, in order.
pub async fn since(store: &Store, id: &JobId, position: i64) -> Result<Vec<Entry>, Error> {
    let rows: Vec<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SINCE).bind(id.as_str()).bind(position).fetch_all(db).await
    })?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// The job as its log tells it now.
pub async fn load(store: &Store, id: &JobId) -> Result<Option<Journal>, Error> {
    // The log first: a changed wish is then never older than the entry that lets it run.
    let log = since(store, id, 0).await?;
    let Some(job) = job::find(store, id).await? else { return Ok(None) };
    let status = Status::of(&job.outline, &log);
    Ok(Some(Journal { job: Arc::new(job), status }))
}

/// The same inside a transaction, for what must be decided and written together.
pub async fn load_in(tx: &mut Tx, id: &JobId) -> Result<Option<Journal>, Error> {
    let Some(job) = job::find_in(tx, id).await? else { return Ok(None) };
    let rows: Vec<Row> =
        on_both!(tx.on(), db => sqlx::query_as(SINCE).bind(id.as_str()).bind(0_i64).fetch_all(db).await)?;
    let log: Vec<Entry> = rows.into_iter().map(Entry::try_from).collect::<Result<_, _>>()?;
    let status = Status::of(&job.outline, &log);
    Ok(Some(Journal { job: Arc::new(job), status }))
}

/// A person's word: `word` says, by how the job stands, what is to be appended, or refuses. Tried again when somebody
/// wrote in between; recorded as `by`'s, committed and announced.
pub async fn say<E: From<Error>>(
    store: &Store,
    by: &Actor,
    id: &JobId,
    at: Moment,
    word: impl Fn(&Journal) -> Result<Vec<Event>, E>,
) -> Result<Journal, E> {
    loop {
        let mut tx = store.begin().await?;
        let mut journal = load_in(&mut tx, id).await?.ok_or(Error::NotFound)?;
        let events = word(&journal)?;
        match say_in(&mut tx, by, &mut journal, at, &events).await {
            Ok(()) => {
                tx.commit().await?;
                journal.announce(store).await;
                return Ok(journal);
            }
            Err(Error::Behind) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The same within a transaction that writes more, as the journal was loaded in it: [`Error::Behind`] where somebody wrote
/// in between.
pub async fn say_in(tx: &mut Tx, by: &Actor, journal: &mut Journal, at: Moment, events: &[Event]) -> Result<(), Error> {
    journal.append(tx, Writer::Person, at, events, &[]).await?;
    audit::words(tx, by, &journal.job, events, at).await
}

/// An event within a transaction that writes more: [`Error::Behind`] where somebody wrote in between.
pub async fn tell(tx: &mut Tx, id: &JobId, at: Moment, event: Event) -> Result<(), Error> {
    let mut journal = load_in(tx, id).await?.ok_or(Error::NotFound)?;
    journal.append(tx, Writer::Person, at, &[event], &[]).await
}

impl Journal {
    /// Appends events and lines at the position up to which this journal is folded, and folds them in. When it fails,
    /// drop the transaction; the journal is as it was.
    pub async fn append(
        &mut self,
        tx: &mut Tx,
        writer: Writer<'_>,
        at: Moment,
        events: &[Event],
        said: &[Said],
    ) -> Result<(), Error> {
        let outline = &self.job.outline;
        let mut status = self.status.clone();
        let mut lines = said.to_vec();
        let mut entries = Vec::with_capacity(events.len());
        for event in events {
            let before = status.clone();
            let entry = Entry { position: status.position + 1, at, event: event.clone() };
            status.take(&entry);
            lines.extend(told(outline, &before, &status, at, event));
            entries.push(entry);
        }
        self.write_copies(tx, writer, at, &status).await?;
        let mut bundle = Bundle::default();
        insert(&mut bundle, &self.job.id, &entries)?;
        line::append(&mut bundle, &self.job.id, at, &lines);
        feed::of_job(&mut bundle, &self.job, events, &self.status, &status, at)?;
        bundle.send(tx).await.map_err(|error| match Error::taken(error, "position") {
            Error::Taken(_) => Error::Behind,
            other => other,
        })?;
        if events.iter().any(|event| matches!(event, Event::TakenOver { .. })) {
            lease::take_away(tx, &self.job.id).await?;
        }
        if matches!(writer, Writer::Worker(_)) {
            audit::steps(tx, &self.job, events, at).await?;
        }
        if !entries.is_empty() {
            let state = status.state();
            if state.over() {
                sealed::delete(tx, &self.job.request).await?;
                timer::stop(tx, timer::SEALED, self.job.request.as_str()).await?;
                kept::write(tx, &self.job, &status).await?;
                drift::forget(tx, &self.job.environment).await?;
                let stands = state == State::Succeeded && Purpose::of(outline) != Purpose::Destroy;
                match stands {
                    true => {
                        let next = at.plus(timer::DRIFT_MILLIS);
                        timer::set(tx, timer::DRIFT, self.job.environment.as_str(), next).await?;
                    }
                    false => timer::stop(tx, timer::DRIFT, self.job.environment.as_str()).await?,
                }
            } else if !state.moving() && self.status.state().moving() {
                timer::set(tx, timer::SEALED, self.job.request.as_str(), at.plus(sealed::KEPT_MILLIS)).await?;
            }
            if state == State::Succeeded {
                took::write(tx, &self.job, &status, at).await?;
            }
            standing::of_job(tx, &self.job, &status, at).await?;
            // What a person does to a job they know of, and whoever is concerned by its end does not.
            if matches!(writer, Writer::Worker(_)) || state == State::Cancelled {
                notice::events::of_job(tx, &self.job, &self.status, &status, at).await?;
            }
        }
        self.status = status;
        Ok(())
    }

    /// The fence and the copies, in one statement.
    async fn write_copies(&self, tx: &mut Tx, writer: Writer<'_>, at: Moment, status: &Status) -> Result<(), Error> {
        const SQL: &str = "update job set state = $2, at_work = $3, steps_done = $4, position = $5, due_at = $6, \
            started_at = $7, ended_at = $8, updated_at = $9, word = $12 \
            where id = $1 and position = $10 and ($11 < 0 or (epoch = $11 and lease_until <> 0))";
        let copies = Copies::of(&self.job, status, at)?;
        let epoch = match writer {
            Writer::Worker(claim) => claim.epoch,
            Writer::Person => -1,
        };
        let changed = on_both!(tx.on(), db => sqlx::query(SQL)
            .bind(self.job.id.as_str())
            .bind(copies.state)
            .bind(&copies.at_work)
            .bind(copies.steps_done)
            .bind(copies.position)
            .bind(copies.due_at)
            .bind(copies.started_at)
            .bind(copies.ended_at)
            .bind(at.0)
            .bind(self.status.position)
            .bind(epoch)
            .bind(&copies.word)
            .execute(db).await.map(|done| done.rows_affected()))?;
        match (changed, writer) {
            (1, _) => Ok(()),
            (_, Writer::Person) => Err(Error::Behind),
            (_, Writer::Worker(claim)) if lease::holds(tx, claim).await? => Err(Error::Behind),
            (_, Writer::Worker(_)) => Err(Error::Superseded),
        }
    }

    /// Rings for whoever watches the job or the environment, after the commit.
    pub async fn announce(&self, store: &Store) {
        store.announce(Change::Job(self.job.id.clone())).await;
        store.announce(Change::Environment(self.job.environment.clone())).await;
    }
}

/// What `job` repeats of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copies {
    pub state: &'static str,
    pub at_work: String,
    pub steps_done: i64,
    pub position: i64,
    pub due_at: Option<i64>,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
    /// What a person said last.
    pub word: Option<String>,
}

impl Copies {
    /// By the fold alone; `at` is the time of the last entry.
    pub fn of(job: &Job, status: &Status, at: Moment) -> Result<Copies, Error> {
        Ok(Copies {
            state: status.state().key(),
            at_work: document::write(&status.at_work(&job.outline))?,
            steps_done: i64::try_from(status.done()).unwrap_or(i64::MAX),
            position: status.position,
            due_at: due(&job.outline, status, at).map(|due| due.0),
            started_at: status.started.map(|started| started.0),
            ended_at: status.ended.map(|ended| ended.0),
            word: status.words.last().map(document::write).transpose()?,
        })
    }
}

fn insert(bundle: &mut Bundle, job: &JobId, entries: &[Entry]) -> Result<(), Error> {
    const SQL: &str = "insert into event (job, position, at, body) ";
    if entries.is_empty() {
        return Ok(());
    }
    let row = |entry: &Entry| {
        let body = document::write(&entry.event)?;
        Ok([job.as_str().into(), entry.position.into(), entry.at.0.into(), body.into()])
    };
    let rows = entries.iter().map(row).collect::<Result<Vec<_>, Error>>()?;
    bundle.add(SQL).push_rows(rows);
    Ok(())
}

//! The lines of a job, for people: numbered from 1 in the order in which they were written.

use super::bundle::Bundle;
use super::{Error, Store, document, on_both};
use domain::Moment;
use domain::id::JobId;
use domain::job::Outline;
use domain::job::told::Said;
use domain::view::job::{Line, Tail, Tone};

/// Longer lines are cut.
const LONGEST: usize = 4000;

/// Called under the lock on the job's row that [`super::event::Journal::append`] holds, so that numbers have no gaps.
pub(super) fn append(bundle: &mut Bundle, job: &JobId, at: Moment, lines: &[Said]) {
    const SQL: &str = "insert into line (number, job, at, step, tone, text) \
        select said.column1 + (select coalesce(max(number), 0) from line where job = $1), \
        said.column2, said.column3, said.column4, said.column5, said.column6 from (";
    if lines.is_empty() {
        return;
    }
    let rows = (1_i64..).zip(lines).map(|(place, line)| {
        let text: String = line.text.chars().take(LONGEST).collect();
        [place.into(), job.as_str().into(), at.0.into(), line.step.as_str().into(), key(line.tone).into(), text.into()]
    });
    bundle.add(SQL).bind(job.as_str()).push_rows(rows).push(") as said");
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    at: i64,
    step: String,
    tone: String,
    text: String,
}

/// Lines above this number, oldest first. The outline gives each step's title.
pub async fn after(
    store: &Store,
    job: &JobId,
    outline: &[Outline],
    number: i64,
    limit: i64,
) -> Result<Vec<Line>, Error> {
    const SQL: &str =
        "select number, at, step, tone, text from line where job = $1 and number > $2 order by number limit $3";
    let rows: Vec<Row> = on_both!(store.read(), db => sqlx::query_as(SQL)
        .bind(job.as_str()).bind(number).bind(limit).fetch_all(db).await)?;
    shown(rows, outline)
}

/// The newest lines below `before` (0 for all) of one step (empty for all).
pub async fn tail(
    store: &Store,
    job: &JobId,
    outline: &[Outline],
    before: i64,
    step: &str,
    limit: i64,
) -> Result<Tail, Error> {
    const SQL: &str = "select number, at, step, tone, text from line \
        where job = $1 and number < $2 and ($3 = '' or step = $3) order by number desc limit $4";
    const EARLIER: &str = "select count(*) from line where job = $1 and number < $2 and ($3 = '' or step = $3)";
    let before = if before > 0 { before } else { i64::MAX };
    let mut rows: Vec<Row> = on_both!(store.read(), db => sqlx::query_as(SQL)
        .bind(job.as_str()).bind(before).bind(step).bind(limit).fetch_all(db).await)?;
    rows.reverse();
    let first = rows.first().map_or(0, |row| row.number);
    let (earlier,): (i64,) = on_both!(store.read(), db => sqlx::query_as(EARLIER)
        .bind(job.as_str()).bind(first).bind(step).fetch_one(db).await)?;
    Ok(Tail { lines: shown(rows, outline)?, earlier })
}

fn shown(rows: Vec<Row>, outline: &[Outline]) -> Result<Vec<Line>, Error> {
    let title = |key: &str| outline.iter().find(|step| step.key == key).map(|step| step.title.clone());
    let line = |row: Row| {
        Ok(Line {
            number: row.number,
            at: Moment(row.at),
            title: title(&row.step).unwrap_or_default(),
            step: row.step,
            tone: document::word(&row.tone, of_key)?,
            text: row.text,
        })
    };
    rows.into_iter().map(line).collect()
}

/// Number of the newest line; 0 where there is none.
pub async fn last(store: &Store, job: &JobId) -> Result<i64, Error> {
    const SQL: &str = "select coalesce(max(number), 0) from line where job = $1";
    let (last,): (i64,) = on_both!(store.read(), db => sqlx::query_as(SQL).bind(job.as_str()).fetch_one(db).await)?;
    Ok(last)
}

const TONES: [(Tone, &str); 5] = [
    (Tone::Plain, "plain"),
    (Tone::Done, "done"),
    (Tone::Waiting, "waiting"),
    (Tone::Failed, "failed"),
    (Tone::Person, "person"),
];

fn key(tone: Tone) -> &'static str {
    TONES.iter().find(|(known, _)| *known == tone).map_or("plain", |(_, key)| key)
}

fn of_key(key: &str) -> Option<Tone> {
    TONES.iter().find(|(_, known)| *known == key).map(|(tone, _)| *tone)
}

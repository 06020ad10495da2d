//! The record of a request: approvals, comments and whatever else happened to it, only ever added to.

use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::account::{AccountId, Way};
use domain::approval::{Entry, Word};
use domain::id::RequestId;
use uuid::Uuid;

/// Who says something, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Speaker<'a> {
    pub account: &'a AccountId,
    pub name: &'a str,
    pub way: Way,
    pub on_behalf: Option<&'a str>,
}

#[derive(sqlx::FromRow)]
struct Row {
    at: i64,
    word: String,
    name: Option<String>,
    on_behalf: Option<String>,
    level: i64,
    round: i64,
    digest: String,
    said: String,
}

impl TryFrom<Row> for Entry {
    type Error = Error;
    fn try_from(row: Row) -> Result<Entry, Error> {
        Ok(Entry {
            at: Moment(row.at),
            word: document::word(&row.word, Word::of_key)?,
            by: row.name,
            on_behalf: row.on_behalf,
            level: u32::try_from(row.level).unwrap_or_default(),
            round: u32::try_from(row.round).unwrap_or_default(),
            digest: row.digest,
            text: row.said,
        })
    }
}

/// Adds a line; `Taken("record")` where this account has approved in this round already.
pub async fn add(tx: &mut Tx, request: &RequestId, speaker: Option<Speaker<'_>>, entry: &Entry) -> Result<(), Error> {
    const SQL: &str =
        "insert into record (id, request, at, word, account, name, way, on_behalf, level, round, digest, said)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let id = Uuid::now_v7().to_string();
    let way = speaker.map(|speaker| super::request::way(speaker.way));
    on_both!(tx.on(), db => {
        let add = sqlx::query(SQL).bind(&id).bind(request.as_str()).bind(entry.at.0).bind(entry.word.key());
        let add = add.bind(speaker.map(|speaker| speaker.account.0.as_str())).bind(speaker.map(|speaker| speaker.name));
        let add = add.bind(way).bind(speaker.and_then(|speaker| speaker.on_behalf));
        let add = add.bind(i64::from(entry.level)).bind(i64::from(entry.round)).bind(&entry.digest).bind(&entry.text);
        add.execute(db).await.map(drop).map_err(|error| Error::taken(error, "record"))
    })?;
    Ok(())
}

/// The whole record, oldest first.
pub async fn of(store: &Store, request: &RequestId) -> Result<Vec<Entry>, Error> {
    const SQL: &str = "select at, word, name, on_behalf, level, round, digest, said from record
        where request = $1 order by id";
    let rows: Vec<Row> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(request.as_str()).fetch_all(db).await)?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// The same as the transaction sees it, behind the lock of [`super::level::hold`].
pub async fn of_in(tx: &mut Tx, request: &RequestId) -> Result<Vec<Entry>, Error> {
    const SQL: &str = "select at, word, name, on_behalf, level, round, digest, said from record
        where request = $1 order by id";
    let rows: Vec<Row> = on_both!(tx.on(), db => sqlx::query_as(SQL).bind(request.as_str()).fetch_all(db).await)?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// Names on the approvals that count of all requests that wait: request, who, for whom.
pub async fn approvals_of_waiting(store: &Store) -> Result<Vec<(RequestId, String, Option<String>)>, Error> {
    const SQL: &str = "select record.request, record.name, record.on_behalf from record
        join request on request.id = record.request and request.round = record.round
        where request.state = 'waiting' and record.word = 'approved' and record.name is not null";
    let rows: Vec<(String, String, Option<String>)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?;
    Ok(rows.into_iter().map(|(request, name, on_behalf)| (RequestId::new(request), name, on_behalf)).collect())
}

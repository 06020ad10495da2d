//! Who could read an environment's secrets, from look to look: what is new opens a row, what is missing closes it.

use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::access::{Holding, Since, Span, Until};
use domain::id::EnvironmentId;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Everything that is known of an environment.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// First and newest look.
    pub looked: Option<(Moment, Moment)>,
    /// What the newest could not find out.
    pub unknown: Vec<String>,
    /// In the order in which they were first seen.
    pub holdings: Vec<(Holding, Span)>,
}

/// Writes down what a look found.
pub async fn keep(
    store: &Store,
    environment: &EnvironmentId,
    found: &[Holding],
    unknown: &[String],
    now: Moment,
) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    let before = look(&mut tx, environment, unknown, now).await?;
    let mut open = open(&mut tx, environment).await?;
    for holding in found {
        let body = document::write(holding)?;
        match open.remove(&holding.key()) {
            Some((_, known)) if known == body => {}
            Some((id, _)) => replace(&mut tx, &id, &body).await?,
            None => begin(&mut tx, environment, (&holding.key(), &body), before, now).await?,
        }
    }
    for (id, _) in open.into_values() {
        end(&mut tx, &id, before.unwrap_or(now), now).await?;
    }
    tx.commit().await
}

/// The look before this one. Its row is written first, so that two looks follow each other.
async fn look(
    tx: &mut Tx,
    environment: &EnvironmentId,
    unknown: &[String],
    now: Moment,
) -> Result<Option<Moment>, Error> {
    const BEFORE: &str = "select looked_at from access_look where environment = $1";
    const SQL: &str = "insert into access_look (environment, first_at, looked_at, body) values ($1, $2, $2, $3) \
        on conflict (environment) do update set looked_at = excluded.looked_at, body = excluded.body";
    let before: Option<(i64,)> = on_both!(tx.on(), db => {
        sqlx::query_as(BEFORE).bind(environment.as_str()).fetch_optional(db).await
    })?;
    let body = document::write(unknown)?;
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(environment.as_str()).bind(now.0).bind(&body).execute(db).await.map(drop))?;
    Ok(before.map(|(at,)| Moment(at)))
}

/// Those that were there at the look before: id and document by name.
async fn open(tx: &mut Tx, environment: &EnvironmentId) -> Result<BTreeMap<String, (String, String)>, Error> {
    const SQL: &str = "select name, id, body from holding where environment = $1 and gone_at is null";
    let rows: Vec<(String, String, String)> =
        on_both!(tx.on(), db => sqlx::query_as(SQL).bind(environment.as_str()).fetch_all(db).await)?;
    Ok(rows.into_iter().map(|(name, id, body)| (name, (id, body))).collect())
}

async fn begin(
    tx: &mut Tx,
    environment: &EnvironmentId,
    (name, body): (&str, &str),
    before: Option<Moment>,
    now: Moment,
) -> Result<(), Error> {
    const SQL: &str = "insert into holding (id, environment, name, seen_after, seen_at, body) \
        values ($1, $2, $3, $4, $5, $6)";
    let id = Uuid::now_v7().to_string();
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(&id).bind(environment.as_str()).bind(name).bind(before.map(|at| at.0)).bind(now.0).bind(body)
        .execute(db).await.map(drop))?;
    Ok(())
}

/// The same assignment, told otherwise: somebody's name, or a condition.
async fn replace(tx: &mut Tx, id: &str, body: &str) -> Result<(), Error> {
    const SQL: &str = "update holding set body = $2 where id = $1";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(id).bind(body).execute(db).await.map(drop))?;
    Ok(())
}

async fn end(tx: &mut Tx, id: &str, before: Moment, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update holding set gone_after = $2, gone_at = $3 where id = $1";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(id).bind(before.0).bind(now.0).execute(db).await.map(drop))?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    seen_after: Option<i64>,
    seen_at: i64,
    gone_after: Option<i64>,
    gone_at: Option<i64>,
    body: String,
}

pub async fn of(store: &Store, environment: &EnvironmentId) -> Result<Known, Error> {
    const LOOK: &str = "select first_at, looked_at, body from access_look where environment = $1";
    const SQL: &str = "select seen_after, seen_at, gone_after, gone_at, body from holding \
        where environment = $1 order by id";
    let look: Option<(i64, i64, String)> = on_both!(store.read(), db => {
        sqlx::query_as(LOOK).bind(environment.as_str()).fetch_optional(db).await
    })?;
    let Some((first, newest, unknown)) = look else { return Ok(Known::default()) };
    let rows: Vec<Row> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(environment.as_str()).fetch_all(db).await)?;
    let holding = |row: Row| {
        let holding: Holding = document::read(&row.body)?;
        let span = span(&row, &holding);
        Ok((holding, span))
    };
    Ok(Known {
        looked: Some((Moment(first), Moment(newest))),
        unknown: document::read(&unknown)?,
        holdings: rows.into_iter().map(holding).collect::<Result<_, Error>>()?,
    })
}

/// An assignment's own beginning is exact; since when somebody is in its group is only seen.
fn span(row: &Row, holding: &Holding) -> Span {
    let since = match (holding.given.filter(|_| holding.through.is_none()), row.seen_after) {
        (Some(given), _) => Since::At(given),
        (None, Some(before)) => Since::Between { earliest: Moment(before), latest: Moment(row.seen_at) },
        (None, None) => Since::Before(Moment(row.seen_at)),
    };
    let until = match (row.gone_after, row.gone_at) {
        (Some(before), Some(at)) => Until::Between { earliest: Moment(before), latest: Moment(at) },
        _ => Until::Still,
    };
    Span { since, until }
}

//! Deliveries: one event on its way to one webhook, with how far that has come.

use crate::store::notice::Kept;
use crate::store::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::notice::Notice;
use domain::view::webhook::{Delivery, State};
use sqlx::QueryBuilder;

/// The event that says nothing but that it was reached.
pub const PING: &str = "ping";

fn state(key: &str) -> Option<State> {
    match key {
        "waiting" => Some(State::Waiting),
        "sent" => Some(State::Sent),
        "given-up" => Some(State::GivenUp),
        _ => None,
    }
}

/// To be sent at once; one of the same event that is there already stays as it is.
pub async fn add(tx: &mut Tx, webhooks: &[&str], notice: &Kept, now: Moment) -> Result<(), Error> {
    let body = document::write(&notice.notice)?;
    let new = |webhook: &&str| (uuid::Uuid::now_v7().to_string(), (*webhook).to_owned());
    let new: Vec<(String, String)> = webhooks.iter().map(new).collect();
    insert(tx, &new, &notice.id, notice.notice.kind.key(), &body, now).await
}

/// A ping; answers its id.
pub async fn ping(tx: &mut Tx, webhook: &str, now: Moment) -> Result<String, Error> {
    let id = uuid::Uuid::now_v7().to_string();
    insert(tx, &[(id.clone(), webhook.to_owned())], &id, PING, "", now).await?;
    Ok(id)
}

/// One for each webhook, by its id and that of the webhook.
async fn insert(
    tx: &mut Tx,
    new: &[(String, String)],
    key: &str,
    event: &str,
    body: &str,
    now: Moment,
) -> Result<(), Error> {
    const SQL: &str = "insert into delivery (id, webhook, event_key, event, body, at, state, since, tries, due_at) ";
    const ONCE: &str = " on conflict (webhook, event_key) do nothing";
    if new.is_empty() {
        return Ok(());
    }
    on_both!(tx.on(), db => {
        let mut all = QueryBuilder::new(SQL);
        all.push_values(new, |mut row, (id, webhook)| {
            row.push_bind(id).push_bind(webhook).push_bind(key).push_bind(event).push_bind(body).push_bind(now.0);
            row.push_bind("waiting").push_bind(now.0).push_bind(0_i64).push_bind(now.0);
        });
        all.push(ONCE).build().execute(db).await.map(drop)
    })?;
    Ok(())
}

/// What is to be sent.
#[derive(Clone, Debug)]
pub struct Due {
    pub id: String,
    pub webhook: String,
    /// `None`: a ping.
    pub notice: Option<Kept>,
    pub at: Moment,
    /// Since when it has been tried.
    pub since: Moment,
    pub tries: i64,
}

/// Due by now, longest first; what a webhook that is switched off was to be sent waits.
pub async fn due(store: &Store, now: Moment, limit: i64) -> Result<Vec<Due>, Error> {
    const SQL: &str = "select delivery.id, delivery.webhook, event_key, body, at, since, tries from delivery
        join webhook on webhook.id = delivery.webhook and webhook.enabled = 1
        where due_at is not null and due_at <= $1 order by due_at, delivery.id limit $2";
    type Row = (String, String, String, String, i64, i64, i64);
    let rows: Vec<Row> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(now.0).bind(limit).fetch_all(db).await)?;
    let read = |(id, webhook, key, body, at, since, tries): Row| {
        let read = |body: &str| document::read::<Notice>(body).map(|notice| Kept { id: key.clone(), notice });
        let notice = (!body.is_empty()).then(|| read(&body)).transpose()?;
        Ok(Due { id, webhook, notice, at: Moment(at), since: Moment(since), tries })
    };
    rows.into_iter().map(read).collect()
}

/// How a try came out.
#[derive(Clone, Copy, Debug)]
pub enum Came<'a> {
    Sent,
    /// It is tried again then.
    Later(Moment, &'a str),
    GivenUp(&'a str),
}

/// Keeps that; `status` is that of the answer, where there was one.
pub async fn came(store: &Store, id: &str, came: Came<'_>, status: Option<u16>, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update delivery set state = $2, tries = tries + 1, last_status = $3, why = $4, due_at = $5,
        ended_at = $6 where id = $1 and state = 'waiting'";
    let (state, why, due, ended) = match came {
        Came::Sent => ("sent", None, None, Some(now.0)),
        Came::Later(due, why) => ("waiting", Some(why), Some(due.0), None),
        Came::GivenUp(why) => ("given-up", Some(why), None, Some(now.0)),
    };
    let status = status.map(i64::from);
    on_both!(store.write(), db => {
        let keep = sqlx::query(SQL).bind(id).bind(state).bind(status).bind(why).bind(due).bind(ended);
        keep.execute(db).await.map(drop)
    })?;
    Ok(())
}

/// Sends one again that has ended, under its id; false where it is on its way, or not there.
pub async fn again(tx: &mut Tx, webhook: &str, id: &str, now: Moment) -> Result<bool, Error> {
    const SQL: &str = "update delivery set state = 'waiting', since = $3, tries = 0, due_at = $3, ended_at = null
        where id = $1 and webhook = $2 and state <> 'waiting'";
    let begun = on_both!(tx.on(), db => {
        sqlx::query(SQL).bind(id).bind(webhook).bind(now.0).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(begun == 1)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    event: String,
    at: i64,
    state: String,
    tries: i64,
    last_status: Option<i64>,
    why: Option<String>,
    due_at: Option<i64>,
    ended_at: Option<i64>,
}

impl TryFrom<Row> for Delivery {
    type Error = Error;

    fn try_from(row: Row) -> Result<Delivery, Error> {
        Ok(Delivery {
            id: row.id,
            event: row.event,
            at: Moment(row.at),
            state: document::word(&row.state, state)?,
            tries: row.tries,
            last_status: row.last_status.and_then(|status| u16::try_from(status).ok()),
            why: row.why,
            next_try_at: row.due_at.map(Moment),
            ended_at: row.ended_at.map(Moment),
        })
    }
}

macro_rules! deliveries {
    ($rest:literal) => {
        concat!("select id, event, at, state, tries, last_status, why, due_at, ended_at from delivery where ", $rest)
    };
}

/// Newest first, below the cursor where there is one.
pub async fn of(store: &Store, webhook: &str, below: &str, limit: i64) -> Result<Vec<Delivery>, Error> {
    const SQL: &str = deliveries!("webhook = $1 and ($2 = '' or id < $2) order by id desc limit $3");
    let rows: Vec<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(webhook).bind(below).bind(limit).fetch_all(db).await
    })?;
    rows.into_iter().map(Delivery::try_from).collect()
}

pub async fn find(store: &Store, webhook: &str, id: &str) -> Result<Option<Delivery>, Error> {
    const SQL: &str = deliveries!("id = $1 and webhook = $2");
    let row: Option<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(id).bind(webhook).fetch_optional(db).await
    })?;
    row.map(Delivery::try_from).transpose()
}

/// Drops what is older and has ended.
pub async fn sweep(store: &Store, before: Moment) -> Result<(), Error> {
    const SQL: &str = "delete from delivery where at < $1 and state <> 'waiting'";
    on_both!(store.write(), db => sqlx::query(SQL).bind(before.0).execute(db).await.map(drop))?;
    Ok(())
}

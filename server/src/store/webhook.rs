//! Webhooks that teams subscribe: where each leads, what it wants to be told of, and the sealed secrets that sign.

pub mod delivery;

use super::sealed::Sealed;
use super::{Error, Store, Tx, document, environment, on_both};
use domain::Moment;
use domain::id::RequestId;
use domain::name::TeamName;
use domain::view::webhook::Row as Shown;

/// A subscription as it is kept. Not `Debug`: the address may hold a key.
#[derive(Clone)]
pub struct Webhook {
    pub id: String,
    pub team: TeamName,
    pub name: String,
    pub url: String,
    pub events: Vec<String>,
    pub enabled: bool,
    pub secret: Sealed,
    /// The secret before, and until when it signs too.
    pub former: Option<(Sealed, Moment)>,
    pub failing_since: Option<Moment>,
    pub created_at: Moment,
    pub created_by: String,
}

impl Webhook {
    /// With what its secrets are bound to it.
    pub fn bound(id: &str) -> RequestId {
        RequestId::new(format!("webhook:{id}"))
    }

    pub fn wants(&self, kind: &str) -> bool {
        self.enabled && (self.events.is_empty() || self.events.iter().any(|event| event == kind))
    }

    /// Without what may be a key.
    pub fn shown(&self, now: Moment) -> Shown {
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        let url = if url.len() == self.url.len() { url.to_owned() } else { format!("{url}?…") };
        Shown {
            id: self.id.clone(),
            team: self.team.clone(),
            name: self.name.clone(),
            url,
            events: self.events.clone(),
            enabled: self.enabled,
            created_at: self.created_at,
            created_by: self.created_by.clone(),
            former_secret_until: self.former.as_ref().map(|(_, until)| *until).filter(|until| *until > now),
            failing_since: self.failing_since,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    team: String,
    name: String,
    url: String,
    events: String,
    enabled: i64,
    key_id: String,
    secret: String,
    former_key_id: Option<String>,
    former_secret: Option<String>,
    former_until: Option<i64>,
    failing_since: Option<i64>,
    created_at: i64,
    created_by: String,
}

impl TryFrom<Row> for Webhook {
    type Error = Error;

    fn try_from(row: Row) -> Result<Webhook, Error> {
        let former = match (row.former_key_id, row.former_secret, row.former_until) {
            (Some(key_id), Some(body), Some(until)) => Some((Sealed { key_id, body }, Moment(until))),
            _ => None,
        };
        Ok(Webhook {
            id: row.id,
            team: environment::team(&row.team)?,
            name: row.name,
            url: row.url,
            events: document::read(&row.events)?,
            enabled: row.enabled != 0,
            secret: Sealed { key_id: row.key_id, body: row.secret },
            former,
            failing_since: row.failing_since.map(Moment),
            created_at: Moment(row.created_at),
            created_by: row.created_by,
        })
    }
}

macro_rules! columns {
    () => {
        "id, team, name, url, events, enabled, key_id, secret, former_key_id, former_secret, former_until,
        failing_since, created_at, created_by"
    };
}

macro_rules! webhooks {
    ($rest:literal) => {
        concat!("select ", columns!(), " from webhook where ", $rest)
    };
}

pub async fn add(tx: &mut Tx, webhook: &Webhook) -> Result<(), Error> {
    const SQL: &str =
        "insert into webhook (id, team, name, url, events, enabled, key_id, secret, created_at, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let events = document::write(&webhook.events)?;
    on_both!(tx.on(), db => {
        let add = sqlx::query(SQL).bind(&webhook.id).bind(webhook.team.as_str()).bind(&webhook.name).bind(&webhook.url);
        let add = add.bind(&events).bind(i64::from(webhook.enabled)).bind(&webhook.secret.key_id);
        let add = add.bind(&webhook.secret.body).bind(webhook.created_at.0).bind(&webhook.created_by);
        add.execute(db).await.map(drop)
    })?;
    Ok(())
}

/// Of these teams, newest first, below the cursor where there is one.
pub async fn list(store: &Store, teams: &[String], below: &str, limit: i64) -> Result<Vec<Webhook>, Error> {
    const SQL: &str = webhooks!("$1 like '%,' || team || ',%' and ($2 = '' or id < $2) order by id desc limit $3");
    let teams = format!(",{},", teams.join(","));
    let rows: Vec<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(&teams).bind(below).bind(limit).fetch_all(db).await
    })?;
    rows.into_iter().map(Webhook::try_from).collect()
}

pub async fn find(store: &Store, id: &str) -> Result<Option<Webhook>, Error> {
    const SQL: &str = webhooks!("id = $1");
    let row: Option<Row> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(id).fetch_optional(db).await)?;
    row.map(Webhook::try_from).transpose()
}

/// All of a team's that are switched on; few.
pub async fn of_team(store: &Store, team: &TeamName) -> Result<Vec<Webhook>, Error> {
    const SQL: &str = webhooks!("team = $1 and enabled = 1 order by id");
    let rows: Vec<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(team.as_str()).fetch_all(db).await
    })?;
    rows.into_iter().map(Webhook::try_from).collect()
}

pub async fn count(store: &Store, team: &TeamName) -> Result<i64, Error> {
    const SQL: &str = "select count(*) from webhook where team = $1";
    let (count,): (i64,) = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(team.as_str()).fetch_one(db).await
    })?;
    Ok(count)
}

/// As it is, and from here to the commit nobody else changes it; `None` where it is gone.
pub async fn hold(tx: &mut Tx, id: &str) -> Result<Option<Webhook>, Error> {
    const SQL: &str = concat!("update webhook set name = name where id = $1 returning ", columns!());
    let row: Option<Row> = on_both!(tx.on(), db => sqlx::query_as(SQL).bind(id).fetch_optional(db).await)?;
    row.map(Webhook::try_from).transpose()
}

/// Writes name, address, events and whether it is on.
pub async fn change(tx: &mut Tx, webhook: &Webhook) -> Result<(), Error> {
    const SQL: &str = "update webhook set name = $2, url = $3, events = $4, enabled = $5 where id = $1";
    let events = document::write(&webhook.events)?;
    on_both!(tx.on(), db => {
        let change = sqlx::query(SQL).bind(&webhook.id).bind(&webhook.name).bind(&webhook.url).bind(&events);
        change.bind(i64::from(webhook.enabled)).execute(db).await.map(drop)
    })?;
    Ok(())
}

/// With its deliveries.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), Error> {
    const DELIVERIES: &str = "delete from delivery where webhook = $1";
    const WEBHOOK: &str = "delete from webhook where id = $1";
    for sql in [DELIVERIES, WEBHOOK] {
        on_both!(tx.on(), db => sqlx::query(sql).bind(id).execute(db).await.map(drop))?;
    }
    Ok(())
}

/// Another secret signs; the one that did goes on beside it until then.
pub async fn rotate(tx: &mut Tx, id: &str, secret: &Sealed, until: Moment) -> Result<(), Error> {
    const SQL: &str = "update webhook set former_key_id = key_id, former_secret = secret, former_until = $4,
        key_id = $2, secret = $3 where id = $1";
    on_both!(tx.on(), db => {
        let rotate = sqlx::query(SQL).bind(id).bind(&secret.key_id).bind(&secret.body).bind(until.0);
        rotate.execute(db).await.map(drop)
    })?;
    Ok(())
}

/// Keeps whether the last delivery arrived.
pub async fn reached(store: &Store, id: &str, arrived: bool, now: Moment) -> Result<(), Error> {
    const ARRIVED: &str = "update webhook set failing_since = null where id = $1 and failing_since is not null";
    const FAILED: &str = "update webhook set failing_since = $2 where id = $1 and failing_since is null";
    match arrived {
        true => on_both!(store.write(), db => sqlx::query(ARRIVED).bind(id).execute(db).await.map(drop))?,
        false => on_both!(store.write(), db => sqlx::query(FAILED).bind(id).bind(now.0).execute(db).await.map(drop))?,
    }
    Ok(())
}

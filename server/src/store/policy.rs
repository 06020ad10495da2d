//! Policies that are written on the page, with every version of each; at most one is switched on.

use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::id::RequestId;
use domain::name::PolicyName;
use domain::policy::{InForce, Policy};
use domain::request::Kind;
use domain::view::policy::By;
use domain::wish::Wish;

/// A policy with what is on of it, or the newest version where nothing is.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub name: PolicyName,
    pub newest: u32,
    pub on: Option<u32>,
    pub policy: Policy,
    pub written: By,
    pub switched: Option<By>,
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    newest: i64,
    on_version: Option<i64>,
    document: String,
    author: String,
    written_at: i64,
    switched_by: Option<String>,
    switched_at: Option<i64>,
}

impl TryFrom<Row> for Kept {
    type Error = Error;
    fn try_from(row: Row) -> Result<Kept, Error> {
        let switched = row.switched_by.zip(row.switched_at);
        Ok(Kept {
            name: document::word(&row.name, |name| PolicyName::parse(name).ok())?,
            newest: number(row.newest),
            on: row.on_version.map(number),
            policy: document::read(&row.document)?,
            written: By { name: row.author, at: Moment(row.written_at) },
            switched: switched.map(|(name, at)| By { name, at: Moment(at) }),
        })
    }
}

/// As it was written once.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    pub number: u32,
    pub policy: Policy,
    pub text: String,
    pub written: By,
}

fn number(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or_default()
}

/// All that are switched on, by name. A document that this program cannot read is an error: nothing passes by it unseen.
pub async fn in_force(store: &Store) -> Result<Vec<InForce>, Error> {
    const SQL: &str = "select policy.name, version.version, version.document from policy
        join policy_version version on version.policy = policy.name and version.version = policy.on_version
        order by policy.name";
    let rows: Vec<(String, i64, String)> = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?;
    let read = |(name, version, text): (String, i64, String)| {
        Ok(InForce {
            name: document::word(&name, |name| PolicyName::parse(name).ok())?,
            version: number(version),
            judge: document::read(&text)?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// All of them, by name.
pub async fn list(store: &Store) -> Result<Vec<Kept>, Error> {
    const SQL: &str = "select policy.name, policy.newest, policy.on_version, version.document, version.author,
        version.written_at, policy.switched_by, policy.switched_at from policy
        join policy_version version on version.policy = policy.name
        and version.version = coalesce(policy.on_version, policy.newest) order by policy.name";
    let rows: Vec<Row> = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?;
    rows.into_iter().map(Kept::try_from).collect()
}

pub async fn find(store: &Store, name: &PolicyName) -> Result<Option<Kept>, Error> {
    const SQL: &str = "select policy.name, policy.newest, policy.on_version, version.document, version.author,
        version.written_at, policy.switched_by, policy.switched_at from policy
        join policy_version version on version.policy = policy.name
        and version.version = coalesce(policy.on_version, policy.newest) where policy.name = $1";
    let row: Option<Row> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(name.as_str()).fetch_optional(db).await)?;
    row.map(Kept::try_from).transpose()
}

/// Newest first.
pub async fn versions(store: &Store, name: &PolicyName) -> Result<Vec<Version>, Error> {
    const SQL: &str = "select version, document, written, author, written_at from policy_version
        where policy = $1 order by version desc";
    let rows: Vec<(i64, String, String, String, i64)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(name.as_str()).fetch_all(db).await)?;
    let read = |(version, policy, text, name, at): (i64, String, String, String, i64)| {
        let written = By { name, at: Moment(at) };
        Ok(Version { number: number(version), policy: document::read(&policy)?, text, written })
    };
    rows.into_iter().map(read).collect()
}

/// Makes room for the version after `base`, 0 for the first; false where somebody else has written since.
async fn next(tx: &mut Tx, name: &PolicyName, base: u32) -> Result<bool, Error> {
    const FIRST: &str = "insert into policy (name, newest) values ($1, 1) on conflict (name) do nothing";
    const NEXT: &str = "update policy set newest = newest + 1 where name = $1 and newest = $2";
    let made = match base {
        0 => on_both!(tx.on(), db => {
            sqlx::query(FIRST).bind(name.as_str()).execute(db).await.map(|done| done.rows_affected())
        })?,
        _ => on_both!(tx.on(), db => {
            let next = sqlx::query(NEXT).bind(name.as_str()).bind(i64::from(base));
            next.execute(db).await.map(|done| done.rows_affected())
        })?,
    };
    Ok(made == 1)
}

/// Adds the version after `base`; false where somebody else has written since.
pub async fn write(tx: &mut Tx, name: &PolicyName, base: u32, version: &Version) -> Result<bool, Error> {
    const SQL: &str = "insert into policy_version (policy, version, document, written, author, written_at)
        values ($1, $2, $3, $4, $5, $6)";
    if !next(tx, name, base).await? {
        return Ok(false);
    }
    let body = document::write(&version.policy)?;
    on_both!(tx.on(), db => {
        let add = sqlx::query(SQL).bind(name.as_str()).bind(i64::from(version.number)).bind(&body).bind(&version.text);
        add.bind(&version.written.name).bind(version.written.at.0).execute(db).await.map(drop)
    })?;
    Ok(true)
}

/// Switches a version on, or all off; false where something else is on by now than was seen.
pub async fn switch(
    tx: &mut Tx,
    name: &PolicyName,
    seen: Option<u32>,
    on: Option<u32>,
    by: &By,
) -> Result<bool, Error> {
    const SQL: &str = "update policy set on_version = $3, switched_by = $4, switched_at = $5
        where name = $1 and coalesce(on_version, 0) = $2";
    let switched = on_both!(tx.on(), db => {
        let switch = sqlx::query(SQL).bind(name.as_str()).bind(i64::from(seen.unwrap_or(0))).bind(on.map(i64::from));
        switch.bind(&by.name).bind(by.at.0).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(switched == 1)
}

/// What was asked once, for a version to be tried out against.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    pub id: RequestId,
    pub kind: Kind,
    pub environment: String,
    pub requester: String,
    pub sent: Moment,
    pub wish: Wish,
    pub former: Option<Wish>,
}

#[derive(sqlx::FromRow)]
struct PastRow {
    id: String,
    kind: String,
    environment_name: String,
    requester_name: String,
    sent_at: i64,
    wish: String,
    former: Option<String>,
}

impl TryFrom<PastRow> for Past {
    type Error = Error;
    fn try_from(row: PastRow) -> Result<Past, Error> {
        Ok(Past {
            id: RequestId::new(row.id),
            kind: document::word(&row.kind, Kind::of_key)?,
            environment: row.environment_name,
            requester: row.requester_name,
            sent: Moment(row.sent_at),
            wish: document::read(&row.wish)?,
            former: row.former.as_deref().map(document::read).transpose()?,
        })
    }
}

/// What was asked to be made or changed since, newest first.
pub async fn asked_since(store: &Store, since: Moment, limit: i64) -> Result<Vec<Past>, Error> {
    const SQL: &str = "select id, kind, environment_name, requester_name, sent_at, wish, former from request
        where sent_at >= $1 and kind in ('create', 'change', 'repair') order by id desc limit $2";
    let rows: Vec<PastRow> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(since.0).bind(limit).fetch_all(db).await)?;
    rows.into_iter().map(Past::try_from).collect()
}

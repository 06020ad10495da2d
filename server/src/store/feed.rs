//! The feed: events written within the transaction of their effect, placed in one order after it, read behind a cursor.
//!
//! A place cannot be given within that transaction: on PostgreSQL one that began first may become visible last, and a
//! poller that has passed its number would never see it. So an event is committed without a place. Whoever wants to read
//! gives places first ([`place`]): the one row that all who do so hold lets one after the other number what is visible,
//! and a number becomes visible after all below it. What came first the stamps say, whatever clocks say: each is later than
//! those of its environment that its writer sees, and an earlier event of the same request, job or environment it does
//! see, behind the lock that it has on the subject's own row.

mod events;

pub(super) use events::{Of, drifted, of_environment, of_job, of_request, queued, validated};

use super::bundle::Bundle;
use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::feed::{Detail, Event, Kind};
use domain::id::EnvironmentId;

/// A change that is written down.
struct Change<'a> {
    kind: Kind,
    of: &'a Of,
    subject: &'a str,
    at: Moment,
}

async fn add(tx: &mut Tx, change: Change<'_>, detail: &Detail) -> Result<(), Error> {
    let mut bundle = Bundle::default();
    put(&mut bundle, change, detail)?;
    Ok(bundle.send(tx).await?)
}

fn put(bundle: &mut Bundle, change: Change<'_>, detail: &Detail) -> Result<(), Error> {
    const SQL: &str = "insert into feed (id, stamp, at, kind, team, environment, environment_name, subject, body) \
        select $1, case when earlier.stamp >= $2 then earlier.stamp + 1 else $2 end, $2, $3, $4, $5, $6, $7, $8 \
        from (select coalesce(max(stamp), 0) as stamp from feed where environment = $5) as earlier";
    let Change { kind, of, subject, at } = change;
    let (id, body) = (uuid::Uuid::now_v7().to_string(), document::write(detail)?);
    let add = bundle.add(SQL).bind(id).bind(at.0).bind(kind.key()).bind(of.team.as_str()).bind(of.environment.as_str());
    add.bind(of.environment_name.as_str()).bind(subject).bind(body);
    Ok(())
}

/// Whether there is anything without a place.
pub async fn any_unplaced(store: &Store) -> Result<bool, Error> {
    const SQL: &str = "select count(*) from (select id from feed where place is null limit 1) as waiting";
    let (count,): (i64,) = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_one(db).await)?;
    Ok(count > 0)
}

/// Gives places to so many at most; answers to how many.
pub async fn place(store: &Store, limit: i64) -> Result<i64, Error> {
    const HOLD: &str = "update feed_end set place = place where id = 1 returning place";
    const PLACE: &str = "update feed set place = numbered.place from (select id, $1 + row_number() over \
        (order by stamp, id) as place from (select id, stamp from feed where place is null order by stamp, id limit $2) \
        as waiting) as numbered where feed.id = numbered.id";
    const END: &str = "update feed_end set place = place + $1 where id = 1";
    let mut tx = store.join().await?;
    let (last,): (i64,) = on_both!(tx.on(), db => sqlx::query_as(HOLD).fetch_one(db).await)?;
    let placed = on_both!(tx.on(), db => {
        sqlx::query(PLACE).bind(last).bind(limit).execute(db).await.map(|done| done.rows_affected())
    })?;
    let placed = i64::try_from(placed).unwrap_or(i64::MAX);
    if placed > 0 {
        on_both!(tx.on(), db => sqlx::query(END).bind(placed).execute(db).await.map(drop))?;
    }
    tx.commit().await?;
    Ok(placed)
}

/// The last place that was given.
pub async fn last(store: &Store) -> Result<i64, Error> {
    const SQL: &str = "select place from feed_end where id = 1";
    let (last,): (i64,) = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_one(db).await)?;
    Ok(last)
}

/// Which events are read; what is empty bounds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Names of teams; `None` is all of them.
    pub teams: Option<Vec<String>>,
    pub kinds: Vec<Kind>,
    /// Name of an environment, and which of those that bore it.
    pub environment: String,
    pub environment_id: Option<EnvironmentId>,
}

impl Bounds {
    /// Whether an event lies within them.
    pub fn hold(&self, placed: &Placed) -> bool {
        let Placed { event, environment, .. } = placed;
        self.teams.as_ref().is_none_or(|teams| teams.contains(&event.team))
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && (self.environment.is_empty() || self.environment == event.environment)
            && self.environment_id.as_ref().is_none_or(|id| id == environment)
    }
}

/// An event in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub place: i64,
    pub environment: EnvironmentId,
    pub event: Event,
}

#[derive(sqlx::FromRow)]
struct Row {
    place: i64,
    at: i64,
    kind: String,
    team: String,
    environment: String,
    environment_name: String,
    subject: String,
    body: String,
}

impl TryFrom<Row> for Placed {
    type Error = Error;

    fn try_from(row: Row) -> Result<Placed, Error> {
        let kind = document::word(&row.kind, Kind::of_key)?;
        Ok(Placed {
            place: row.place,
            environment: EnvironmentId::new(row.environment),
            event: Event {
                id: row.place.to_string(),
                at: Moment(row.at),
                kind,
                team: row.team,
                environment: row.environment_name,
                about: kind.about(),
                subject: row.subject,
                detail: document::read(&row.body)?,
            },
        })
    }
}

macro_rules! read {
    ($scope:literal) => {
        concat!(
            "select place, at, kind, team, environment, environment_name, subject, body from feed where ",
            $scope,
            " and place > $2 and ($3 = '' or $3 like '%,' || team || ',%') and ($4 = '' or $4 like '%,' || kind || ',%')
            and ($5 = '' or environment_name = $5) and ($6 = '' or environment = $6) order by place limit $7"
        )
    };
}

/// In their order, behind this place.
pub async fn read(store: &Store, bounds: &Bounds, after: i64, limit: i64) -> Result<Vec<Placed>, Error> {
    const ALL: &str = read!("$1 = ''");
    const TEAM: &str = read!("team = $1");
    const ENVIRONMENT: &str = read!("environment_name = $1");
    let list = |words: Vec<&str>| if words.is_empty() { String::new() } else { format!(",{},", words.join(",")) };
    // Of no team there is nothing; a list of none would be a list of all.
    let teams = bounds.teams.as_ref().map_or_else(String::new, |teams| format!(",{},", teams.join(",")));
    let kinds = list(bounds.kinds.iter().map(|kind| kind.key()).collect());
    let id = bounds.environment_id.as_ref().map_or("", EnvironmentId::as_str);
    let (sql, scope) = match bounds.teams.as_deref() {
        _ if !bounds.environment.is_empty() => (ENVIRONMENT, bounds.environment.as_str()),
        Some([only]) => (TEAM, only.as_str()),
        _ => (ALL, ""),
    };
    let rows: Vec<Row> = on_both!(store.read(), db => {
        let read = sqlx::query_as(sql).bind(scope).bind(after).bind(&teams).bind(&kinds);
        read.bind(&bounds.environment).bind(id).bind(limit).fetch_all(db).await
    })?;
    rows.into_iter().map(Placed::try_from).collect()
}

/// Drops what is older.
pub async fn sweep(store: &Store, before: Moment) -> Result<(), Error> {
    const SQL: &str = "delete from feed where at < $1 and place is not null";
    on_both!(store.write(), db => sqlx::query(SQL).bind(before.0).execute(db).await.map(drop))?;
    Ok(())
}

//! Somebody leaves: the account says so, and what it had open ends in the same transaction; what stands waits for another
//! owner.

use super::{Error, Store, Tx, on_both};
use domain::Moment;
use domain::account::AccountId;
use domain::id::{EnvironmentId, RequestId};
use domain::name::TeamName;

/// What ended with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Hashes of the sessions, for whoever keeps them.
    pub sessions: Vec<String>,
    pub tokens: u64,
    pub handovers: u64,
}

/// Marks the account; `None` where it has left already, or is not there.
pub async fn leave(
    tx: &mut Tx,
    account: &AccountId,
    name: &str,
    by: &str,
    now: Moment,
) -> Result<Option<Ended>, Error> {
    const MARK: &str = "update account set left_at = $2, left_by = $3 where id = $1 and left_at is null";
    const SESSIONS: &str = "delete from session where account = $1 returning id";
    const TOKENS: &str = "delete from token where account = $1";
    const HANDOVERS: &str = "update handover set ended_at = $2 where ended_at is null and until_at > $2
        and (from_name = $1 or to_name = $1)";
    let marked = on_both!(tx.on(), db => {
        let mark = sqlx::query(MARK).bind(&account.0).bind(now.0).bind(by);
        mark.execute(db).await.map(|done| done.rows_affected())
    })?;
    if marked == 0 {
        return Ok(None);
    }
    let sessions: Vec<(String,)> =
        on_both!(tx.on(), db => sqlx::query_as(SESSIONS).bind(&account.0).fetch_all(db).await)?;
    let tokens = on_both!(tx.on(), db => {
        sqlx::query(TOKENS).bind(&account.0).execute(db).await.map(|done| done.rows_affected())
    })?;
    let handovers = on_both!(tx.on(), db => {
        sqlx::query(HANDOVERS).bind(name).bind(now.0).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(Some(Ended { sessions: sessions.into_iter().map(|(id,)| id).collect(), tokens, handovers }))
}

/// Takes the mark away; false where there was none.
pub async fn come_back(tx: &mut Tx, account: &AccountId) -> Result<bool, Error> {
    const SQL: &str = "update account set left_at = null, left_by = null where id = $1 and left_at is not null";
    let back = on_both!(tx.on(), db => {
        sqlx::query(SQL).bind(&account.0).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(back == 1)
}

/// Since when this account has left; `None` where it has not.
pub async fn since(store: &Store, account: &AccountId) -> Result<Option<Moment>, Error> {
    const SQL: &str = "select left_at from account where id = $1 and left_at is not null";
    let row: Option<(i64,)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(&account.0).fetch_optional(db).await
    })?;
    Ok(row.map(|(at,)| Moment(at)))
}

/// Account names that nobody bears any more: each account of the name has left.
pub async fn names(store: &Store) -> Result<Vec<String>, Error> {
    const SQL: &str = "select name from account group by name having count(*) = count(left_at)";
    let rows: Vec<(String,)> = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Requests of this account that wait, oldest first.
pub async fn waiting_of(tx: &mut Tx, account: &AccountId) -> Result<Vec<RequestId>, Error> {
    const SQL: &str = "select id from request where requester = $1 and state = 'waiting' order by id";
    let rows: Vec<(String,)> = on_both!(tx.on(), db => sqlx::query_as(SQL).bind(&account.0).fetch_all(db).await)?;
    Ok(rows.into_iter().map(|(id,)| RequestId::new(id)).collect())
}

/// How many environments this account owns.
pub async fn owned(tx: &mut Tx, account: &AccountId) -> Result<i64, Error> {
    const SQL: &str = "select count(*) from environment where owner = $1 and held = 1";
    let (count,): (i64,) = on_both!(tx.on(), db => sqlx::query_as(SQL).bind(&account.0).fetch_one(db).await)?;
    Ok(count)
}

/// An environment whose owner has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    pub name: String,
    pub team: TeamName,
    pub owner_name: String,
    pub left_at: Moment,
}

/// Those of these teams (`None`: all), left longest first; at most a hundred.
pub async fn behind(store: &Store, teams: Option<&[String]>) -> Result<Vec<Behind>, Error> {
    const SQL: &str = "select e.name, e.team, e.owner_name, a.left_at from environment e
        join account a on a.id = e.owner
        where e.held = 1 and a.left_at is not null and ($1 = '' or $1 like '%,' || e.team || ',%')
        order by a.left_at, e.name, e.id limit 100";
    let teams = teams.map(|teams| format!(",{},", teams.join(","))).unwrap_or_default();
    let rows: Vec<(String, String, String, i64)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(&teams).fetch_all(db).await)?;
    let read = |(name, team, owner_name, at): (String, String, String, i64)| {
        Ok(Behind { name, team: super::environment::team(&team)?, owner_name, left_at: Moment(at) })
    };
    rows.into_iter().map(read).collect()
}

/// How many there are of each team that has any.
pub async fn behind_of_teams(store: &Store) -> Result<Vec<(TeamName, i64)>, Error> {
    const SQL: &str = "select e.team, count(*) from environment e join account a on a.id = e.owner
        where e.held = 1 and a.left_at is not null group by e.team";
    let rows: Vec<(String, i64)> = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?;
    rows.into_iter().map(|(team, count)| Ok((super::environment::team(&team)?, count))).collect()
}

/// Gives it another owner; false where this one is the owner no longer, or has not left.
pub async fn take_on(
    tx: &mut Tx,
    environment: &EnvironmentId,
    from: &AccountId,
    to: (&AccountId, &str),
    search: &str,
    now: Moment,
) -> Result<bool, Error> {
    const SQL: &str = "update environment set owner = $3, owner_name = $4, search = $5, updated_at = $6
        where id = $1 and owner = $2
        and exists (select 1 from account where account.id = $2 and account.left_at is not null)";
    let taken = on_both!(tx.on(), db => {
        let take = sqlx::query(SQL).bind(environment.as_str()).bind(&from.0).bind(&to.0.0).bind(to.1).bind(search);
        take.bind(now.0).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(taken == 1)
}

//! Tokens of programs: the hash of each, whose roles it carries, what it is narrowed to, and until when.

pub mod list;

use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::account::{Account, AccountId};
use domain::name::TeamName;
use domain::pass::Pass;
use domain::permission::Action;

/// A token that is to be kept.
#[derive(Clone, Debug, Default)]
pub struct New {
    pub id: String,
    pub hash: String,
    pub account: String,
    pub name: String,
    pub scopes: Option<Vec<Action>>,
    pub teams: Option<Vec<TeamName>>,
    /// Of a service token.
    pub team: Option<TeamName>,
    pub made_by: String,
    pub made_with: Option<String>,
    /// Hash of the provider's token for which it was given.
    pub made_of: Option<String>,
    pub now: Moment,
    pub expires: Moment,
}

/// Whom a token belongs to, and what it lets through.
#[derive(Clone, Debug)]
pub struct Owned {
    pub account: Account,
    pub pass: Pass,
    /// Of a service token: whose service it is.
    pub team: Option<TeamName>,
    /// Whether it was never used before.
    pub first: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    account: String,
    owner: String,
    roles: String,
    owner_teams: String,
    id: String,
    name: String,
    approver_groups: Option<String>,
    scopes: Option<String>,
    teams: Option<String>,
    team: Option<String>,
    expires_at: i64,
    used_at: Option<i64>,
}

/// Milliseconds between two notes of a token's use.
const NOTED_EVERY: i64 = 60_000;

/// Keeps the hash of a new token; taken where its provider's token has given one.
pub async fn keep(tx: &mut Tx, new: &New) -> Result<(), Error> {
    const SQL: &str =
        "insert into token (hash, account, created_at, expires_at, id, name, scopes, teams, team, made_by,
        made_with, made_of) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    let scopes = new.scopes.as_ref().map(document::write).transpose()?;
    let teams = new.teams.as_ref().map(document::write).transpose()?;
    let team = new.team.as_ref().map(TeamName::as_str);
    on_both!(tx.on(), db => {
        let keep = sqlx::query(SQL).bind(&new.hash).bind(&new.account).bind(new.now.0).bind(new.expires.0);
        let keep = keep.bind(&new.id).bind(&new.name).bind(&scopes).bind(&teams).bind(team);
        let keep = keep.bind(&new.made_by).bind(&new.made_with).bind(&new.made_of);
        keep.execute(db).await.map(drop).map_err(|error| Error::taken(error, "made_of"))
    })?;
    Ok(())
}

/// Whether a token was given for this one of the provider's.
pub async fn exchanged(store: &Store, made_of: &str) -> Result<bool, Error> {
    const SQL: &str = "select id from token where made_of = $1";
    let found: Option<(Option<String>,)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(made_of).fetch_optional(db).await
    })?;
    Ok(found.is_some())
}

/// Whose token this is, with the roles of that account's last sign-in; `None` where it is unknown, revoked or expired.
pub async fn owner(store: &Store, hash: &str, now: Moment) -> Result<Option<Owned>, Error> {
    const SQL: &str = "select account.id as account, account.name as owner, account.roles, account.teams as owner_teams,
        account.approver_groups,
        coalesce(token.id, substr(token.hash, 1, 16)) as id, coalesce(token.name, '') as name, token.scopes, token.teams,
        token.team, token.expires_at, token.used_at
        from token join account on account.id = token.account
        where token.hash = $1 and token.expires_at > $2 and token.revoked_at is null and account.left_at is null";
    let row: Option<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(hash).bind(now.0).fetch_optional(db).await
    })?;
    let Some(row) = row else { return Ok(None) };
    if row.used_at.is_some_and(|used| now.since(Moment(used)) > NOTED_EVERY) {
        used(store, hash, now).await?;
    }
    let team = row.team.as_deref().map(super::environment::team).transpose()?;
    let pass = Pass {
        scopes: row.scopes.as_deref().map(document::read).transpose()?,
        teams: row.teams.as_deref().map(document::read).transpose()?,
        program: team.is_some(),
        ..Pass::whole(&row.id, &row.name, Moment(row.expires_at))
    };
    let (roles, teams) = (document::read(&row.roles)?, document::read(&row.owner_teams)?);
    let groups = row.approver_groups.as_deref().map(document::read).transpose()?.unwrap_or_default();
    let account = Account { id: AccountId(row.account), name: row.owner, roles, teams, groups };
    Ok(Some(Owned { account, pass, team, first: row.used_at.is_none() }))
}

/// Notes its first use; false where somebody else did.
pub async fn first_used(tx: &mut Tx, hash: &str, now: Moment) -> Result<bool, Error> {
    const SQL: &str = "update token set used_at = $2 where hash = $1 and used_at is null";
    let noted = on_both!(tx.on(), db => {
        sqlx::query(SQL).bind(hash).bind(now.0).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(noted == 1)
}

async fn used(store: &Store, hash: &str, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update token set used_at = $2 where hash = $1";
    on_both!(store.write(), db => sqlx::query(SQL).bind(hash).bind(now.0).execute(db).await.map(drop))?;
    Ok(())
}

/// Ends it and every token that was made with it or with one of those; how many that were. An older server looks at the
/// lifetime alone, so that ends too.
pub async fn revoke(tx: &mut Tx, id: &str, by: &str, now: Moment) -> Result<u64, Error> {
    const SQL: &str = "update token set revoked_at = $2, revoked_by = $3,
        expires_at = case when expires_at < $2 then expires_at else $2 end
        where revoked_at is null and hash in (
            with recursive line (hash, id) as (
                select hash, coalesce(id, substr(hash, 1, 16)) from token where coalesce(id, substr(hash, 1, 16)) = $1
                union
                select token.hash, token.id from token join line on token.made_with = line.id
            ) select hash from line)";
    let ended = on_both!(tx.on(), db => {
        sqlx::query(SQL).bind(id).bind(now.0).bind(by).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(ended)
}

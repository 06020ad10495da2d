//! Tokens of programs: the hash of each, whose roles it carries and until when.

use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::account::{Account, AccountId};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    roles: String,
    teams: String,
    approver_groups: Option<String>,
    used_at: Option<i64>,
}

/// Milliseconds between two notes of a token's use.
const NOTED_EVERY: i64 = 60_000;

/// Keeps the hash of a new token.
pub async fn keep(tx: &mut Tx, hash: &str, account: &AccountId, now: Moment, expires: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into token (hash, account, created_at, expires_at) values ($1, $2, $3, $4)";
    on_both!(tx.on(), db => {
        sqlx::query(SQL).bind(hash).bind(&account.0).bind(now.0).bind(expires.0).execute(db).await.map(drop)
    })?;
    Ok(())
}

/// Whose token this is, with the roles of that account's last sign-in, and whether it was never used before; `None` where
/// it is unknown or has expired.
pub async fn owner(store: &Store, hash: &str, now: Moment) -> Result<Option<(Account, bool)>, Error> {
    const SQL: &str =
        "select account.id, account.name, account.roles, account.teams, account.approver_groups, token.used_at
        from token join account on account.id = token.account where token.hash = $1 and token.expires_at > $2
        and account.left_at is null";
    let row: Option<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(hash).bind(now.0).fetch_optional(db).await
    })?;
    let Some(row) = row else { return Ok(None) };
    if row.used_at.is_some_and(|used| now.since(Moment(used)) > NOTED_EVERY) {
        used(store, hash, now).await?;
    }
    let (roles, teams) = (document::read(&row.roles)?, document::read(&row.teams)?);
    let groups = row.approver_groups.as_deref().map(document::read).transpose()?.unwrap_or_default();
    Ok(Some((Account { id: AccountId(row.id), name: row.name, roles, teams, groups }, row.used_at.is_none())))
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

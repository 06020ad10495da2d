//! Accounts: who has signed in, with what the directory said of them at the last sign-in.

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
}

impl TryFrom<Row> for Account {
    type Error = Error;
    fn try_from(row: Row) -> Result<Account, Error> {
        Ok(Account {
            id: AccountId(row.id),
            name: row.name,
            roles: document::read(&row.roles)?,
            teams: document::read(&row.teams)?,
            groups: row.approver_groups.as_deref().map(document::read).transpose()?.unwrap_or_default(),
        })
    }
}

/// Keeps what this sign-in said, over whatever an earlier one did; false where somebody has said that this account has
/// left, which nothing but a person's word undoes.
pub async fn keep(tx: &mut Tx, account: &Account, now: Moment) -> Result<bool, Error> {
    const SQL: &str = "insert into account (id, name, roles, teams, seen_at, approver_groups)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (id) do update set name = $2, roles = $3, teams = $4, seen_at = $5, approver_groups = $6
        where account.left_at is null";
    let (roles, teams) = (document::write(&account.roles)?, document::write(&account.teams)?);
    let groups = (!account.groups.is_empty()).then(|| document::write(&account.groups)).transpose()?;
    let kept = on_both!(tx.on(), db => {
        let keep = sqlx::query(SQL).bind(&account.id.0).bind(&account.name).bind(&roles).bind(&teams).bind(now.0);
        keep.bind(&groups).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(kept == 1)
}

/// Where mail reaches this account, as the directory said at this sign-in.
pub async fn keep_email(store: &Store, account: &AccountId, email: Option<&str>) -> Result<(), Error> {
    const SQL: &str = "update account set email = $2 where id = $1";
    on_both!(store.write(), db => sqlx::query(SQL).bind(&account.0).bind(email).execute(db).await.map(drop))?;
    Ok(())
}

/// Where mail reaches whoever bears this name, where the directory has said so.
pub async fn email(store: &Store, name: &str) -> Result<Option<String>, Error> {
    const SQL: &str = "select email from account where name = $1 order by seen_at desc limit 1";
    let row: Option<(Option<String>,)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(name).fetch_optional(db).await)?;
    Ok(row.and_then(|(email,)| email))
}

/// By account name, of those that have not left; of several that bore it, the one seen last.
pub async fn named(store: &Store, name: &str) -> Result<Option<Account>, Error> {
    const SQL: &str = "select id, name, roles, teams, approver_groups from account where name = $1 and left_at is null order by seen_at desc limit 1";
    let row: Option<Row> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(name).fetch_optional(db).await)?;
    row.map(Account::try_from).transpose()
}

/// Whether this account has left; `None` where there is none.
pub async fn standing(store: &Store, account: &AccountId) -> Result<Option<bool>, Error> {
    const SQL: &str = "select left_at from account where id = $1";
    let row: Option<(Option<i64>,)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(&account.0).fetch_optional(db).await
    })?;
    Ok(row.map(|(left,)| left.is_some()))
}

/// Of this name, whether or not they have left; of several that bore it, the one seen last.
pub async fn id_of(store: &Store, name: &str) -> Result<Option<AccountId>, Error> {
    const SQL: &str = "select id from account where name = $1 order by seen_at desc limit 1";
    let row: Option<(String,)> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(name).fetch_optional(db).await)?;
    Ok(row.map(|(id,)| AccountId(id)))
}

/// Everybody whom the directory called a manager or a platform engineer, or who is in a group that approves; few.
pub async fn deciders(store: &Store) -> Result<Vec<Account>, Error> {
    const SQL: &str = r#"select id, name, roles, teams, approver_groups from account where left_at is null
        and (roles like '%"manager"%' or roles like '%"platform-engineer"%' or approver_groups is not null)"#;
    let rows: Vec<Row> = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?;
    rows.into_iter().map(Account::try_from).collect()
}

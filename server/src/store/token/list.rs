//! Tokens as a list: a person's own, and those of teams' services; newest first.

use crate::store::{Error, Store, document, environment, on_both};
use domain::Moment;
use domain::account::AccountId;
use domain::view::token::{Row, State};

#[derive(sqlx::FromRow)]
struct Kept {
    account: String,
    owner: String,
    id: String,
    name: String,
    scopes: Option<String>,
    teams: Option<String>,
    team: Option<String>,
    made_by: String,
    created_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    revoked_at: Option<i64>,
    revoked_by: Option<String>,
}

/// A token with the account that it belongs to.
pub type Listed = (AccountId, Row);

impl Kept {
    fn read(self, now: Moment) -> Result<Listed, Error> {
        let state = match self.revoked_at {
            Some(_) => State::Revoked,
            None if self.expires_at <= now.0 => State::Expired,
            None => State::Valid,
        };
        let row = Row {
            id: self.id,
            name: self.name,
            owner: self.owner,
            service_of: self.team.as_deref().map(environment::team).transpose()?,
            scopes: self.scopes.as_deref().map(document::read).transpose()?.unwrap_or_default(),
            teams: self.teams.as_deref().map(document::read).transpose()?.unwrap_or_default(),
            created_at: Moment(self.created_at),
            created_by: self.made_by,
            expires_at: Moment(self.expires_at),
            used_at: self.used_at.map(Moment),
            state,
            revoked_at: self.revoked_at.map(Moment),
            revoked_by: self.revoked_by,
        };
        Ok((AccountId(self.account), row))
    }
}

macro_rules! tokens {
    ($rest:literal) => {
        concat!(
            "select token.account, account.name as owner, coalesce(token.id, substr(token.hash, 1, 16)) as id,
            coalesce(token.name, '') as name, token.scopes, token.teams, token.team,
            coalesce(token.made_by, 'Command line') as made_by, token.created_at, token.expires_at, token.used_at,
            token.revoked_at, token.revoked_by
            from token join account on account.id = token.account where ",
            $rest
        )
    };
}

/// Those of this account (empty: nobody's), and of the services of these teams, below the cursor.
pub async fn list(
    store: &Store,
    account: &str,
    teams: &[String],
    below: &str,
    limit: i64,
    now: Moment,
) -> Result<Vec<Row>, Error> {
    const SQL: &str = tokens!(
        "(token.account = $1 or ($2 <> '' and token.team is not null and $2 like '%,' || token.team || ',%'))
        and ($3 = '' or coalesce(token.id, substr(token.hash, 1, 16)) < $3)
        order by coalesce(token.id, substr(token.hash, 1, 16)) desc limit $4"
    );
    let teams = if teams.is_empty() { String::new() } else { format!(",{},", teams.join(",")) };
    let rows: Vec<Kept> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(account).bind(&teams).bind(below).bind(limit).fetch_all(db).await
    })?;
    rows.into_iter().map(|kept| kept.read(now).map(|(_, row)| row)).collect()
}

pub async fn find(store: &Store, id: &str, now: Moment) -> Result<Option<Listed>, Error> {
    const SQL: &str = tokens!("(token.id = $1 or (token.id is null and substr(token.hash, 1, 16) = $1))");
    let row: Option<Kept> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(id).fetch_optional(db).await)?;
    row.map(|kept| kept.read(now)).transpose()
}

/// How many tokens of this account, or of this team's services, are valid now.
pub async fn count(store: &Store, account: &str, team: Option<&str>, now: Moment) -> Result<i64, Error> {
    const SQL: &str = "select count(*) from token where revoked_at is null and expires_at > $3
        and ((cast($2 as text) is null and account = $1) or team = $2)";
    let (count,): (i64,) = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(account).bind(team).bind(now.0).fetch_one(db).await
    })?;
    Ok(count)
}

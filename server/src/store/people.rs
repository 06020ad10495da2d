//! Accounts as a list of people: what each holds, who has left, and what the directory says of them.

use super::{Error, Store, document, on_both};
use domain::Moment;
use domain::account::AccountId;
use domain::name::TeamName;
use domain::view::people::{Directory, Left, Looked, Show};

/// An account with what it holds.
#[derive(Clone, Debug)]
pub struct Person {
    pub row: domain::view::people::Row,
    /// At the last sign-in.
    pub teams: Vec<TeamName>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    roles: String,
    teams: String,
    seen_at: i64,
    left_at: Option<i64>,
    left_by: Option<String>,
    directory: Option<String>,
    sessions: i64,
    tokens: i64,
    environments: i64,
    requests: i64,
}

impl TryFrom<Row> for Person {
    type Error = Error;
    fn try_from(row: Row) -> Result<Person, Error> {
        let left = row.left_at.map(|at| Left { at: Moment(at), by: row.left_by.unwrap_or_default() });
        Ok(Person {
            teams: document::read(&row.teams)?,
            row: domain::view::people::Row {
                id: AccountId(row.id),
                name: row.name,
                roles: document::read(&row.roles)?,
                teams: Vec::new(),
                seen: Moment(row.seen_at),
                sessions: row.sessions,
                tokens: row.tokens,
                environments: row.environments,
                requests: row.requests,
                left,
                directory: row.directory.as_deref().and_then(Directory::of_key),
            },
        })
    }
}

/// `$1` is the present, `$2` since when a session has to have been used.
macro_rules! people {
    ($rest:literal) => {
        concat!(
            "select a.id, a.name, a.roles, a.teams, a.seen_at, a.left_at, a.left_by, a.directory,
            (select count(*) from session s where s.account = a.id and s.expires_at > $1
                and s.used_at >= $2) as sessions,
            (select count(*) from token t where t.account = a.id and t.expires_at > $1) as tokens,
            (select count(*) from environment e where e.owner = a.id and e.held = 1
                and e.state <> 'waiting') as environments,
            (select count(*) from request r where r.requester = a.id and r.state = 'waiting') as requests
            from account a where ",
            $rest
        )
    };
}

/// A pattern in which only our own signs stand for others.
fn pattern(search: &str) -> String {
    let search = search.trim().to_lowercase();
    if search.is_empty() {
        return search;
    }
    let plain: String =
        search.chars().flat_map(|c| ['\\'].into_iter().filter(move |_| "\\%_".contains(c)).chain([c])).collect();
    format!("%{plain}%")
}

/// By name, after the cursor (name, id); programs are no people.
pub async fn list(
    store: &Store,
    show: Show,
    search: &str,
    after: (&str, &str),
    limit: i64,
    now: Moment,
    unused_since: Moment,
) -> Result<Vec<Person>, Error> {
    const SQL: &str = people!(
        "(($3 = 'left' and a.left_at is not null)
        or ($3 = 'here' and a.left_at is null)
        or ($3 = 'perhaps' and a.left_at is null and a.directory in ('disabled', 'gone')))
        and a.id not like 'service:%' and a.id not like 'app:%'
        and ($4 = '' or lower(a.name) like $4 escape '\\') and (a.name, a.id) > ($5, $6)
        order by a.name, a.id limit $7"
    );
    let pattern = pattern(search);
    let rows: Vec<Row> = on_both!(store.read(), db => {
        let list = sqlx::query_as(SQL).bind(now.0).bind(unused_since.0).bind(show.key()).bind(&pattern).bind(after.0).bind(after.1);
        list.bind(limit).fetch_all(db).await
    })?;
    rows.into_iter().map(Person::try_from).collect()
}

pub async fn find(
    store: &Store,
    account: &AccountId,
    now: Moment,
    unused_since: Moment,
) -> Result<Option<Person>, Error> {
    const SQL: &str = people!("a.id = $3");
    let row: Option<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(now.0).bind(unused_since.0).bind(&account.0).fetch_optional(db).await
    })?;
    row.map(Person::try_from).transpose()
}

/// How many are here, have perhaps left, and have left, under this search.
pub async fn count(store: &Store, search: &str) -> Result<(i64, i64, i64), Error> {
    const SQL: &str = "select cast(coalesce(sum(case when left_at is null then 1 else 0 end), 0) as bigint),
        cast(coalesce(sum(case when left_at is null and directory in ('disabled', 'gone') then 1 else 0 end), 0) as bigint),
        cast(coalesce(sum(case when left_at is not null then 1 else 0 end), 0) as bigint)
        from account where id not like 'service:%' and id not like 'app:%' and ($1 = '' or lower(name) like $1 escape '\\')";
    let pattern = pattern(search);
    Ok(on_both!(store.read(), db => sqlx::query_as(SQL).bind(&pattern).fetch_one(db).await)?)
}

/// Ids of the accounts of a directory (the beginning of their ids) that have not left, those first that were asked about
/// longest ago.
pub async fn of_directory(store: &Store, tenant: &str) -> Result<Vec<AccountId>, Error> {
    const SQL: &str = "select id from account where left_at is null and id like $1
        order by coalesce(directory_at, 0), id limit 10000";
    let pattern = format!("{tenant}/%");
    let rows: Vec<(String,)> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(&pattern).fetch_all(db).await)?;
    Ok(rows.into_iter().map(|(id,)| AccountId(id)).collect())
}

/// Keeps what the directory says of accounts.
pub async fn told(store: &Store, accounts: &[(AccountId, Directory)], now: Moment) -> Result<(), Error> {
    const SQL: &str = "update account set directory = $2, directory_at = $3 where id = $1";
    let mut tx = store.begin().await?;
    for (account, directory) in accounts {
        on_both!(tx.on(), db => {
            sqlx::query(SQL).bind(&account.0).bind(directory.key()).bind(now.0).execute(db).await.map(drop)
        })?;
    }
    tx.commit().await
}

/// Keeps that the directory was looked at; `refused` says why it did not tell.
pub async fn looked(store: &Store, refused: Option<&str>, now: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into directory_look (id, at, refused) values ('accounts', $1, $2)
        on conflict (id) do update set at = $1, refused = $2";
    on_both!(store.write(), db => sqlx::query(SQL).bind(now.0).bind(refused).execute(db).await.map(drop))?;
    Ok(())
}

/// The newest look.
pub async fn last_look(store: &Store) -> Result<Option<Looked>, Error> {
    const SQL: &str = "select at, refused from directory_look where id = 'accounts'";
    let row: Option<(i64, Option<String>)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).fetch_optional(db).await)?;
    Ok(row.map(|(at, refused)| Looked { at: Moment(at), refused }))
}

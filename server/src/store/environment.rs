//! Environments from their request on: added with it, listed by need, freed when nothing is left of them.
//!
//! The columns that repeat the state of jobs and checks (state, rank, detail, arch, address) are written by
//! `store::standing` once a job has begun.

use super::{Error, Store, Tx, document, feed, on_both, standing};
use domain::Moment;
use domain::account::AccountId;
use domain::cost::Amount;
use domain::environment::{Arch, State, Stone};
use domain::id::{EnvironmentId, RequestId};
use domain::name::TeamName;
use domain::view::environment::Sort;
use domain::wish::Wish;

/// An environment as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    pub id: EnvironmentId,
    pub name: String,
    pub team: TeamName,
    pub owner: AccountId,
    pub owner_name: String,
    pub wish: Wish,
    pub state: State,
    pub detail: String,
    pub arch: Arch,
    pub address: Option<String>,
    pub approved_at: Option<Moment>,
    pub updated_at: Moment,
    /// What it costs a month, where a price could be had.
    pub monthly: Option<Amount>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    team: String,
    owner: String,
    owner_name: String,
    wish: String,
    state: String,
    detail: String,
    arch: String,
    address: Option<String>,
    approved_at: Option<i64>,
    updated_at: i64,
    monthly: Option<i64>,
    currency: Option<String>,
}

impl TryFrom<Row> for Environment {
    type Error = Error;
    fn try_from(row: Row) -> Result<Environment, Error> {
        Ok(Environment {
            id: EnvironmentId::new(row.id),
            name: row.name,
            team: team(&row.team)?,
            owner: AccountId(row.owner),
            owner_name: row.owner_name,
            wish: document::read(&row.wish)?,
            state: document::word(&row.state, State::of_key)?,
            detail: row.detail,
            arch: document::read(&row.arch)?,
            address: row.address,
            approved_at: row.approved_at.map(Moment),
            updated_at: Moment(row.updated_at),
            monthly: super::cost::known(row.currency, row.monthly)?,
        })
    }
}

pub(super) fn team(text: &str) -> Result<TeamName, Error> {
    TeamName::parse(text).map_err(|error| Error::Database(format!("a stored team does not read: {error}")))
}

/// What a list shows of an environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub id: EnvironmentId,
    pub name: String,
    pub team: TeamName,
    pub region: String,
    pub state: State,
    pub detail: String,
    pub owner_name: String,
    pub arch: Arch,
    pub lifetime_days: u32,
    pub approved_at: Option<Moment>,
    pub updated_at: Moment,
    pub monthly: Option<Amount>,
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    id: String,
    name: String,
    team: String,
    region: String,
    state: String,
    detail: String,
    owner_name: String,
    arch: String,
    lifetime_days: i64,
    approved_at: Option<i64>,
    updated_at: i64,
    monthly: Option<i64>,
    currency: Option<String>,
}

impl TryFrom<ListedRow> for Listed {
    type Error = Error;
    fn try_from(row: ListedRow) -> Result<Listed, Error> {
        Ok(Listed {
            id: EnvironmentId::new(row.id),
            name: row.name,
            team: team(&row.team)?,
            region: row.region,
            state: document::word(&row.state, State::of_key)?,
            detail: row.detail,
            owner_name: row.owner_name,
            arch: document::read(&row.arch)?,
            lifetime_days: u32::try_from(row.lifetime_days).unwrap_or_default(),
            approved_at: row.approved_at.map(Moment),
            updated_at: Moment(row.updated_at),
            monthly: super::cost::known(row.currency, row.monthly)?,
        })
    }
}

/// Which rows: every bound is set, an empty text bounds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// Names of the teams that the caller may see; `None` is all of them.
    pub teams: Option<Vec<String>>,
    /// Of the owner's account.
    pub owner: String,
    pub search: String,
    /// First and last [`State::rank`].
    pub ranks: (i64, i64),
}

impl Bounds {
    /// The teams as one text to look a team up in, `,payments,catalogue,`; empty for all.
    pub(super) fn teams(&self) -> String {
        self.teams.as_ref().map(|teams| format!(",{},", teams.join(","))).unwrap_or_default()
    }

    /// A pattern for `like`; `_` and `%` cannot be searched for, as no name holds them.
    fn pattern(&self) -> String {
        let plain: String = self.search.trim().to_lowercase().chars().filter(|c| !matches!(c, '%' | '_')).collect();
        if plain.is_empty() { plain } else { format!("%{plain}%") }
    }
}

/// A list in one order, of everything, one team, some teams, and one owner: `[ALL, TEAM, TEAMS, OWNED]`.
macro_rules! listed {
    ($order:literal) => {
        [
            listed!(@ "$1 = ''", $order),
            listed!(@ "team = $1", $order),
            listed!(@ "$1 like '%,' || team || ',%'", $order),
            listed!(@ "owner = $1 and ($9 = '' or $9 like '%,' || team || ',%')", $order),
        ]
    };
    (@ $scope:literal, $order:literal) => {
        concat!(
            "select id, name, team, region, state, detail, owner_name, arch, lifetime_days, approved_at, updated_at,
            monthly, currency from environment where ",
            $scope,
            " and ($2 = '' or search like $2) and ",
            $order,
            " limit $8"
        )
    };
}

/// Rows after the cursor (rank, name, id) in this order, of which the cursor has what the order needs. The sign before a
/// rank keeps an index of ranks from being taken where the order is another one.
pub async fn list(
    store: &Store,
    bounds: &Bounds,
    sort: Sort,
    after: (i64, &str, &str),
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    const NEED: [&str; 4] =
        listed!("rank between $3 and $4 and (rank, name, id) > ($5, $6, $7) order by rank, name, id");
    const NAME: [&str; 4] = listed!("+rank between $3 and $4 and $5 >= -1 and (name, id) > ($6, $7) order by name, id");
    const NEWEST: [&str; 4] = listed!("+rank between $3 and $4 and $5 >= -1 and $6 = $6 and id < $7 order by id desc");
    let texts = match sort {
        Sort::Need => NEED,
        Sort::Name => NAME,
        Sort::Newest => NEWEST,
    };
    let teams = bounds.teams();
    let (sql, scope) = match bounds.teams.as_deref() {
        _ if !bounds.owner.is_empty() => (texts[3], bounds.owner.as_str()),
        None => (texts[0], ""),
        Some([only]) => (texts[1], only.as_str()),
        Some(_) => (texts[2], teams.as_str()),
    };
    let pattern = bounds.pattern();
    let rows: Vec<ListedRow> = on_both!(store.read(), db => {
        let list = sqlx::query_as(sql).bind(scope).bind(&pattern).bind(bounds.ranks.0).bind(bounds.ranks.1);
        let list = list.bind(after.0).bind(after.1).bind(after.2).bind(limit);
        let list = if bounds.owner.is_empty() { list } else { list.bind(&teams) };
        list.fetch_all(db).await
    })?;
    rows.into_iter().map(Listed::try_from).collect()
}

macro_rules! counted {
    ($found:literal) => {
        concat!(
            "select count(*), cast(coalesce(sum(case when owner = $4 then 1 else 0 end), 0) as bigint),
            cast(coalesce(sum(case when rank = 0 then 1 else 0 end), 0) as bigint)
            from environment where ($1 = '' or $1 like '%,' || team || ',%') and rank between $2 and $3",
            $found
        )
    };
}

/// How many there are within the bounds, how many of them this account owns, and how many need a person.
pub async fn count(store: &Store, bounds: &Bounds, mine: &AccountId) -> Result<(i64, i64, i64), Error> {
    /// From the index alone.
    const ALL: &str = counted!("");
    const FOUND: &str = counted!(" and search like $5");
    let (teams, pattern) = (bounds.teams(), bounds.pattern());
    Ok(on_both!(store.read(), db => {
        let count = sqlx::query_as(if pattern.is_empty() { ALL } else { FOUND });
        let count = count.bind(&teams).bind(bounds.ranks.0).bind(bounds.ranks.1).bind(&mine.0);
        let count = if pattern.is_empty() { count } else { count.bind(&pattern) };
        count.fetch_one(db).await
    })?)
}

/// Names within the bounds, for the nearest one to a search that found nothing; at most 5,000.
pub async fn names(store: &Store, bounds: &Bounds) -> Result<Vec<String>, Error> {
    const SQL: &str = "select name from environment where ($1 = '' or $1 like '%,' || team || ',%')
        and rank between $2 and $3 order by name, id limit 5000";
    let teams = bounds.teams();
    let rows: Vec<(String,)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(&teams).bind(bounds.ranks.0).bind(bounds.ranks.1).fetch_all(db).await
    })?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// By name: the living one, else the newest that bore it.
pub async fn named(store: &Store, name: &str) -> Result<Option<Environment>, Error> {
    const SQL: &str = "select id, name, team, owner, owner_name, wish, state, detail, arch, address, approved_at,
        updated_at, monthly, currency from environment where name = $1 order by held desc, id desc limit 1";
    let row: Option<Row> = on_both!(store.read(), db => sqlx::query_as(SQL).bind(name).fetch_optional(db).await)?;
    row.map(Environment::try_from).transpose()
}

/// Requests about an environment by which a change of it is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What it began with.
    pub first: RequestId,
    pub waits: Option<RequestId>,
    /// The approved one by which Keystead let go of it.
    pub released: Option<RequestId>,
}

/// Holds it against everybody else who changes it or asks for a change, until the transaction ends: as it is now.
pub async fn hold(tx: &mut Tx, id: &EnvironmentId) -> Result<(Environment, Asked), Error> {
    const HOLD: &str = "update environment set updated_at = updated_at where id = $1
        returning id, name, team, owner, owner_name, wish, state, detail, arch, address, approved_at, updated_at,
        monthly, currency";
    const ASKED: &str = "select min(id), min(case when state = 'waiting' then id end),
        min(case when kind = 'release' and state = 'approved' then id end) from request where environment = $1";
    let row: Option<Row> = on_both!(tx.on(), db => sqlx::query_as(HOLD).bind(id.as_str()).fetch_optional(db).await)?;
    let environment = Environment::try_from(row.ok_or(Error::NotFound)?)?;
    let (first, waits, released): (Option<String>, Option<String>, Option<String>) =
        on_both!(tx.on(), db => sqlx::query_as(ASKED).bind(id.as_str()).fetch_one(db).await)?;
    let first = RequestId::new(first.unwrap_or_default());
    Ok((environment, Asked { first, waits: waits.map(RequestId::new), released: released.map(RequestId::new) }))
}

/// Whether somebody holds the name.
pub async fn held(store: &Store, name: &str) -> Result<bool, Error> {
    const SQL: &str = "select count(*) from environment where name = $1 and held = 1";
    let (count,): (i64,) = on_both!(store.read(), db => sqlx::query_as(SQL).bind(name).fetch_one(db).await)?;
    Ok(count > 0)
}

/// Adds one that waits for its decision; `Taken("name")` where the name is held.
pub async fn add(
    tx: &mut Tx,
    id: &EnvironmentId,
    owner: (&AccountId, &str),
    wish: &Wish,
    search: &str,
    now: Moment,
) -> Result<(), Error> {
    const SQL: &str = "insert into environment (id, name, held, team, region, owner, owner_name, wish, state, rank,
        detail, arch, address, search, lifetime_days, approved_at, created_at, updated_at, vault)
        values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, '', $10, null, $11, $12, null, $13, $13, $14)";
    let (state, document) = (State::Waiting, document::write(wish)?);
    let arch = document::write(&Arch([Stone::NotThere; 5]))?;
    on_both!(tx.on(), db => {
        let add = sqlx::query(SQL).bind(id.as_str()).bind(wish.name.as_str()).bind(wish.team.as_str());
        let add = add.bind(wish.region.as_str()).bind(&owner.0.0).bind(owner.1).bind(&document);
        let add = add.bind(state.key()).bind(state.rank()).bind(&arch).bind(search);
        let add = add.bind(i64::from(wish.lifetime.days)).bind(now.0).bind(vault(wish));
        add.execute(db).await.map(drop).map_err(|error| Error::taken(error, "name"))
    })?;
    let (team, name) = (wish.team.to_string(), wish.name.to_string());
    let of = feed::Of { team, environment: id.to_string(), environment_name: name };
    feed::of_environment(tx, &of, None, state.key(), now).await
}

/// Its wish changed (another vault name), and its lifetime counts from this approval if none came before.
pub async fn approved(tx: &mut Tx, id: &EnvironmentId, wish: &Wish, search: &str, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update environment set wish = $2, search = $3, approved_at = coalesce(approved_at, $4),
        lifetime_days = $5, updated_at = $4, vault = $6 where id = $1";
    let document = document::write(wish)?;
    let days = i64::from(wish.lifetime.days);
    on_both!(tx.on(), db => {
        let write = sqlx::query(SQL).bind(id.as_str()).bind(&document).bind(search).bind(now.0).bind(days);
        let write = write.bind(vault(wish));
        write.execute(db).await.map(drop)
    })?;
    Ok(())
}

/// It was refused before anything was made: its name is free again.
pub async fn gone(tx: &mut Tx, id: &EnvironmentId, detail: &str, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update environment set held = 0, state = $2, rank = $3, detail = $4, updated_at = $5,
        state_before = state where id = $1 returning team, id as environment, name as environment_name, state_before";
    let state = State::Gone;
    let was: Option<standing::Was> = on_both!(tx.on(), db => {
        let gone = sqlx::query_as(SQL).bind(id.as_str()).bind(state.key()).bind(state.rank()).bind(detail).bind(now.0);
        gone.fetch_optional(db).await
    })?;
    match was {
        Some(was) => was.tell(tx, state.key(), now).await,
        None => Ok(()),
    }
}

/// Keystead has let go of it: its name is free here. The row's copies follow by `store::standing`.
pub async fn release(tx: &mut Tx, id: &EnvironmentId, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update environment set released_at = $2 where id = $1";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(id.as_str()).bind(now.0).execute(db).await.map(drop))?;
    standing::refresh(tx, id, now).await
}

const RELEASED: &str = "select count(*) from environment where id = $1 and released_at is not null";

/// Whether Keystead has let go of it.
pub async fn is_released(store: &Store, id: &EnvironmentId) -> Result<bool, Error> {
    let (count,): (i64,) =
        on_both!(store.read(), db => sqlx::query_as(RELEASED).bind(id.as_str()).fetch_one(db).await)?;
    Ok(count > 0)
}

pub(super) async fn is_released_in(tx: &mut Tx, id: &EnvironmentId) -> Result<bool, Error> {
    let (count,): (i64,) = on_both!(tx.on(), db => sqlx::query_as(RELEASED).bind(id.as_str()).fetch_one(db).await)?;
    Ok(count > 0)
}

/// Whether an environment whose name is held was promised this vault name; of one that an older server wrote, its search
/// words say so.
pub async fn vault_held(store: &Store, vault: &str) -> Result<bool, Error> {
    const SQL: &str = "select count(*) from (select id from environment where held = 1 and vault = $1
        union all select id from environment where held = 1 and vault is null and search like $2) held";
    let vault = vault.to_lowercase();
    let pattern = format!("% vault:{vault} %");
    let (count,): (i64,) =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(&vault).bind(&pattern).fetch_one(db).await)?;
    Ok(count > 0)
}

/// As the column of its own has the vault's name.
fn vault(wish: &Wish) -> String {
    wish.vault.name.to_string().to_lowercase()
}

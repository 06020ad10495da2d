//! What Azure has billed: a sum for each environment and month, and the newest look.

use super::cost::amount;
use super::environment::{Bounds, team};
use super::{Error, Store, document, on_both};
use domain::Moment;
use domain::cost::Amount;
use domain::cost::actual::{Owner, Unread};
use domain::cost::calendar::{Day, Month};
use domain::cost::currency::Currency;
use domain::environment::State;
use domain::id::EnvironmentId;
use domain::name::TeamName;
use std::collections::{BTreeMap, BTreeSet};

/// Sums in millionths.
pub type Sums = BTreeMap<(EnvironmentId, Month, Currency), i64>;

/// The newest look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// When Azure told last.
    pub read: Option<Moment>,
    /// The newest day that it told of.
    pub until: Option<Day>,
    /// The newest month that was read after its last charges had come.
    pub settled: Option<Month>,
    /// Why it did not tell at the newest try.
    pub refused: Option<Unread>,
}

/// Everything that something can have been billed for.
pub async fn owners(store: &Store) -> Result<Vec<Owner>, Error> {
    const SQL: &str = "select id, name, approved_at, case when state = $1 then updated_at end from environment
        where approved_at is not null";
    let rows: Vec<(String, String, i64, Option<i64>)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(State::Gone.key()).fetch_all(db).await
    })?;
    let owner = |(id, name, since, until): (String, String, i64, Option<i64>)| Owner {
        id: EnvironmentId::new(id),
        name,
        since: Day::of(Moment(since)),
        until: until.map(|at| Day::of(Moment(at))),
    };
    Ok(rows.into_iter().map(owner).collect())
}

/// Keeps what Azure told. Of a month that it told anything of, everything that was known before is replaced.
pub async fn keep(store: &Store, sums: &Sums, look: &Look, now: Moment) -> Result<(), Error> {
    const FORGET: &str = "delete from actual_cost where month = $1";
    const ADD: &str = "insert into actual_cost (environment, month, currency, micros) values ($1, $2, $3, $4)";
    const LOOKED: &str = "insert into actual_look (id, tried_at, read_at, told_until, settled, refused, command)
        values ('subscription', $1, $1, $2, $3, null, null)
        on conflict (id) do update set tried_at = $1, read_at = $1, told_until = $2, settled = $3, refused = null,
        command = null";
    let months: BTreeSet<Month> = sums.keys().map(|(_, month, _)| *month).collect();
    let mut tx = store.begin().await?;
    for month in months {
        let month = month.to_string();
        on_both!(tx.on(), db => sqlx::query(FORGET).bind(&month).execute(db).await.map(drop))?;
    }
    for ((environment, month, currency), micros) in sums {
        let month = month.to_string();
        on_both!(tx.on(), db => {
            let add = sqlx::query(ADD).bind(environment.as_str()).bind(&month).bind(currency.code()).bind(*micros);
            add.execute(db).await.map(drop)
        })?;
    }
    let (until, settled) = (look.until.map(String::from), look.settled.map(String::from));
    on_both!(tx.on(), db => sqlx::query(LOOKED).bind(now.0).bind(&until).bind(&settled).execute(db).await.map(drop))?;
    tx.commit().await
}

/// Keeps that Azure did not tell; what it told before stays.
pub async fn refused(store: &Store, unread: &Unread, now: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into actual_look (id, tried_at, refused, command) values ('subscription', $1, $2, $3)
        on conflict (id) do update set tried_at = $1, refused = $2, command = $3";
    on_both!(store.write(), db => {
        sqlx::query(SQL).bind(now.0).bind(&unread.why).bind(&unread.command).execute(db).await.map(drop)
    })?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    read_at: Option<i64>,
    told_until: Option<String>,
    settled: Option<String>,
    refused: Option<String>,
    command: Option<String>,
}

/// The newest look; an empty one where there was none.
pub async fn last_look(store: &Store) -> Result<Look, Error> {
    const SQL: &str =
        "select read_at, told_until, settled, refused, command from actual_look where id = 'subscription'";
    let row: Option<Row> = on_both!(store.read(), db => sqlx::query_as(SQL).fetch_optional(db).await)?;
    let Some(row) = row else { return Ok(Look::default()) };
    let command = row.command;
    Ok(Look {
        read: row.read_at.map(Moment),
        until: row.told_until.map(|text| document::word(&text, Day::parse)).transpose()?,
        settled: row.settled.map(|text| document::word(&text, Month::parse)).transpose()?,
        refused: row.refused.map(|why| Unread { why, command }),
    })
}

/// What was billed for an environment in a month; an amount a currency.
pub async fn of(store: &Store, environment: &EnvironmentId, months: [Month; 2]) -> Result<Vec<(Month, Amount)>, Error> {
    const SQL: &str = "select month, currency, micros from actual_cost
        where environment = $1 and month in ($2, $3) order by month, currency";
    let [one, two] = months.map(|month| month.to_string());
    let rows: Vec<(String, String, i64)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(environment.as_str()).bind(&one).bind(&two).fetch_all(db).await
    })?;
    let told = |(month, code, micros): (String, String, i64)| {
        Ok((document::word(&month, Month::parse)?, amount(&code, micros)?))
    };
    rows.into_iter().map(told).collect()
}

/// What was billed in a month for all environments of each of these teams, whatever became of them.
pub async fn sums(store: &Store, bounds: &Bounds, month: Month) -> Result<Vec<(TeamName, Amount)>, Error> {
    const SQL: &str = "select environment.team, actual_cost.currency, cast(sum(actual_cost.micros) as bigint)
        from actual_cost join environment on environment.id = actual_cost.environment
        where actual_cost.month = $2 and ($1 = '' or $1 like '%,' || environment.team || ',%')
        group by environment.team, actual_cost.currency order by environment.team, actual_cost.currency";
    let month = month.to_string();
    let rows: Vec<(String, String, i64)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(bounds.teams()).bind(&month).fetch_all(db).await
    })?;
    rows.into_iter().map(|(name, code, micros)| Ok((team(&name)?, amount(&code, micros)?))).collect()
}

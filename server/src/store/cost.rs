//! What environments cost a month: kept beside each, as approved last, and summed by team.

use super::environment::{Bounds, team};
use super::{Error, Store, Tx, document, on_both};
use domain::cost::currency::Currency;
use domain::cost::{Amount, Estimate};
use domain::id::EnvironmentId;
use domain::name::TeamName;

/// What an environment costs from now on.
pub async fn keep(tx: &mut Tx, environment: &EnvironmentId, estimate: &Estimate) -> Result<(), Error> {
    const SQL: &str = "update environment set estimate = $2, monthly = $3, currency = $4 where id = $1";
    let (body, total) = (document::write(estimate)?, estimate.total());
    on_both!(tx.on(), db => {
        let keep = sqlx::query(SQL).bind(environment.as_str()).bind(&body).bind(total.micros);
        keep.bind(total.currency.code()).execute(db).await.map(drop)
    })?;
    Ok(())
}

/// What an environment costs, where a price could be had.
pub async fn of(store: &Store, environment: &EnvironmentId) -> Result<Option<Estimate>, Error> {
    const SQL: &str = "select estimate from environment where id = $1 and estimate is not null";
    let row: Option<(String,)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(environment.as_str()).fetch_optional(db).await
    })?;
    row.map(|(body,)| document::read(&body)).transpose()
}

/// The sums of each team's environments within the bounds, search and owner aside; a row a team and currency.
pub async fn sums(store: &Store, bounds: &Bounds) -> Result<Vec<(TeamName, Amount)>, Error> {
    const SQL: &str = "select team, currency, cast(sum(monthly) as bigint) from environment
        where ($1 = '' or $1 like '%,' || team || ',%') and rank between $2 and $3 and currency is not null
        group by team, currency order by team, currency";
    let rows: Vec<(String, String, i64)> = on_both!(store.read(), db => {
        let sums = sqlx::query_as(SQL).bind(bounds.teams()).bind(bounds.ranks.0).bind(bounds.ranks.1);
        sums.fetch_all(db).await
    })?;
    rows.into_iter().map(|(name, code, micros)| Ok((team(&name)?, amount(&code, micros)?))).collect()
}

/// A stored sum with its currency.
pub(super) fn amount(code: &str, micros: i64) -> Result<Amount, Error> {
    Ok(Amount { micros, currency: document::word(code, Currency::of_code)? })
}

/// A sum that may be missing.
pub(super) fn known(code: Option<String>, micros: Option<i64>) -> Result<Option<Amount>, Error> {
    code.zip(micros).map(|(code, micros)| amount(&code, micros)).transpose()
}

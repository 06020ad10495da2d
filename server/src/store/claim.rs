//! Who sets a secret of an environment at the moment: the vault itself takes every value, one after another.

use super::{Error, Tx, on_both};
use domain::Moment;
use domain::id::EnvironmentId;

/// Of one secret, until a moment.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    pub environment: &'a EnvironmentId,
    pub name: &'a str,
    pub until: Moment,
}

/// Takes it, or answers that somebody else has it.
pub async fn take(tx: &mut Tx, claim: &Claim<'_>, now: Moment) -> Result<bool, Error> {
    const SQL: &str = "insert into secret_claim (environment, secret, until_at) values ($1, $2, $3) \
        on conflict (environment, secret) do update set until_at = excluded.until_at where secret_claim.until_at <= $4";
    let taken = on_both!(tx.on(), db => {
        let take = sqlx::query(SQL).bind(claim.environment.as_str()).bind(claim.name).bind(claim.until.0).bind(now.0);
        take.execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(taken == 1)
}

/// Gives it back, where it is still the same one.
pub async fn leave(tx: &mut Tx, claim: &Claim<'_>) -> Result<(), Error> {
    const SQL: &str = "delete from secret_claim where environment = $1 and secret = $2 and until_at = $3";
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(claim.environment.as_str()).bind(claim.name).bind(claim.until.0).execute(db).await.map(drop))?;
    Ok(())
}

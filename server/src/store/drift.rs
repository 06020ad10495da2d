//! The newest look at what stands of an environment, held against what was approved.

use super::{Error, Store, Tx, document, feed, notice, on_both};
use domain::Moment;
use domain::id::EnvironmentId;
use domain::view::environment::{Drift, Drifted};

/// Keeps it; what differs and did not at the look before is a notice.
pub async fn keep(store: &Store, environment: &EnvironmentId, lines: &[Drifted], at: Moment) -> Result<(), Error> {
    const BEFORE: &str = "select body from drift where environment = $1";
    const SQL: &str = "insert into drift (environment, looked_at, body) values ($1, $2, $3) \
        on conflict (environment) do update set looked_at = excluded.looked_at, body = excluded.body";
    let body = document::write(lines)?;
    let mut tx = store.begin().await?;
    let before: Option<(String,)> =
        on_both!(tx.on(), db => sqlx::query_as(BEFORE).bind(environment.as_str()).fetch_optional(db).await)?;
    let before: Vec<Drifted> = before.map(|(body,)| document::read(&body)).transpose()?.unwrap_or_default();
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(environment.as_str()).bind(at.0).bind(&body).execute(db).await.map(drop))?;
    if before.is_empty() && !lines.is_empty() {
        let said: Vec<String> = lines.iter().map(Drifted::sentence).collect();
        notice::events::drifted(&mut tx, environment, &said.join("\n"), at).await?;
    }
    if before.is_empty() != lines.is_empty() {
        feed::drifted(&mut tx, environment, lines.iter().map(Drifted::sentence).collect(), at).await?;
    }
    tx.commit().await
}

pub async fn find(store: &Store, environment: &EnvironmentId) -> Result<Option<Drift>, Error> {
    const SQL: &str = "select looked_at, body from drift where environment = $1";
    let row: Option<(i64, String)> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(environment.as_str()).fetch_optional(db).await
    })?;
    row.map(|(looked, body)| Ok(Drift { looked: Moment(looked), lines: document::read(&body)? })).transpose()
}

/// What was seen before a job has ended says nothing any more.
pub async fn forget(tx: &mut Tx, environment: &EnvironmentId) -> Result<(), Error> {
    const SQL: &str = "delete from drift where environment = $1";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(environment.as_str()).execute(db).await.map(drop))?;
    Ok(())
}

//! Sealed passwords as rows: ciphertext between submit and the end of the job, and no longer.

use super::{Error, Store, Tx, on_both};
pub use crate::seal::Sealed;
use domain::Moment;
use domain::id::RequestId;

/// How long a job that stopped keeps its password: seven days.
pub const KEPT_MILLIS: i64 = 7 * 86_400_000;

/// Keeps it, in place of an earlier one of the same request.
pub async fn keep(tx: &mut Tx, request: &RequestId, sealed: &Sealed, at: Moment) -> Result<(), Error> {
    const SQL: &str = "insert into sealed (request, key_id, body, sealed_at) values ($1, $2, $3, $4) \
        on conflict (request) do update set key_id = excluded.key_id, body = excluded.body, \
        sealed_at = excluded.sealed_at";
    on_both!(tx.on(), db => sqlx::query(SQL)
        .bind(request.as_str()).bind(&sealed.key_id).bind(&sealed.body).bind(at.0).execute(db).await.map(drop))?;
    Ok(())
}

pub async fn find(store: &Store, request: &RequestId) -> Result<Option<Sealed>, Error> {
    const SQL: &str = "select key_id, body from sealed where request = $1";
    let row: Option<(String, String)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(request.as_str()).fetch_optional(db).await)?;
    Ok(row.map(|(key_id, body)| Sealed { key_id, body }))
}

/// How many each key has sealed, by the key's id.
pub async fn count_by_key(store: &Store) -> Result<Vec<(String, i64)>, Error> {
    const SQL: &str = "select key_id, count(*) from (
        select key_id from sealed union all select key_id from webhook
        union all select former_key_id from webhook where former_key_id is not null
    ) as kept group by key_id order by key_id";
    Ok(on_both!(store.read(), db => sqlx::query_as(SQL).fetch_all(db).await)?)
}

/// When it was sealed; `None` where it is not kept any more.
pub async fn sealed_at(store: &Store, request: &RequestId) -> Result<Option<Moment>, Error> {
    const SQL: &str = "select sealed_at from sealed where request = $1";
    let row: Option<(i64,)> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(request.as_str()).fetch_optional(db).await)?;
    Ok(row.map(|(at,)| Moment(at)))
}

/// Deletes it; a job that ends does so by itself, a request that is rejected, withdrawn or expires must say so.
pub async fn delete(tx: &mut Tx, request: &RequestId) -> Result<(), Error> {
    const SQL: &str = "delete from sealed where request = $1";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(request.as_str()).execute(db).await.map(drop))?;
    Ok(())
}

/// Deletes it unless the job of this request is moving; answers whether it is gone.
pub async fn delete_if_stopped(store: &Store, request: &RequestId) -> Result<bool, Error> {
    const SQL: &str = "delete from sealed where request = $1 and (select count(*) from job where job.request = $1 \
        and state in ('queued', 'running', 'waiting', 'rolling-back')) = 0";
    const LEFT: &str = "select count(*) from sealed where request = $1";
    on_both!(store.write(), db => sqlx::query(SQL).bind(request.as_str()).execute(db).await.map(drop))?;
    let (left,): (i64,) =
        on_both!(store.read(), db => sqlx::query_as(LEFT).bind(request.as_str()).fetch_one(db).await)?;
    Ok(left == 0)
}

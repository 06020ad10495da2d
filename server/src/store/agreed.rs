//! What every server of one database has to agree on: said by the first, held by all that come after.

use super::{Error, Store, Tx, on_both};
use crate::seal::Seal;

/// Id of the key that seals secrets.
pub const SEAL_KEY: &str = "seal-key";

/// Says `value` where nobody has said anything yet, and answers what is agreed.
pub async fn agree(store: &Store, name: &str, value: &str) -> Result<String, Error> {
    const SAY: &str = "insert into agreed (name, value) values ($1, $2) on conflict (name) do nothing";
    const SAID: &str = "select value from agreed where name = $1";
    on_both!(store.write(), db => sqlx::query(SAY).bind(name).bind(value).execute(db).await.map(drop))?;
    let (agreed,): (String,) = on_both!(store.write(), db => sqlx::query_as(SAID).bind(name).fetch_one(db).await)?;
    Ok(agreed)
}

/// Says it in place of what was agreed before.
pub(super) async fn say(tx: &mut Tx, name: &str, value: &str) -> Result<(), Error> {
    const SQL: &str = "insert into agreed (name, value) values ($1, $2) \
        on conflict (name) do update set value = excluded.value";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(name).bind(value).execute(db).await.map(drop))?;
    Ok(())
}

/// Turns the keys to the one that is agreed on, which may have changed since this server started. A server that does not
/// have it goes on with the one it has, which the others can open, and says so.
pub async fn follow(store: &Store, seal: &Seal) -> Result<(), Error> {
    const SAID: &str = "select value from agreed where name = $1";
    let said: Option<(String,)> =
        on_both!(store.read(), db => sqlx::query_as(SAID).bind(SEAL_KEY).fetch_optional(db).await)?;
    let Some((agreed,)) = said else { return Ok(()) };
    if !seal.turn_to(&agreed).await {
        tracing::warn!(
            "secrets are sealed with key {agreed} by now, and {} of this server does not hold it: give every server the \
             same keys, and start this one again; until then it goes on with key {}",
            seal.source(),
            seal.id()
        );
    }
    Ok(())
}

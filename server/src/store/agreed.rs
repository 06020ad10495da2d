//! What every server of one database has to agree on: said by the first, held by all that come after.

use super::{Error, Store, audit, on_both};
use domain::Moment;
use domain::audit::{Act, Actor, Entry, Subject};

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

/// From now on this key seals; deletes what no key opens any more, and answers how much that was.
pub async fn change_seal_key(store: &Store, id: &str, now: Moment) -> Result<u64, Error> {
    const AGREE: &str = "insert into agreed (name, value) values ($1, $2) \
        on conflict (name) do update set value = excluded.value";
    const LOST: &str = "delete from sealed where key_id <> $1";
    let mut tx = store.begin().await?;
    on_both!(tx.on(), db => sqlx::query(AGREE).bind(SEAL_KEY).bind(id).execute(db).await.map(drop))?;
    let lost = on_both!(tx.on(), db => {
        sqlx::query(LOST).bind(id).execute(db).await.map(|done| done.rows_affected())
    })?;
    let key = Subject::installation(SEAL_KEY, id);
    let entry = Entry::new(now, Act::SealKeyChanged, Actor::command(), key).with("passwords_deleted", lost);
    audit::append(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(lost)
}

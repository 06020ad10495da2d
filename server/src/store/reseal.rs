//! Changes the key that seals: one transaction says which key it is, seals anew what others have sealed, and records it.

use super::sealed::Sealed;
use super::webhook::Webhook;
use super::{Error, Store, Tx, agreed, audit, on_both};
use crate::seal::Seal;
use domain::Moment;
use domain::audit::{Act, Actor, Entry, Subject};
use domain::id::RequestId;

/// What becomes of a value that no key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Nothing is changed.
    Refuse,
    /// It is deleted, and typed again by whoever needs it.
    Delete,
}

/// What a change did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    pub sealed_anew: u64,
    pub deleted: u64,
}

/// From now on the key of this id seals, and nothing stays sealed with another one. What a server that has not heard of
/// it seals meanwhile is sealed anew too, unless it comes later still; then the older key opens it.
pub async fn change(store: &Store, seal: &Seal, id: &str, lost: Lost, now: Moment) -> Result<Changed, Error> {
    const ROUNDS: usize = 5;
    let before = agreed::agree(store, agreed::SEAL_KEY, id).await?;
    if !seal.turn_to(id).await {
        return Err(Error::Database(format!("{} holds no key {id}", seal.source())));
    }
    let mut tx = store.begin().await?;
    agreed::say(&mut tx, agreed::SEAL_KEY, id).await?;
    let mut changed = renew(&mut tx, seal, lost).await?;
    let key = Subject::installation(agreed::SEAL_KEY, id);
    let entry = Entry::new(now, Act::SealKeyChanged, Actor::command(), key)
        .with("key_before", before)
        .with("passwords_sealed_anew", changed.sealed_anew)
        .with("passwords_deleted", changed.deleted);
    audit::append(&mut tx, &entry).await?;
    tx.commit().await?;
    for _ in 0..ROUNDS {
        let mut tx = store.begin().await?;
        let more = renew(&mut tx, seal, Lost::Refuse).await?;
        tx.commit().await?;
        changed.sealed_anew += more.sealed_anew;
        if more == Changed::default() {
            break;
        }
    }
    Ok(changed)
}

async fn renew(tx: &mut Tx, seal: &Seal, lost: Lost) -> Result<Changed, Error> {
    // What is written meanwhile is another body, and stays.
    const RENEW: &str = "update sealed set key_id = $1, body = $2 where request = $3 and body = $4";
    const DELETE: &str = "delete from sealed where request = $1 and body = $2";
    let mut changed = Changed::default();
    for (request, sealed) in others(tx, &seal.id()).await? {
        let anew = seal.open(&request, &sealed).await.and_then(|open| seal.seal(&request, &open));
        match anew {
            Ok(anew) => {
                changed.sealed_anew += on_both!(tx.on(), db => sqlx::query(RENEW)
                    .bind(&anew.key_id).bind(&anew.body).bind(request.as_str()).bind(&sealed.body)
                    .execute(db).await.map(|done| done.rows_affected()))?;
            }
            Err(error) if lost == Lost::Refuse => {
                return Err(lost_key(&error));
            }
            Err(_) => {
                changed.deleted += on_both!(tx.on(), db => sqlx::query(DELETE)
                    .bind(request.as_str()).bind(&sealed.body).execute(db).await.map(|done| done.rows_affected()))?;
            }
        }
    }
    webhooks(tx, seal, lost, &mut changed).await?;
    Ok(changed)
}

/// Secrets of webhooks; one that no key opens is taken out, and its webhook asks for another.
async fn webhooks(tx: &mut Tx, seal: &Seal, lost: Lost, changed: &mut Changed) -> Result<(), Error> {
    const OTHERS: &str = "select id, key_id, secret from webhook where key_id <> $1
        union all select id, former_key_id, former_secret from webhook where former_key_id <> $1 order by 1";
    const NOW: &str = "update webhook set key_id = $1, secret = $2 where id = $3 and secret = $4";
    const FORMER: &str =
        "update webhook set former_key_id = $1, former_secret = $2 where id = $3 and former_secret = $4";
    let rows: Vec<(String, String, String)> =
        on_both!(tx.on(), db => sqlx::query_as(OTHERS).bind(seal.id()).fetch_all(db).await)?;
    for (id, key_id, body) in rows {
        let (bound, sealed) = (Webhook::bound(&id), Sealed { key_id, body });
        let anew = match seal.open(&bound, &sealed).await.and_then(|open| seal.seal(&bound, &open)) {
            Ok(anew) => anew,
            Err(error) if lost == Lost::Refuse => return Err(lost_key(&error)),
            // Under the present key's name, so that it is not looked for again.
            Err(_) => Sealed { key_id: seal.id(), body: String::new() },
        };
        let (kept, gone) = if anew.body.is_empty() { (0, 1) } else { (1, 0) };
        (changed.sealed_anew, changed.deleted) = (changed.sealed_anew + kept, changed.deleted + gone);
        for sql in [NOW, FORMER] {
            on_both!(tx.on(), db => sqlx::query(sql)
                .bind(&anew.key_id).bind(&anew.body).bind(&id).bind(&sealed.body).execute(db).await.map(drop))?;
        }
    }
    Ok(())
}

fn lost_key(error: &crate::seal::Error) -> Error {
    Error::Database(format!(
        "{error}; where its key is lost, `keystead migrate --new-seal-key` deletes what no key opens"
    ))
}

/// What other keys have sealed.
async fn others(tx: &mut Tx, id: &str) -> Result<Vec<(RequestId, Sealed)>, Error> {
    const SQL: &str = "select request, key_id, body from sealed where key_id <> $1 order by request";
    let rows: Vec<(String, String, String)> =
        on_both!(tx.on(), db => sqlx::query_as(SQL).bind(id).fetch_all(db).await)?;
    Ok(rows.into_iter().map(|(request, key_id, body)| (RequestId::new(request), Sealed { key_id, body })).collect())
}

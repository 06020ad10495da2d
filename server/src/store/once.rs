//! What a program asked under a key of its own: noted in the transaction of its effect, so that it happens once.
//!
//! A question that bears a key is answered [`within`] a [`Once`], which every [`super::Tx`] of its task finds. The first
//! one that commits writes the key's row beside its effect: both are there, or neither. Two servers that are asked under
//! one key at the same moment meet at that row, and the slower one's transaction is lost. Nothing is reserved before, so
//! that a failed transaction, or a server that is lost before it, leaves the key free.
//!
//! After the commit the answer is kept there too. Where a server was lost in between, the question is asked once more
//! [`Once::again`]: nothing can be committed then, and whoever made something [`done`] answers with what was [`made`].

use super::{Error, Store, Tx, on_both};
use domain::Moment;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    static ONCE: Arc<Once>;
}

/// A question under a key, while it is answered.
#[derive(Debug)]
pub struct Once {
    id: String,
    asked: String,
    at: Moment,
    /// What was made by it before, where it is asked again.
    before: Option<Option<String>>,
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    made: Option<String>,
    /// That stands in the row.
    kept: bool,
    /// A transaction with an effect has been committed.
    effect: bool,
    /// Somebody else had the effect first.
    late: bool,
}

impl Once {
    /// For the first time. `id` stands for the key, `asked` for what is asked.
    pub fn new(id: &str, asked: &str, at: Moment) -> Arc<Once> {
        Arc::new(Once { id: id.to_owned(), asked: asked.to_owned(), at, before: None, now: Mutex::default() })
    }

    /// Once more, to be answered by what was made.
    pub fn again(id: &str, asked: &str, at: Moment, made: Option<String>) -> Arc<Once> {
        Arc::new(Once { id: id.to_owned(), asked: asked.to_owned(), at, before: Some(made), now: Mutex::default() })
    }

    /// What stands for the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether something was changed by it.
    pub fn has_effect(&self) -> bool {
        self.look(|now| now.effect)
    }

    /// Whether it came to nothing because the same question had its effect elsewhere.
    pub fn is_late(&self) -> bool {
        self.look(|now| now.late)
    }

    fn look<T>(&self, look: impl FnOnce(&mut Now) -> T) -> T {
        look(&mut self.now.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Answers a question within it.
pub async fn within<T>(once: Arc<Once>, answer: impl Future<Output = T>) -> T {
    ONCE.scope(once, answer).await
}

/// Whether this answers a question under a key.
pub fn is_asked() -> bool {
    ONCE.try_with(|_| ()).is_ok()
}

/// Whether the question was asked before and is only to be answered.
pub fn is_again() -> bool {
    ONCE.try_with(|once| once.before.is_some()).unwrap_or(false)
}

/// Notes what the transaction that is committed next has made: enough to answer by it again.
pub fn made(what: &impl Serialize) {
    let _ = ONCE.try_with(|once| once.look(|now| now.made = serde_json::to_string(what).ok()));
}

/// What was made when the question was asked before.
pub fn done<T: DeserializeOwned>() -> Option<T> {
    let before = ONCE.try_with(|once| once.before.clone()).ok()??;
    serde_json::from_str(&before?).ok()
}

/// Writes the key's row into a transaction that is about to be committed, where its task answers such a question.
pub(super) async fn mark(tx: &mut Tx) -> Result<(), Error> {
    const SQL: &str = "insert into once (id, asked, made, at) values ($1, $2, $3, $4) on conflict (id) do nothing";
    const LATER: &str = "update once set made = $2 where id = $1";
    let Ok(once) = ONCE.try_with(Arc::clone) else { return Ok(()) };
    if once.before.is_some() {
        return Err(Error::Repeated);
    }
    let made = once.look(|now| now.made.clone());
    if once.has_effect() {
        // What is committed later of the same question says more of what it has made.
        if let (Some(made), false) = (&made, once.look(|now| now.kept)) {
            on_both!(tx.on(), db => sqlx::query(LATER).bind(&once.id).bind(made).execute(db).await.map(drop))?;
        }
        return Ok(());
    }
    let written = on_both!(tx.on(), db => {
        let write = sqlx::query(SQL).bind(&once.id).bind(&once.asked).bind(&made).bind(once.at.0);
        write.execute(db).await.map(|done| done.rows_affected())
    })?;
    if written == 0 {
        once.look(|now| now.late = true);
        return Err(Error::Repeated);
    }
    Ok(())
}

/// What [`mark`] has written is on the disk.
pub(super) fn marked() {
    let _ = ONCE.try_with(|once| {
        once.look(|now| {
            now.effect = true;
            now.kept = now.made.is_some();
        })
    });
}

/// What is kept under a key.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Row {
    pub asked: String,
    pub made: Option<String>,
    pub status: Option<i64>,
    pub key_id: Option<String>,
    pub answer: Option<String>,
}

/// An answer as it is kept: its status, the key that sealed the rest, and that.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub status: u16,
    pub key_id: &'a str,
    pub sealed: &'a str,
}

/// Under this key, from this moment on.
pub async fn find(store: &Store, id: &str, since: Moment) -> Result<Option<Row>, Error> {
    const SQL: &str = "select asked, made, status, key_id, answer from once where id = $1 and at > $2";
    Ok(on_both!(store.read(), db => sqlx::query_as(SQL).bind(id).bind(since.0).fetch_optional(db).await)?)
}

/// Frees a key whose time is over.
pub async fn free(store: &Store, id: &str, until: Moment) -> Result<(), Error> {
    const SQL: &str = "delete from once where id = $1 and at <= $2";
    on_both!(store.write(), db => sqlx::query(SQL).bind(id).bind(until.0).execute(db).await.map(drop))?;
    Ok(())
}

/// Keeps the answer of a question that changed something; whoever kept one first has.
pub async fn keep_answer(store: &Store, once: &Once, answer: &Answer<'_>) -> Result<(), Error> {
    const SQL: &str = "update once set status = $2, key_id = $3, answer = $4 where id = $1 and status is null";
    on_both!(store.write(), db => {
        let keep = sqlx::query(SQL).bind(&once.id).bind(i64::from(answer.status)).bind(answer.key_id);
        keep.bind(answer.sealed).execute(db).await.map(drop)
    })?;
    Ok(())
}

/// Keeps the answer of a question that changed nothing; false where the key has a row already.
pub async fn keep_refusal(store: &Store, once: &Once, answer: &Answer<'_>) -> Result<bool, Error> {
    const SQL: &str = "insert into once (id, asked, status, key_id, answer, at) values ($1, $2, $3, $4, $5, $6)
        on conflict (id) do nothing";
    let kept = on_both!(store.write(), db => {
        let keep = sqlx::query(SQL).bind(&once.id).bind(&once.asked).bind(i64::from(answer.status));
        let keep = keep.bind(answer.key_id).bind(answer.sealed).bind(once.at.0);
        keep.execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(kept == 1)
}

/// Takes out what is older.
pub async fn sweep(store: &Store, until: Moment) -> Result<(), Error> {
    const SQL: &str = "delete from once where at <= $1";
    on_both!(store.write(), db => sqlx::query(SQL).bind(until.0).execute(db).await.map(drop))?;
    Ok(())
}

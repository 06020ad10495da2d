//! Keeps JSON documents by collection and id in one SQLite file, written through on every change.
//!
//! Everything is read from memory. A change is a closure over a [`Draft`]: what it writes is committed to the
//! file in one transaction and shows in memory only then, so a kill leaves either all of it or nothing. Changes that
//! come at the same moment share a transaction ([`group`]); each sees those before it.
mod documents;
mod group;
mod index;
mod journal;

use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};
use tokio::sync::{Mutex, broadcast, watch};

use crate::clock::Clock;

use documents::{Documents, Kept};
use group::{Body, Ended, Key, Open, Written};
pub use index::{Sums, Texts};
pub use journal::{Entry, Wanted};

/// What is written next to each other is seldom what was written last: without room for it pages are read again and again.
const PAGES_IN_MEMORY: &str = "4000";
/// The log grows to so many pages before they are put in their places: what changes often is put there less often.
const PAGES_OF_LOG: &str = "10000";

/// The documents of one world.
pub struct State(Arc<Inner>);

struct Inner {
    clock: Clock,
    pool: SqlitePool,
    documents: RwLock<Documents>,
    open: Mutex<Open>,
    ended: watch::Sender<Ended>,
    changes: broadcast::Sender<Changed>,
}

/// One document that was written or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The collection it lies in.
    pub collection: String,
    /// Its id.
    pub id: String,
}

/// The state file could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[error("{doing} failed: {source}")]
pub struct StateError {
    doing: String,
    source: sqlx::Error,
}

fn while_doing(doing: impl Into<String>) -> impl FnOnce(sqlx::Error) -> StateError {
    let doing = doing.into();
    move |source| StateError { doing, source }
}

impl State {
    /// Opens the file, made where it is missing, and reads it whole.
    pub async fn open(file: &Path, clock: Clock) -> Result<Self, StateError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("temp_store", "memory") // what a statement could take back; as a file it is written as often as the log
            .pragma("cache_size", PAGES_IN_MEMORY)
            .pragma("wal_autocheckpoint", PAGES_OF_LOG);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(while_doing(format!("opening the state file {}", file.display())))?;
        sqlx::query(
            "create table if not exists document \
             (collection text not null, id text not null, body text not null, primary key (collection, id)) \
             without rowid",
        )
        .execute(&pool)
        .await
        .map_err(while_doing("preparing the state file"))?;
        for &table in journal::TABLES {
            sqlx::query(table).execute(&pool).await.map_err(while_doing("preparing the journal"))?;
        }
        let rows = sqlx::query("select collection, id, body from document")
            .fetch_all(&pool)
            .await
            .map_err(while_doing("reading the state file"))?;
        let mut documents = Documents::default();
        for row in rows {
            let text: String = row.get("body");
            let body = Arc::new(serde_json::from_str(&text).map_err(|error| {
                while_doing("reading a document of the state file")(sqlx::Error::Decode(error.into()))
            })?);
            documents.insert(row.get("collection"), row.get("id"), &body, text);
        }
        let (changes, _) = broadcast::channel(4096);
        let (documents, open, ended) = (RwLock::new(documents), Mutex::default(), watch::Sender::new(Ended::default()));
        Ok(Self(Arc::new(Inner { clock, pool, documents, open, ended, changes })))
    }

    /// One document.
    pub fn get(&self, collection: &str, id: &str) -> Option<Value> {
        self.read(|draft| draft.get(collection, id))
    }

    /// Every document of a collection, ordered by id.
    pub fn list(&self, collection: &str) -> Vec<(String, Value)> {
        self.read(|draft| draft.list(collection))
    }

    /// The documents of a collection whose id begins with `prefix`, ordered by id.
    pub fn list_under(&self, collection: &str, prefix: &str) -> Vec<(String, Value)> {
        self.read(|draft| draft.list_under(collection, prefix))
    }

    /// Reads several documents as of one moment.
    pub fn read<R>(&self, look: impl FnOnce(&Draft<'_>) -> R) -> R {
        let documents = self.0.documents.read().unwrap_or_else(PoisonError::into_inner);
        look(&Draft { now: self.0.clock.now(), documents: &documents, written: None, before: Vec::new() })
    }

    /// Reads and writes as one step: no other change comes between, all of it is kept or, on an error, none.
    pub async fn change<R, E: From<StateError>>(
        &self,
        change: impl FnOnce(&mut Draft<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut open = self.0.open.lock().await;
        let (result, keys) = {
            let documents = self.0.documents.read().unwrap_or_else(PoisonError::into_inner);
            let written = Some(&mut open.written);
            let mut draft = Draft { now: self.0.clock.now(), documents: &documents, written, before: Vec::new() };
            let result = change(&mut draft);
            let keys = if result.is_ok() { draft.keep() } else { Vec::new() };
            (result, keys)
        };
        open.touch(keys);
        // Also what was only seen of others has to be in the file before anybody is told of it.
        if open.has_something() {
            let (ended, number) = (self.0.ended.subscribe(), self.0.close_group(&mut open));
            drop(open);
            self.0.until_written(ended, number).await?;
        }
        result
    }

    /// Writes one document.
    pub async fn put(&self, collection: &str, id: &str, body: Value) -> Result<(), StateError> {
        self.change(|draft| {
            draft.put(collection, id, body);
            Ok(())
        })
        .await
    }

    /// Removes one document; one that is not there is fine.
    pub async fn remove(&self, collection: &str, id: &str) -> Result<(), StateError> {
        self.change(|draft| {
            draft.remove(collection, id);
            Ok(())
        })
        .await
    }

    /// Hears of every change from now on. Who lags loses the oldest and should read again.
    pub fn changes(&self) -> broadcast::Receiver<Changed> {
        self.0.changes.subscribe()
    }

    /// Closes the file, once everything that was changed is in it.
    pub async fn close(&self) {
        let mut ended = self.0.ended.subscribe();
        while self.0.open.lock().await.is_at_work() && ended.changed().await.is_ok() {}
        self.0.pool.close().await;
    }
}

/// The documents as one change sees them: what stands, overlaid with what was written since.
pub struct Draft<'a> {
    /// When it is made.
    pub now: Timestamp,
    documents: &'a Documents,
    /// By others that are not in the file yet, and by itself; nothing for whoever only reads.
    written: Option<&'a mut Written>,
    /// What was there before its own writes, the last one last.
    before: Vec<(Key, Option<Body>)>,
}

impl Drop for Draft<'_> {
    /// Takes back what nobody has kept.
    fn drop(&mut self) {
        let Some(written) = &mut self.written else { return };
        for (key, before) in self.before.drain(..).rev() {
            match before {
                Some(before) => written.insert(key, before),
                None => written.remove(&key),
            };
        }
    }
}

impl Draft<'_> {
    /// What it has written stays; answers which documents these are.
    fn keep(mut self) -> Vec<Key> {
        self.before.drain(..).map(|(key, _)| key).collect()
    }

    fn written(&self, collection: &str, id: &str) -> Option<&Body> {
        let written = self.written.as_deref().filter(|written| !written.is_empty())?;
        written.get(&(collection.to_owned(), id.to_owned()))
    }

    /// One document.
    pub fn get(&self, collection: &str, id: &str) -> Option<Value> {
        self.look(collection, id, Value::clone)
    }

    /// What is seen in one document, without copying it.
    pub fn look<R>(&self, collection: &str, id: &str, see: impl FnOnce(&Value) -> R) -> Option<R> {
        if let Some(written) = self.written(collection, id) {
            return written.as_deref().map(see);
        }
        self.documents.collections.get(collection)?.get(id).map(|body| body.see(see))
    }

    /// Every document of a collection, ordered by id.
    pub fn list(&self, collection: &str) -> Vec<(String, Value)> {
        self.list_under(collection, "")
    }

    /// The documents of a collection whose id begins with `prefix`, ordered by id.
    pub fn list_under(&self, collection: &str, prefix: &str) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        self.visit(collection, prefix, |id, body| found.push((id.to_owned(), body.clone())));
        found
    }

    /// Shows each document whose id begins with `prefix`, without copying it.
    pub fn visit(&self, collection: &str, prefix: &str, each: impl FnMut(&str, &Value)) {
        let standing = self.documents.collections.get(collection).into_iter().flat_map(|standing| {
            let under = standing.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
            under.take_while(|(id, _)| id.starts_with(prefix)).map(|(id, body)| (&**id, body))
        });
        self.overlay(collection, standing, |id, _| id.starts_with(prefix), each);
    }

    /// Shows each document whose id begins with `prefix` and that has this text at an indexed place, in any case of
    /// letters (see [`index::PLACES`]).
    pub fn visit_with(
        &self,
        collection: &str,
        prefix: &str,
        place: &'static str,
        text: &str,
        each: impl FnMut(&str, &Value),
    ) {
        let all = self.documents.collections.get(collection);
        let found = self.documents.index.find(collection, place, text).into_iter().flat_map(|ids| {
            let under = ids.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
            under.take_while(|id| id.starts_with(prefix))
        });
        let standing = found.filter_map(|id| Some((&**id, all?.get(id)?)));
        let written = |id: &str, body: &Value| id.starts_with(prefix) && index::has(body, place, text);
        self.overlay(collection, standing, written, each);
    }

    /// The documents that [`Self::visit_with`] shows, shared.
    pub fn share_with(&self, collection: &str, prefix: &str, place: &'static str, text: &str) -> Vec<Arc<Value>> {
        let mut ids = Vec::new();
        self.visit_with(collection, prefix, place, text, |id, _| ids.push(id.to_owned()));
        ids.iter().filter_map(|id| self.share(collection, id)).collect()
    }

    /// The sums over a collection (see [`index::SUMS`]).
    pub fn sums(&self, collection: &str) -> Sums {
        let mut sums = self.documents.index.sums(collection);
        let standing = self.documents.collections.get(collection);
        for (id, body) in self.written_in(collection) {
            if let Some(standing) = standing.and_then(|standing| standing.get(id)) {
                standing.see(|body| sums.count(collection, body, false));
            }
            if let Some(body) = body {
                sums.count(collection, body, true);
            }
        }
        sums
    }

    fn share(&self, collection: &str, id: &str) -> Option<Arc<Value>> {
        match self.written(collection, id) {
            Some(written) => written.clone(),
            None => self.documents.collections.get(collection)?.get(id).map(Kept::share),
        }
    }

    /// What was written since in a collection, in the order of the ids.
    fn written_in<'s>(&'s self, collection: &'s str) -> impl Iterator<Item = (&'s str, &'s Body)> {
        let all = self.written.as_deref().filter(|written| !written.is_empty());
        let from = all.map(|all| all.range((collection.to_owned(), String::new())..)).into_iter().flatten();
        from.take_while(move |((name, _), _)| name == collection).map(|((_, id), body)| (id.as_str(), body))
    }

    /// Shows what stands, with what was written since laid over it; both come in the order of their ids.
    fn overlay<'s>(
        &'s self,
        collection: &'s str,
        standing: impl Iterator<Item = (&'s str, &'s Kept)>,
        passes: impl Fn(&str, &Value) -> bool,
        mut each: impl FnMut(&str, &Value),
    ) {
        let mut over = self.written_in(collection).peekable();
        let written = |id: &str, body: &Body, each: &mut dyn FnMut(&str, &Value)| {
            if let Some(body) = body.as_deref().filter(|body| passes(id, body)) {
                each(id, body);
            }
        };
        for (id, kept) in standing {
            while let Some((earlier, body)) = over.next_if(|(other, _)| *other < id) {
                written(earlier, body, &mut each);
            }
            match over.next_if(|(other, _)| *other == id) {
                Some((_, body)) => written(id, body, &mut each),
                None => kept.see(|body| each(id, body)),
            }
        }
        over.for_each(|(id, body)| written(id, body, &mut each));
    }

    /// Writes one document.
    pub fn put(&mut self, collection: &str, id: &str, body: Value) {
        self.write(collection, id, Some(Arc::new(body)));
    }

    /// Removes one document; one that is not there is fine.
    pub fn remove(&mut self, collection: &str, id: &str) {
        self.write(collection, id, None);
    }

    fn write(&mut self, collection: &str, id: &str, body: Body) {
        let Some(written) = &mut self.written else { return };
        let key = (collection.to_owned(), id.to_owned());
        let before = written.insert(key.clone(), body);
        self.before.push((key, before));
    }
}

//! Keeps JSON documents by collection and id in one SQLite file, written through on every change.
//!
//! Everything is read from memory. A change is a closure over a [`Draft`]: what it writes is committed to the
//! file in one transaction and shows in memory only then, so a kill leaves either all of it or nothing.
mod index;
mod journal;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};
use tokio::sync::{Mutex, broadcast};

use crate::clock::Clock;

use index::Index;
pub use journal::{Entry, Wanted};

/// The documents by collection and id, and what leads to some of them faster.
#[derive(Default)]
struct Documents {
    collections: BTreeMap<String, BTreeMap<Arc<str>, Kept>>,
    index: Index,
}

impl Documents {
    fn insert(&mut self, collection: &str, id: &str, body: &Arc<Value>) {
        self.forget(collection, id);
        let id: Arc<str> = id.into();
        self.index.add(collection, &id, body);
        self.collections.entry(collection.to_owned()).or_default().insert(id, Kept::new(collection, body));
    }

    fn forget(&mut self, collection: &str, id: &str) {
        if let Some(kept) = self.collections.get_mut(collection).and_then(|standing| standing.remove(id)) {
            kept.see(|body| self.index.remove(collection, id, body));
        }
    }
}

/// Collections whose readers have the documents elsewhere and seldom ask for these: they stay text, which takes an
/// eighth of the room.
const TEXT: &[&str] = &["kubernetes"];

/// A document in memory.
enum Kept {
    Parsed(Arc<Value>),
    Text(Box<str>),
}

impl Kept {
    fn new(collection: &str, body: &Arc<Value>) -> Self {
        match TEXT.contains(&collection) {
            true => Self::Text(body.to_string().into()),
            false => Self::Parsed(body.clone()),
        }
    }

    fn share(&self) -> Arc<Value> {
        match self {
            Self::Parsed(body) => body.clone(),
            Self::Text(text) => Arc::new(serde_json::from_str(text).unwrap_or_default()),
        }
    }

    fn see<R>(&self, see: impl FnOnce(&Value) -> R) -> R {
        match self {
            Self::Parsed(body) => see(body),
            // It was written from a value.
            Self::Text(text) => see(&serde_json::from_str(text).unwrap_or_default()),
        }
    }
}

/// The documents of one world.
pub struct State {
    clock: Clock,
    pool: SqlitePool,
    documents: RwLock<Documents>,
    writing: Mutex<()>,
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
            .synchronous(SqliteSynchronous::Normal);
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
            let body: String = row.get("body");
            let body = Arc::new(serde_json::from_str(&body).map_err(|error| {
                while_doing("reading a document of the state file")(sqlx::Error::Decode(error.into()))
            })?);
            documents.insert(row.get("collection"), row.get("id"), &body);
        }
        let (changes, _) = broadcast::channel(4096);
        Ok(Self { clock, pool, documents: RwLock::new(documents), writing: Mutex::new(()), changes })
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

    /// Reads several documents as of one moment. What the closure writes is dropped.
    pub fn read<R>(&self, look: impl FnOnce(&Draft<'_>) -> R) -> R {
        let documents = self.documents.read().unwrap_or_else(PoisonError::into_inner);
        look(&Draft { now: self.clock.now(), documents: &documents, written: BTreeMap::new() })
    }

    /// Reads and writes as one step: no other change comes between, all of it is kept or, on an error, none.
    pub async fn change<R, E: From<StateError>>(
        &self,
        change: impl FnOnce(&mut Draft<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let _one_at_a_time = self.writing.lock().await;
        let (written, result) = {
            let documents = self.documents.read().unwrap_or_else(PoisonError::into_inner);
            let mut draft = Draft { now: self.clock.now(), documents: &documents, written: BTreeMap::new() };
            let result = change(&mut draft)?;
            (draft.written, result)
        };
        self.commit(written).await?;
        Ok(result)
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
        self.changes.subscribe()
    }

    /// Closes the file; what was written is already there.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn commit(&self, written: BTreeMap<(String, String), Option<Arc<Value>>>) -> Result<(), StateError> {
        if written.is_empty() {
            return Ok(());
        }
        let doing = "writing the state file";
        let mut transaction = self.pool.begin().await.map_err(while_doing(doing))?;
        for ((collection, id), body) in &written {
            let statement = match body {
                Some(body) => sqlx::query(
                    "insert into document (collection, id, body) values ($1, $2, $3) \
                     on conflict (collection, id) do update set body = excluded.body",
                )
                .bind(collection)
                .bind(id)
                .bind(body.to_string()),
                None => sqlx::query("delete from document where collection = $1 and id = $2").bind(collection).bind(id),
            };
            statement.execute(&mut *transaction).await.map_err(while_doing(doing))?;
        }
        transaction.commit().await.map_err(while_doing(doing))?;
        {
            let mut documents = self.documents.write().unwrap_or_else(PoisonError::into_inner);
            for ((name, id), body) in &written {
                match body {
                    Some(body) => documents.insert(name, id, body),
                    None => documents.forget(name, id),
                }
            }
        }
        for (collection, id) in written.into_keys() {
            // Nobody may be listening.
            let _ = self.changes.send(Changed { collection, id });
        }
        Ok(())
    }
}

/// What a change sees of a document: as it stands, or as it has just written it.
enum Seen<'a> {
    Standing(&'a Kept),
    Written(&'a Value),
}

/// The documents as one change sees them: what stands, overlaid with what it has written so far.
pub struct Draft<'a> {
    /// When it is made.
    pub now: Timestamp,
    documents: &'a Documents,
    written: BTreeMap<(String, String), Option<Arc<Value>>>,
}

impl Draft<'_> {
    /// One document.
    pub fn get(&self, collection: &str, id: &str) -> Option<Value> {
        self.look(collection, id, Value::clone)
    }

    /// What is seen in one document, without copying it.
    pub fn look<R>(&self, collection: &str, id: &str, see: impl FnOnce(&Value) -> R) -> Option<R> {
        if !self.written.is_empty()
            && let Some(written) = self.written.get(&(collection.to_owned(), id.to_owned()))
        {
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

    fn share(&self, collection: &str, id: &str) -> Option<Arc<Value>> {
        match self.written.get(&(collection.to_owned(), id.to_owned())) {
            Some(written) => written.clone(),
            None => self.documents.collections.get(collection)?.get(id).map(Kept::share),
        }
    }

    /// Shows what stands, with what was written since laid over it.
    fn overlay<'s>(
        &'s self,
        collection: &str,
        standing: impl Iterator<Item = (&'s str, &'s Kept)>,
        written: impl Fn(&str, &Value) -> bool,
        mut each: impl FnMut(&str, &Value),
    ) {
        // Whoever only reads has nothing to lay over what stands.
        if self.written.is_empty() {
            return standing.for_each(|(id, body)| body.see(|body| each(id, body)));
        }
        let mut together: BTreeMap<&str, Seen<'_>> = standing.map(|(id, body)| (id, Seen::Standing(body))).collect();
        for ((_, id), body) in self.written.iter().filter(|((name, _), _)| name == collection) {
            match body.as_deref() {
                Some(body) if written(id, body) => together.insert(id, Seen::Written(body)),
                _ => together.remove(id.as_str()),
            };
        }
        for (id, body) in together {
            match body {
                Seen::Standing(body) => body.see(|body| each(id, body)),
                Seen::Written(body) => each(id, body),
            }
        }
    }

    /// Writes one document.
    pub fn put(&mut self, collection: &str, id: &str, body: Value) {
        self.written.insert((collection.to_owned(), id.to_owned()), Some(Arc::new(body)));
    }

    /// Removes one document; one that is not there is fine.
    pub fn remove(&mut self, collection: &str, id: &str) {
        self.written.insert((collection.to_owned(), id.to_owned()), None);
    }
}

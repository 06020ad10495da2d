//! The objects of one cluster: a JSON document for each, one rising number for every change, a history to watch.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use super::kind::{self, Kind};
use super::object;
use super::refusal::Refusal;

/// How many changes a watch can lag behind before it is told 410.
const HISTORY: usize = 4096;

/// Where the objects are written through to; a key is `plural.group/namespace/name`.
#[async_trait]
pub trait Keeper: Send + Sync {
    async fn keep(&self, key: &str, record: &Value);
    async fn forget(&self, key: &str);
}

/// Names one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub kind: &'static Kind,
    /// Empty for a kind without namespaces.
    pub namespace: String,
    pub name: String,
}

impl Key {
    pub fn new(kind: &'static Kind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: if kind.namespaced { namespace } else { "" }.to_string(), name: name.to_string() }
    }

    /// The key of an object that names itself.
    pub fn of(kind: &'static Kind, object: &Value) -> Self {
        Self::new(kind, object::namespace(object), object::name(object))
    }

    fn row(&self) -> String {
        format!("{}/{}/{}", self.kind.qualified(), self.namespace, self.name)
    }
}

/// `pods/webapp/webapp-5d9c7-x2x4q`, as the key is written beneath a cluster's id.
impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.row())
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    Added,
    Modified,
    Deleted,
}

/// One entry of the history.
#[derive(Debug, Clone)]
pub struct Change {
    pub version: u64,
    pub what: What,
    pub kind: &'static Kind,
    pub object: Arc<Value>,
    /// The object before the change; none for an added one.
    pub before: Option<Arc<Value>>,
    /// When, by this machine's own running clock.
    at: Instant,
}

struct Row {
    kind: &'static Kind,
    object: Arc<Value>,
    /// What each field manager applied last.
    applied: BTreeMap<String, Value>,
}

struct Inner {
    version: u64,
    rows: BTreeMap<String, Row>,
    history: VecDeque<Change>,
}

pub struct Objects {
    inner: Mutex<Inner>,
    newest: watch::Sender<u64>,
    keeper: Arc<dyn Keeper>,
}

impl Objects {
    /// Opens the objects from the records that the keeper was given earlier.
    pub fn open(keeper: Arc<dyn Keeper>, records: Vec<(String, Value)>) -> Self {
        let mut version = 1;
        let mut rows = BTreeMap::new();
        for (key, record) in records {
            let qualified = key.split('/').next().unwrap_or("");
            let Some(kind) = kind::ALL.into_iter().find(|kind| kind.qualified() == qualified) else {
                continue;
            };
            let object = record["object"].clone();
            let seen = object::text(&object, "/metadata/resourceVersion").parse();
            version = version.max(seen.unwrap_or(1));
            let applied = record["applied"].as_object().cloned().unwrap_or_default();
            rows.insert(key, Row { kind, object: Arc::new(object), applied: applied.into_iter().collect() });
        }
        // A deletion takes a number that no record keeps: step over what may have been used.
        version += 1000;
        Self {
            inner: Mutex::new(Inner { version, rows, history: VecDeque::new() }),
            newest: watch::channel(version).0,
            keeper,
        }
    }

    /// Rises with every change.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    pub async fn get(&self, key: &Key) -> Option<Arc<Value>> {
        let inner = self.inner.lock().await;
        inner.rows.get(&key.row()).map(|row| row.object.clone())
    }

    /// All objects of a kind, of one namespace or (empty) of all, with the version they were read at.
    pub async fn list(&self, kind: &Kind, namespace: &str) -> (u64, Vec<Arc<Value>>) {
        let inner = self.inner.lock().await;
        let objects = inner
            .rows
            .values()
            .filter(|row| row.kind == kind && (namespace.is_empty() || object::namespace(&row.object) == namespace))
            .map(|row| row.object.clone())
            .collect();
        (inner.version, objects)
    }

    /// Every object with its kind.
    pub async fn all(&self) -> Vec<(&'static Kind, Arc<Value>)> {
        let inner = self.inner.lock().await;
        let rows = inner.rows.values();
        rows.map(|row| (row.kind, row.object.clone())).collect()
    }

    /// What `manager` applied last to the object, and what the others did.
    pub async fn applied(&self, key: &Key) -> BTreeMap<String, Value> {
        let inner = self.inner.lock().await;
        let row = inner.rows.get(&key.row());
        row.map(|row| row.applied.clone()).unwrap_or_default()
    }

    /// Remembers what a manager applied; part of the object's record.
    pub async fn note_applied(&self, key: &Key, manager: &str, document: Value) {
        let mut inner = self.inner.lock().await;
        if let Some(row) = inner.rows.get_mut(&key.row()) {
            row.applied.insert(manager.to_string(), document);
            self.keeper.keep(&key.row(), &record(row)).await;
        }
    }

    /// Changes since `version`, oldest first; none when the history no longer reaches back so far.
    pub async fn since(&self, version: u64) -> Option<Vec<Change>> {
        let inner = self.inner.lock().await;
        let oldest = inner.version - inner.history.len() as u64;
        if version < oldest {
            return None;
        }
        let fresh = inner.history.iter().filter(|it| it.version > version);
        Some(fresh.cloned().collect())
    }

    /// Forgets the changes that are older, as the API server does every five minutes.
    pub async fn compact(&self, age: Duration) {
        let mut inner = self.inner.lock().await;
        while inner.history.front().is_some_and(|change| change.at.elapsed() >= age) {
            inner.history.pop_front();
        }
        inner.history.shrink_to_fit();
    }

    /// Adds an object; refuses a name that is taken.
    pub async fn add(&self, kind: &'static Kind, mut object: Value) -> Result<Arc<Value>, Refusal> {
        let key = Key::of(kind, &object);
        let mut inner = self.inner.lock().await;
        if inner.rows.contains_key(&key.row()) {
            return Err(Refusal::exists(kind, &key.name));
        }
        inner.version += 1;
        object["metadata"]["resourceVersion"] = json!(inner.version.to_string());
        let object = Arc::new(object);
        let row = Row { kind, object: object.clone(), applied: BTreeMap::new() };
        self.keeper.keep(&key.row(), &record(&row)).await;
        inner.rows.insert(key.row(), row);
        self.publish(&mut inner, What::Added, kind, object.clone(), None);
        Ok(object)
    }

    /// Changes an object in place. `edit` sees the newest version and may refuse; an edit that changes
    /// nothing makes no new version.
    pub async fn change<F>(&self, key: &Key, edit: F) -> Result<Arc<Value>, Refusal>
    where
        F: FnOnce(&mut Value) -> Result<(), Refusal>,
    {
        let mut inner = self.inner.lock().await;
        let Some(row) = inner.rows.get(&key.row()) else {
            return Err(Refusal::not_found(key.kind, &key.name));
        };
        let before = row.object.clone();
        let mut object = (*before).clone();
        edit(&mut object)?;
        if object == *before {
            return Ok(before);
        }
        inner.version += 1;
        object["metadata"]["resourceVersion"] = json!(inner.version.to_string());
        let object = Arc::new(object);
        if let Some(row) = inner.rows.get_mut(&key.row()) {
            row.object = object.clone();
            self.keeper.keep(&key.row(), &record(row)).await;
        }
        self.publish(&mut inner, What::Modified, key.kind, object.clone(), Some(before));
        Ok(object)
    }

    /// Takes an object away for good; nothing there is fine.
    pub async fn remove(&self, key: &Key) -> Option<Arc<Value>> {
        let mut inner = self.inner.lock().await;
        let row = inner.rows.remove(&key.row())?;
        self.keeper.forget(&key.row()).await;
        inner.version += 1;
        let mut last = (*row.object).clone();
        last["metadata"]["resourceVersion"] = json!(inner.version.to_string());
        let last = Arc::new(last);
        self.publish(&mut inner, What::Deleted, key.kind, last.clone(), Some(row.object));
        Some(last)
    }

    fn publish(
        &self,
        inner: &mut Inner,
        what: What,
        kind: &'static Kind,
        object: Arc<Value>,
        before: Option<Arc<Value>>,
    ) {
        let at = Instant::now();
        inner.history.push_back(Change { version: inner.version, what, kind, object, before, at });
        if inner.history.len() > HISTORY {
            inner.history.pop_front();
        }
        self.newest.send_replace(inner.version);
    }
}

fn record(row: &Row) -> Value {
    json!({"object": *row.object, "applied": row.applied})
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Nowhere;

    #[async_trait]
    impl Keeper for Nowhere {
        async fn keep(&self, _key: &str, _record: &Value) {}
        async fn forget(&self, _key: &str) {}
    }

    #[tokio::test]
    async fn what_is_forgotten_can_no_longer_be_watched_from() {
        let objects = Objects::open(Arc::new(Nowhere), Vec::new());
        let before = *objects.newest().borrow();
        objects.add(&kind::CONFIG_MAP, json!({"metadata": {"namespace": "n", "name": "c"}})).await.unwrap();
        let after = *objects.newest().borrow();
        assert_eq!(objects.since(before).await.unwrap().len(), 1);
        objects.compact(Duration::from_secs(3600)).await;
        assert_eq!(objects.since(before).await.unwrap().len(), 1);
        objects.compact(Duration::ZERO).await;
        assert!(objects.since(before).await.is_none());
        assert!(objects.since(after).await.unwrap().is_empty());
    }
}

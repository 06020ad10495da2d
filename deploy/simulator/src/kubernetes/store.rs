//! The objects of one cluster: a JSON document for each, one rising number for every change, a history to watch.
//!
//! What nobody has asked for in a while is kept as text, which takes an eighth of the room; most clusters of a large
//! world are idle.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use super::kind::{self, Kind};
use super::object;
use super::past::{Past, Texts};
use super::refusal::Refusal;

/// How many changes a watch can lag behind before it is told 410.
const HISTORY: usize = 4096;

/// Where the objects are written through to; a key is `plural.group/namespace/name`.
#[async_trait]
pub trait Keeper: Send + Sync {
    async fn keep(&self, key: &str, record: Value);
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
}

struct Row {
    kind: &'static Kind,
    awake: Option<Awake>,
    /// The record as the keeper has it, while the row sleeps.
    asleep: Box<str>,
}

struct Awake {
    object: Arc<Value>,
    /// What each field manager applied last.
    applied: BTreeMap<String, Value>,
    asked: Instant,
}

impl Awake {
    fn new(object: Arc<Value>) -> Self {
        Self { object, applied: BTreeMap::new(), asked: Instant::now() }
    }

    fn read(text: &str) -> Self {
        // It was written from a value.
        let mut record: Value = serde_json::from_str(text).unwrap_or_default();
        let applied = match record["applied"].take() {
            Value::Object(applied) => applied.into_iter().collect(),
            _ => BTreeMap::new(),
        };
        Self { applied, ..Self::new(Arc::new(record["object"].take())) }
    }

    fn record(&self) -> Value {
        json!({"object": *self.object, "applied": self.applied})
    }
}

impl Row {
    fn asleep(kind: &'static Kind, record: &Value) -> Self {
        Self { kind, awake: None, asleep: record.to_string().into() }
    }

    fn awake(&mut self) -> &mut Awake {
        let text = &mut self.asleep;
        let awake = self.awake.get_or_insert_with(|| Awake::read(&std::mem::take(text)));
        awake.asked = Instant::now();
        awake
    }

    fn object(&mut self) -> Arc<Value> {
        self.awake().object.clone()
    }

    fn sleep(&mut self, idle: Duration) {
        if let Some(awake) = self.awake.take_if(|awake| awake.asked.elapsed() >= idle) {
            self.asleep = awake.record().to_string().into();
        }
    }
}

struct Inner {
    version: u64,
    rows: BTreeMap<String, Row>,
    history: VecDeque<Past>,
}

pub struct Objects {
    inner: Mutex<Inner>,
    newest: watch::Sender<u64>,
    moved: watch::Sender<u64>,
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
            let seen = object::text(&record["object"], "/metadata/resourceVersion").parse();
            version = version.max(seen.unwrap_or(1));
            rows.insert(key, Row::asleep(kind, &record));
        }
        // A deletion takes a number that no record keeps: step over what may have been used.
        version += 1000;
        Self {
            inner: Mutex::new(Inner { version, rows, history: VecDeque::new() }),
            newest: watch::channel(version).0,
            moved: watch::channel(version).0,
            keeper,
        }
    }

    /// Rises with every change.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Rises with every change but those of events, which are told and move nothing.
    pub fn moved(&self) -> watch::Receiver<u64> {
        self.moved.subscribe()
    }

    pub async fn get(&self, key: &Key) -> Option<Arc<Value>> {
        let mut inner = self.inner.lock().await;
        inner.rows.get_mut(&key.row()).map(Row::object)
    }

    /// All objects of a kind, of one namespace or (empty) of all, with the version they were read at.
    pub async fn list(&self, kind: &Kind, namespace: &str) -> (u64, Vec<Arc<Value>>) {
        let mut inner = self.inner.lock().await;
        let under = match namespace {
            "" => format!("{}/", kind.qualified()),
            _ => format!("{}/{namespace}/", kind.qualified()),
        };
        let rows = inner.rows.range_mut::<str, _>((Bound::Included(under.as_str()), Bound::Unbounded));
        let objects = rows.take_while(|(key, _)| key.starts_with(&under)).map(|(_, row)| row.object()).collect();
        (inner.version, objects)
    }

    /// Every object with its kind.
    pub async fn all(&self) -> Vec<(&'static Kind, Arc<Value>)> {
        let mut inner = self.inner.lock().await;
        inner.rows.values_mut().map(|row| (row.kind, row.object())).collect()
    }

    /// What `manager` applied last to the object, and what the others did.
    pub async fn applied(&self, key: &Key) -> BTreeMap<String, Value> {
        let mut inner = self.inner.lock().await;
        inner.rows.get_mut(&key.row()).map(|row| row.awake().applied.clone()).unwrap_or_default()
    }

    /// Remembers what a manager applied; part of the object's record.
    pub async fn note_applied(&self, key: &Key, manager: &str, document: Value) {
        let mut inner = self.inner.lock().await;
        if let Some(row) = inner.rows.get_mut(&key.row()) {
            let awake = row.awake();
            awake.applied.insert(manager.to_string(), document);
            self.keeper.keep(&key.row(), awake.record()).await;
        }
    }

    /// The version before the oldest change that is still known.
    pub async fn oldest(&self) -> u64 {
        let inner = self.inner.lock().await;
        inner.version - inner.history.len() as u64
    }

    /// Changes since `version`, oldest first; none when the history no longer reaches back so far.
    pub async fn since(&self, version: u64) -> Option<Vec<Change>> {
        let inner = self.inner.lock().await;
        let oldest = inner.version - inner.history.len() as u64;
        if version < oldest {
            return None;
        }
        let fresh = inner.history.iter().filter(|it| it.version > version);
        Some(fresh.map(Past::read).collect())
    }

    /// Forgets the changes that are older than `age`, as the API server does every five minutes, and lets go of what
    /// nobody has asked for so long as `idle`.
    pub async fn compact(&self, age: Duration, idle: Duration) {
        let mut inner = self.inner.lock().await;
        inner.rows.values_mut().for_each(|row| row.sleep(idle));
        while inner.history.front().is_some_and(|past| past.age() >= age) {
            inner.history.pop_front();
        }
        let mut texts = Texts::new();
        inner.history.iter_mut().filter(|past| past.age() >= idle).for_each(|past| past.sleep(&mut texts));
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
        let awake = Awake::new(object.clone());
        self.keeper.keep(&key.row(), awake.record()).await;
        inner.rows.insert(key.row(), Row { kind, awake: Some(awake), asleep: Box::default() });
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
        let Some(before) = inner.rows.get_mut(&key.row()).map(Row::object) else {
            return Err(Refusal::not_found(key.kind, &key.name));
        };
        let mut object = (*before).clone();
        edit(&mut object)?;
        if object == *before {
            return Ok(before);
        }
        inner.version += 1;
        object["metadata"]["resourceVersion"] = json!(inner.version.to_string());
        let object = Arc::new(object);
        if let Some(row) = inner.rows.get_mut(&key.row()) {
            let awake = row.awake();
            awake.object = object.clone();
            self.keeper.keep(&key.row(), awake.record()).await;
        }
        self.publish(&mut inner, What::Modified, key.kind, object.clone(), Some(before));
        Ok(object)
    }

    /// Takes an object away for good; nothing there is fine.
    pub async fn remove(&self, key: &Key) -> Option<Arc<Value>> {
        let mut inner = self.inner.lock().await;
        let before = inner.rows.remove(&key.row())?.object();
        self.keeper.forget(&key.row()).await;
        inner.version += 1;
        let mut last = (*before).clone();
        last["metadata"]["resourceVersion"] = json!(inner.version.to_string());
        let last = Arc::new(last);
        self.publish(&mut inner, What::Deleted, key.kind, last.clone(), Some(before));
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
        inner.history.push_back(Past::new(inner.version, what, kind, object, before));
        if inner.history.len() > HISTORY {
            inner.history.pop_front();
        }
        self.newest.send_replace(inner.version);
        if *kind != kind::EVENT {
            self.moved.send_replace(inner.version);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Nowhere;

    #[async_trait]
    impl Keeper for Nowhere {
        async fn keep(&self, _key: &str, _record: Value) {}
        async fn forget(&self, _key: &str) {}
    }

    #[tokio::test]
    async fn what_is_forgotten_can_no_longer_be_watched_from() {
        let objects = Objects::open(Arc::new(Nowhere), Vec::new());
        let before = *objects.newest().borrow();
        objects.add(&kind::CONFIG_MAP, json!({"metadata": {"namespace": "n", "name": "c"}})).await.unwrap();
        let after = *objects.newest().borrow();
        assert_eq!(objects.since(before).await.unwrap().len(), 1);
        let hour = Duration::from_secs(3600);
        objects.compact(hour, hour).await;
        let awake = objects.since(before).await.unwrap();
        objects.compact(hour, Duration::ZERO).await;
        let asleep = objects.since(before).await.unwrap();
        assert_eq!((awake.len(), asleep.len()), (1, 1));
        assert_eq!((&awake[0].object, awake[0].what), (&asleep[0].object, asleep[0].what));
        objects.compact(Duration::ZERO, hour).await;
        assert!(objects.since(before).await.is_none());
        assert!(objects.since(after).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_sleeps_is_the_same_when_it_is_asked_for_again() {
        let objects = Objects::open(Arc::new(Nowhere), Vec::new());
        let map = json!({"metadata": {"namespace": "n", "name": "c"}, "data": {"a": "1"}});
        let key = Key::of(&kind::CONFIG_MAP, &map);
        let before = objects.add(&kind::CONFIG_MAP, map).await.unwrap();
        objects.note_applied(&key, "me", json!({"data": {"a": "1"}})).await;
        objects.compact(Duration::ZERO, Duration::ZERO).await;
        assert_eq!(objects.get(&key).await.unwrap(), before);
        objects.compact(Duration::ZERO, Duration::ZERO).await;
        assert_eq!(objects.applied(&key).await["me"], json!({"data": {"a": "1"}}));
        objects.compact(Duration::ZERO, Duration::ZERO).await;
        let set = |map: &mut Value| {
            map["data"]["a"] = json!("2");
            Ok(())
        };
        objects.change(&key, set).await.unwrap();
        objects.compact(Duration::ZERO, Duration::ZERO).await;
        let (_, all) = objects.list(&kind::CONFIG_MAP, "n").await;
        assert_eq!(all[0]["data"]["a"], "2");
        assert!(objects.list(&kind::CONFIG_MAP, "other").await.1.is_empty());
    }
}

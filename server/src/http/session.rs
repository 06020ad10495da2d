//! Sessions in our own database, read through a cache of a few seconds; what the cookie holds is kept as a hash.
//!
//! Replicas share them. A session that is written or ended anywhere is announced, and every replica forgets what it had
//! of it before its next answer; should the announcement be lost, it is believed for three seconds more. The session of
//! somebody who is not signed in yet is not cached at all: its next request may come before the announcement.

use crate::clock::Clock;
use crate::store::{self, Change, Store};
use async_trait::async_trait;
use domain::Moment;
use domain::account::{Account, AccountId};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

/// Milliseconds for which a session is believed without asking the database.
const CACHED: i64 = 3_000;
/// Milliseconds between two notes of a session's use.
const NOTED_EVERY: i64 = 60_000;
/// Milliseconds between two looks at the session of somebody who only watches.
const WATCHED_EVERY: i64 = 15_000;
/// Sessions in the cache; beyond it starts anew.
const MOST: usize = 10_000;

/// Under this key a session holds its [`Account`], as the directory described it at sign-in.
pub const ACCOUNT: &str = "account";

/// Keeps sessions; idle and absolute lifetime in milliseconds.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    clock: Clock,
    idle: i64,
    longest: i64,
    cache: Arc<Mutex<Cache>>,
}

/// Sessions by the hash under which they are kept, and what was announced since somebody last looked here.
struct Cache {
    records: HashMap<String, (Moment, Record)>,
    changes: Receiver<Change>,
    /// How often anything was forgotten: what was read from the database before that is not put in any more.
    forgotten: u64,
}

impl Cache {
    /// Forgets what was written or ended since.
    fn catch_up(&mut self) {
        loop {
            match self.changes.try_recv() {
                Ok(Change::Session(hash)) => drop(self.records.remove(&hash)),
                Ok(Change::Any) | Err(TryRecvError::Lagged(_)) => self.records.clear(),
                Ok(_) => continue,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
            self.forgotten += 1;
        }
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    pub fn new(store: Store, clock: Clock, idle_hours: i64, longest_hours: i64) -> Sessions {
        const HOUR: i64 = 3_600_000;
        let cache = Cache { records: HashMap::new(), changes: store.changes(), forgotten: 0 };
        let cache = Arc::new(Mutex::new(cache));
        Sessions { store, clock, idle: idle_hours * HOUR, longest: longest_hours * HOUR, cache }
    }

    /// How long a session lasts at most.
    pub fn longest(&self) -> tower_sessions::cookie::time::Duration {
        tower_sessions::cookie::time::Duration::milliseconds(self.longest)
    }

    /// Removes what has ended; main calls it now and then.
    pub async fn sweep(&self) -> std::result::Result<(), store::Error> {
        let now = self.clock.now();
        store::session::sweep(&self.store, now, now.plus(-self.idle)).await
    }

    /// Returns once the session kept under this hash has ended, wherever that was. Watching is no use of it.
    pub async fn ended(self, key: String) {
        loop {
            self.clock.pass(WATCHED_EVERY).await;
            // On the heap while it is asked: whoever listens for an hour would otherwise have room for it all that time.
            match Box::pin(store::session::find(&self.store, &key)).await {
                Ok(Some(row)) if !self.is_over(&row, self.clock.now()) => {}
                Ok(_) => return,
                Err(error) => tracing::warn!(%error, "whether a session has ended could not be asked"),
            }
        }
    }

    fn is_over(&self, row: &store::session::Row, now: Moment) -> bool {
        row.expires_at <= now.0
            || now.since(Moment(row.used_at)) > self.idle
            || now.since(Moment(row.created_at)) > self.longest
    }

    /// What is known of it; where that is nothing, the number that [`Sessions::remember`] asks for.
    fn cached(&self, key: &str, now: Moment) -> std::result::Result<Record, u64> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.catch_up();
        let known = cache.records.get(key).filter(|(at, _)| now.since(*at) < CACHED);
        known.map(|(_, record)| record.clone()).ok_or(cache.forgotten)
    }

    /// Keeps what was read from the database, unless something was announced since.
    fn remember(&self, key: String, record: &Record, now: Moment, forgotten: u64) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.catch_up();
        if cache.forgotten != forgotten || !record.data.contains_key(ACCOUNT) {
            return;
        }
        if cache.records.len() >= MOST {
            cache.records.clear();
        }
        cache.records.insert(key, (now, record.clone()));
    }

    /// Everywhere.
    async fn forget(&self, key: &str) {
        self.store.announce(Change::Session(key.to_owned())).await;
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let now = self.clock.now();
        loop {
            let (account, body) = parts(record)?;
            let expires = now.plus(self.longest);
            match store::session::add(&self.store, &hash(&record.id), account.as_ref(), &body, now, expires).await {
                Ok(()) => return Ok(()),
                Err(store::Error::Taken(_)) => record.id = Id::default(),
                Err(error) => return Err(Error::Backend(error.to_string())),
            }
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let now = self.clock.now();
        let (account, body) = parts(record)?;
        let expires = Moment(i64::try_from(record.expiry_date.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX));
        let expires = expires.min(now.plus(self.longest));
        let id = hash(&record.id);
        let there = store::session::write(&self.store, &id, account.as_ref(), &body, now, expires).await;
        self.forget(&id).await;
        match there.map_err(|error| Error::Backend(error.to_string()))? {
            true => Ok(()),
            // Ended meanwhile: what somebody else has ended does not come back.
            false if account.is_some() => Ok(()),
            false => self.create(&mut record.clone()).await,
        }
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = self.clock.now();
        let key = hash(id);
        let forgotten = match self.cached(&key, now) {
            Ok(record) => return Ok(Some(record)),
            Err(forgotten) => forgotten,
        };
        let failed = |error: store::Error| Error::Backend(error.to_string());
        let Some(row) = store::session::find(&self.store, &key).await.map_err(failed)? else { return Ok(None) };
        if self.is_over(&row, now) {
            store::session::remove(&self.store, &key).await.map_err(failed)?;
            return Ok(None);
        }
        if now.since(Moment(row.used_at)) > NOTED_EVERY {
            store::session::used(&self.store, &key, now).await.map_err(failed)?;
        }
        let data = serde_json::from_str(&row.body).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(row.expires_at / 1000)
            .map_err(|error| Error::Decode(error.to_string()))?;
        let record = Record { id: *id, data, expiry_date };
        self.remember(key, &record, now, forgotten);
        Ok(Some(record))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let key = hash(id);
        let removed = store::session::remove(&self.store, &key).await;
        self.forget(&key).await;
        removed.map_err(|error| Error::Backend(error.to_string()))
    }
}

fn parts(record: &Record) -> Result<(Option<AccountId>, String)> {
    let account = record.data.get(ACCOUNT).and_then(|value| serde_json::from_value::<Account>(value.clone()).ok());
    let body = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
    Ok((account.map(|account| account.id), body))
}

/// Whoever reads the database cannot make a cookie of it.
pub fn hash(id: &Id) -> String {
    hex::encode(Sha256::digest(id.0.to_be_bytes()))
}

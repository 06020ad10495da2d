//! Sessions in our own database, read through a cache of a few seconds; what the cookie holds is kept as a hash.

use crate::clock::Clock;
use crate::store::{self, Store};
use async_trait::async_trait;
use domain::Moment;
use domain::account::{Account, AccountId};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

/// Milliseconds for which a session is believed without asking the database.
const CACHED: i64 = 3_000;
/// Milliseconds between two notes of a session's use.
const NOTED_EVERY: i64 = 60_000;
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
    cache: Arc<Mutex<HashMap<Id, (Moment, Record)>>>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    pub fn new(store: Store, clock: Clock, idle_hours: i64, longest_hours: i64) -> Sessions {
        const HOUR: i64 = 3_600_000;
        Sessions { store, clock, idle: idle_hours * HOUR, longest: longest_hours * HOUR, cache: Arc::default() }
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

    fn cached(&self, id: &Id, now: Moment) -> Option<Record> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(id).filter(|(at, _)| now.since(*at) < CACHED).map(|(_, record)| record.clone())
    }

    fn remember(&self, record: &Record, now: Moment) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MOST {
            cache.clear();
        }
        cache.insert(record.id, (now, record.clone()));
    }

    fn forget(&self, id: &Id) {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
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
                Ok(()) => {
                    self.remember(record, now);
                    return Ok(());
                }
                Err(store::Error::Taken(_)) => record.id = Id::default(),
                Err(error) => return Err(Error::Backend(error.to_string())),
            }
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let now = self.clock.now();
        self.forget(&record.id);
        let (account, body) = parts(record)?;
        let expires = Moment(i64::try_from(record.expiry_date.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX));
        let expires = expires.min(now.plus(self.longest));
        let id = hash(&record.id);
        let there = store::session::write(&self.store, &id, account.as_ref(), &body, now, expires).await;
        match there.map_err(|error| Error::Backend(error.to_string()))? {
            true => self.remember(record, now),
            false => self.create(&mut record.clone()).await?,
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = self.clock.now();
        if let Some(record) = self.cached(id, now) {
            return Ok(Some(record));
        }
        let key = hash(id);
        let failed = |error: store::Error| Error::Backend(error.to_string());
        let Some(row) = store::session::find(&self.store, &key).await.map_err(failed)? else { return Ok(None) };
        let ended = row.expires_at <= now.0
            || now.since(Moment(row.used_at)) > self.idle
            || now.since(Moment(row.created_at)) > self.longest;
        if ended {
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
        self.remember(&record, now);
        Ok(Some(record))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.forget(id);
        store::session::remove(&self.store, &hash(id)).await.map_err(|error| Error::Backend(error.to_string()))
    }
}

fn parts(record: &Record) -> Result<(Option<AccountId>, String)> {
    let account = record.data.get(ACCOUNT).and_then(|value| serde_json::from_value::<Account>(value.clone()).ok());
    let body = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
    Ok((account.map(|account| account.id), body))
}

/// Whoever reads the database cannot make a cookie of it.
fn hash(id: &Id) -> String {
    hex::encode(Sha256::digest(id.0.to_be_bytes()))
}

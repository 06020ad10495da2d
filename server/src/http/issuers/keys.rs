//! An issuer's published keys, believed for ten minutes; one that is not among them makes us read them anew, not often.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long they are believed.
const BELIEVED: Duration = Duration::from_secs(600);
/// Whoever shows keys that nobody has makes us ask no more often than this.
const SELDOM: Duration = Duration::from_secs(10);

type Read = BTreeMap<String, DecodingKey>;

pub(super) struct Keys {
    issuer: String,
    http: reqwest::Client,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    read: Option<(Instant, Read)>,
    /// When a key that was not there made us read them.
    anew: Option<Instant>,
    failed: Option<(Instant, String)>,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<serde_json::Value>,
}

impl Keys {
    pub(super) fn new(issuer: &str, http: reqwest::Client) -> Keys {
        Keys { issuer: issuer.to_owned(), http, slot: Mutex::default() }
    }

    /// The key of this id; the error says why the issuer's could not be read.
    pub(super) async fn find(&self, kid: &str) -> Result<Option<DecodingKey>, String> {
        let mut slot = self.slot.lock().await;
        let fresh = slot.read.as_ref().filter(|(since, _)| since.elapsed() < BELIEVED).map(|(_, keys)| keys);
        if let Some(key) = fresh.and_then(|keys| keys.get(kid)) {
            return Ok(Some(key.clone()));
        }
        if fresh.is_some() {
            if slot.anew.is_some_and(|at| at.elapsed() < SELDOM) {
                return Ok(None);
            }
            slot.anew = Some(Instant::now());
        }
        if let Some((at, why)) = &slot.failed
            && at.elapsed() < SELDOM
        {
            return Err(why.clone());
        }
        match self.read().await {
            Ok(keys) => {
                let found = keys.get(kid).cloned();
                slot.failed = None;
                slot.read = Some((Instant::now(), keys));
                Ok(found)
            }
            Err(why) => {
                slot.failed = Some((Instant::now(), why.clone()));
                Err(why)
            }
        }
    }

    async fn read(&self) -> Result<Read, String> {
        let place = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let document: Document = self.get(&place).await?;
        if document.issuer != self.issuer {
            return Err(format!("{place} is of another issuer"));
        }
        let published: Published = self.get(&document.jwks_uri).await?;
        // Keys of a kind that we do not know sign nothing that we take.
        let known = published.keys.into_iter().filter_map(|key| {
            let signs = key["use"].as_str().is_none_or(|it| it == "sig");
            let key: Jwk = serde_json::from_value(key).ok().filter(|_| signs)?;
            Some((key.common.key_id.clone()?, DecodingKey::from_jwk(&key).ok()?))
        });
        Ok(known.collect())
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, place: &str) -> Result<T, String> {
        let said = |error: reqwest::Error| error.to_string();
        let answer = self.http.get(place).send().await.map_err(said)?.error_for_status().map_err(said)?;
        answer.json().await.map_err(said)
    }
}

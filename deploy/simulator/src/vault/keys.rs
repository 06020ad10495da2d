//! What can be done with keys: create, get, wrap and unwrap; the private half never leaves the vault.
//!
//! Requests, answers and paths: Microsoft's REST reference of Key Vault's keys, api-version 7.4.
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{Oaep, RsaPrivateKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::access::{Right, authorize};
use super::deleted::KEYS;
use super::refusal::VaultRefusal;
use super::secret::{instance_key, recoverable, uri};
use super::secrets::{check_name, check_sizes};
use super::site::{Granted, Wish};
use crate::clock::unix;
use crate::resources::Resource;
use crate::state::Draft;

/// What a key may do unless its creation says less.
const OPERATIONS: [&str; 6] = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"];

/// A key of a vault with its versions, oldest first; never empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Key {
    name: String,
    versions: Vec<Version>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Version {
    id: String,
    /// PKCS#8 in base64.
    pair: String,
    operations: Vec<String>,
    enabled: bool,
    tags: Value,
    created: i64,
}

impl std::fmt::Debug for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Version").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Key {
    fn find(draft: &Draft<'_>, vault: &Resource, name: &str) -> Option<Key> {
        serde_json::from_value(draft.get(KEYS, &instance_key(vault, name))?).ok()
    }

    fn put(&self, draft: &mut Draft<'_>, vault: &Resource) {
        draft.put(KEYS, &instance_key(vault, &self.name), serde_json::to_value(self).unwrap_or(Value::Null));
    }

    /// The latest version, or the one with that id.
    fn version(&self, id: &str) -> Option<&Version> {
        match id {
            "" => self.versions.last(),
            id => self.versions.iter().find(|version| version.id == id),
        }
    }

    fn id(&self, vault: &Resource, version: &Version) -> String {
        format!("{}keys/{}/{}", uri(vault), self.name, version.id)
    }

    /// The public half, as every client sees it.
    fn body(&self, vault: &Resource, version: &Version) -> Granted {
        let pair = version.pair()?;
        let number = |bytes: Vec<u8>| URL_SAFE_NO_PAD.encode(bytes);
        let (recovery_level, recoverable_days) = recoverable(vault);
        let mut body = json!({
            "key": {
                "kid": self.id(vault, version), "kty": "RSA", "key_ops": version.operations,
                "n": number(pair.n().to_bytes_be()), "e": number(pair.e().to_bytes_be()),
            },
            "attributes": {
                "enabled": version.enabled, "created": version.created, "updated": version.created,
                "recoveryLevel": recovery_level, "recoverableDays": recoverable_days, "exportable": false,
            },
        });
        if version.tags.is_object() {
            body["tags"] = version.tags.clone();
        }
        Ok((StatusCode::OK, body))
    }
}

impl Version {
    fn pair(&self) -> Result<RsaPrivateKey, VaultRefusal> {
        let bytes = STANDARD.decode(&self.pair).ok();
        bytes.and_then(|bytes| RsaPrivateKey::from_pkcs8_der(&bytes).ok()).ok_or_else(broken)
    }
}

fn broken() -> VaultRefusal {
    VaultRefusal::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "The key cannot be read.")
}

/// POST: a new key, or a new version of one.
pub(super) async fn create(wish: &Wish<'_>, name: &str) -> Granted {
    authorize(wish, Right::CreateKey, Some(name))?;
    check_name(name)?;
    check_sizes(&wish.body, "")?;
    let kind = wish.body["kty"].as_str().unwrap_or_default();
    if kind != "RSA" {
        return Err(VaultRefusal::bad(format!("The property 'kty' is RSA here, not '{kind}'.")));
    }
    let size = wish.body["key_size"].as_u64().unwrap_or(2048);
    if ![2048, 3072, 4096].contains(&size) {
        return Err(VaultRefusal::bad("The property 'key_size' is 2048, 3072 or 4096."));
    }
    let operations = match wish.body["key_ops"].as_array() {
        Some(named) => named.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => OPERATIONS.map(str::to_owned).to_vec(),
    };
    // A key takes a noticeable part of a second.
    let bits = usize::try_from(size).unwrap_or(2048);
    let made = tokio::task::spawn_blocking(move || RsaPrivateKey::new(&mut OsRng, bits).ok()?.to_pkcs8_der().ok());
    let pair = made.await.ok().flatten().ok_or_else(broken)?;
    let version = Version {
        id: Uuid::new_v4().simple().to_string(),
        pair: STANDARD.encode(pair.as_bytes()),
        operations,
        enabled: wish.body["attributes"]["enabled"].as_bool().unwrap_or(true),
        tags: wish.body["tags"].clone(),
        created: unix(wish.world.clock.now()),
    };
    wish.world
        .state
        .change(|draft| {
            let new = || Key { name: name.to_owned(), versions: Vec::new() };
            let mut key = Key::find(draft, &wish.vault, name).unwrap_or_else(new);
            key.versions.push(version.clone());
            key.put(draft, &wish.vault);
            key.body(&wish.vault, &version)
        })
        .await
}

/// GET: the public half of a version, or of the latest.
pub(super) fn get(wish: &Wish<'_>, name: &str, version: &str) -> Granted {
    authorize(wish, Right::GetKey, Some(name))?;
    let (key, version) = found(wish, name, version)?;
    key.body(&wish.vault, &version)
}

/// POST: what was sent, so that only this key opens it.
pub(super) fn wrap(wish: &Wish<'_>, name: &str, version: &str) -> Granted {
    with_pair(wish, name, version, Right::Wrap, |pair, padding, bytes| {
        pair.to_public_key().encrypt(&mut OsRng, padding, bytes).ok()
    })
}

/// POST: what was wrapped.
pub(super) fn unwrap(wish: &Wish<'_>, name: &str, version: &str) -> Granted {
    with_pair(wish, name, version, Right::Unwrap, |pair, padding, bytes| pair.decrypt(padding, bytes).ok())
}

fn with_pair(
    wish: &Wish<'_>,
    name: &str,
    version: &str,
    right: Right,
    act: impl Fn(&RsaPrivateKey, Oaep, &[u8]) -> Option<Vec<u8>>,
) -> Granted {
    authorize(wish, right, Some(name))?;
    let (key, version) = found(wish, name, version)?;
    let word = right.policy_word();
    if !version.enabled {
        return Err(VaultRefusal::forbidden(
            "KeyDisabled",
            format!("Operation {word} is not allowed on a disabled key."),
        ));
    }
    if !version.operations.iter().any(|operation| operation == word) {
        return Err(VaultRefusal::forbidden(
            "KeyOperationForbidden",
            format!("Operation {word} is not permitted on this key."),
        ));
    }
    let padding = match wish.body["alg"].as_str().unwrap_or_default() {
        "RSA-OAEP-256" => Oaep::new::<Sha256>(),
        "RSA-OAEP" => Oaep::new::<sha1::Sha1>(),
        other => return Err(VaultRefusal::bad(format!("The property 'alg' is RSA-OAEP-256 here, not '{other}'."))),
    };
    let sent = wish.body["value"].as_str().and_then(|value| URL_SAFE_NO_PAD.decode(value.trim_end_matches('=')).ok());
    let sent = sent.ok_or_else(|| VaultRefusal::bad("The property 'value' is no base64url."))?;
    let done = act(&version.pair()?, padding, &sent);
    let done = done.ok_or_else(|| VaultRefusal::bad(format!("The value does not fit the key: {word} failed.")))?;
    Ok((StatusCode::OK, json!({"kid": key.id(&wish.vault, &version), "value": URL_SAFE_NO_PAD.encode(done)})))
}

fn found(wish: &Wish<'_>, name: &str, version: &str) -> Result<(Key, Version), VaultRefusal> {
    let key = wish.world.state.read(|draft| Key::find(draft, &wish.vault, name));
    let found = key.and_then(|key| key.version(version).cloned().map(|version| (key, version)));
    found.ok_or_else(|| {
        let named = if version.is_empty() { name.to_owned() } else { format!("{name}/{version}") };
        VaultRefusal::new(
            StatusCode::NOT_FOUND,
            "KeyNotFound",
            format!(
                "A key with (name/id) {named} was not found in this key vault. If you recently deleted this key you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
            ),
        )
    })
}

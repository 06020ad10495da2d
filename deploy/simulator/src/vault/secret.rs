//! One secret with its versions, as the state keeps it and as clients see it.
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::deleted::SECRETS;
use crate::clock::{later, unix};
use crate::resources::Resource;
use crate::state::Draft;

/// A secret of a vault.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Secret {
    /// The name with the capitals of its first writing.
    pub(super) name: String,
    /// The versions, oldest first; never empty.
    pub(super) versions: Vec<Version>,
    /// Set while it lies in the bin.
    pub(super) deleted: Option<Bin>,
}

/// One value of a secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) value: String,
    pub(super) content_type: Option<String>,
    pub(super) tags: Value,
    pub(super) enabled: bool,
    pub(super) nbf: Option<i64>,
    pub(super) exp: Option<i64>,
    pub(super) created: i64,
    pub(super) updated: i64,
}

/// Since when and until when a secret lies in the bin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Bin {
    pub(super) at: Timestamp,
    /// Before this the deletion itself goes on.
    pub(super) settled: Timestamp,
    pub(super) until: Timestamp,
}

impl Secret {
    /// The secret of that name; one whose time in the bin is over is gone.
    pub(super) fn find(draft: &Draft<'_>, vault: &Resource, name: &str, now: Timestamp) -> Option<Self> {
        let secret: Self = serde_json::from_value(draft.get(SECRETS, &instance_key(vault, name))?).ok()?;
        secret.deleted.as_ref().is_none_or(|bin| bin.until > now).then_some(secret)
    }

    /// Every secret of a vault, ordered by name.
    pub(super) fn all(draft: &Draft<'_>, vault: &Resource, now: Timestamp) -> Vec<Self> {
        let found = draft.list_under(SECRETS, &instance_key(vault, "")).into_iter();
        found
            .filter_map(|(_, body)| serde_json::from_value::<Self>(body).ok())
            .filter(|secret| secret.deleted.as_ref().is_none_or(|bin| bin.until > now))
            .collect()
    }

    /// Writes it.
    pub(super) fn put(&self, draft: &mut Draft<'_>, vault: &Resource) {
        draft.put(SECRETS, &instance_key(vault, &self.name), serde_json::to_value(self).unwrap_or(Value::Null));
    }

    /// Removes it for good.
    pub(super) fn remove(&self, draft: &mut Draft<'_>, vault: &Resource) {
        draft.remove(SECRETS, &instance_key(vault, &self.name));
    }

    /// The latest version, or the one with that id.
    pub(super) fn version(&self, id: &str) -> Option<&Version> {
        match id {
            "" => self.versions.last(),
            id => self.versions.iter().find(|version| version.id == id),
        }
    }

    /// Puts it into the bin.
    pub(super) fn throw_away(&mut self, vault: &Resource, now: Timestamp, takes: Duration) {
        let until = later(now, Duration::from_secs(days(vault) * 24 * 3600));
        self.deleted = Some(Bin { at: now, settled: later(now, takes), until });
    }

    /// The document of a version: with its id for GET, without for lists; `value` only where asked for.
    pub(super) fn body(&self, vault: &Resource, version: &Version, with_version: bool, with_value: bool) -> Value {
        let mut id = format!("{}secrets/{}", uri(vault), self.name);
        if with_version {
            id.push_str(&format!("/{}", version.id));
        }
        let mut attributes = json!({
            "enabled": version.enabled, "created": version.created, "updated": version.updated,
            "recoveryLevel": recovery_level(vault), "recoverableDays": days(vault),
        });
        for (name, value) in [("nbf", version.nbf), ("exp", version.exp)] {
            if let Some(value) = value {
                attributes[name] = json!(value);
            }
        }
        let mut body = json!({"id": id, "attributes": attributes});
        if version.tags.is_object() {
            body["tags"] = version.tags.clone();
        }
        if let Some(content_type) = &version.content_type {
            body["contentType"] = json!(content_type);
        }
        if with_value {
            body["value"] = json!(version.value);
        }
        if let Some(bin) = &self.deleted {
            body["recoveryId"] = json!(format!("{}deletedsecrets/{}", uri(vault), self.name));
            body["deletedDate"] = json!(unix(bin.at));
            body["scheduledPurgeDate"] = json!(unix(bin.until));
        }
        body
    }
}

impl Version {
    /// A new version with what a PUT says.
    pub(super) fn new(body: &Value, value: &str, now: Timestamp) -> Self {
        let mut version = Self {
            id: Uuid::new_v4().simple().to_string(),
            value: value.to_owned(),
            content_type: None,
            tags: Value::Null,
            enabled: true,
            nbf: None,
            exp: None,
            created: unix(now),
            updated: unix(now),
        };
        version.update(body, now);
        version
    }

    /// Takes over what a body says about everything but the value.
    pub(super) fn update(&mut self, body: &Value, now: Timestamp) {
        if let Some(content_type) = body["contentType"].as_str() {
            self.content_type = Some(content_type.to_owned());
        }
        if body["tags"].is_object() {
            self.tags = body["tags"].clone();
        }
        let attributes = &body["attributes"];
        self.enabled = attributes["enabled"].as_bool().unwrap_or(self.enabled);
        self.nbf = attributes["nbf"].as_i64().or(self.nbf);
        self.exp = attributes["exp"].as_i64().or(self.exp);
        self.updated = unix(now);
    }
}

/// `https://NAME.vault.azure.net/`.
pub(super) fn uri(vault: &Resource) -> &str {
    vault.body["properties"]["vaultUri"].as_str().unwrap_or_default()
}

/// How what is deleted in a vault can be had back, and for how many days.
pub(super) fn recoverable(vault: &Resource) -> (&'static str, u64) {
    (recovery_level(vault), days(vault))
}

fn days(vault: &Resource) -> u64 {
    vault.body["properties"]["softDeleteRetentionInDays"].as_u64().unwrap_or(90)
}

fn recovery_level(vault: &Resource) -> &'static str {
    match (days(vault) == 90, vault.body["properties"]["enablePurgeProtection"] == json!(true)) {
        (true, false) => "Recoverable+Purgeable",
        (false, false) => "CustomizedRecoverable+Purgeable",
        (true, true) => "Recoverable",
        (false, true) => "CustomizedRecoverable",
    }
}

/// Data belongs to an instance of a vault: one that is made anew under the same name does not see it.
pub(super) fn instance_key(vault: &Resource, name: &str) -> String {
    format!("{}/{}", vault.private["instance"].as_str().unwrap_or_default(), name.to_ascii_lowercase())
}

//! Keeps deleted vaults, with their names taken, until they are recovered, purged or forgotten by the calendar.
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::document::KIND;
use crate::clock::later;
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

/// The collection of deleted vaults, by lower-case name.
const DELETED: &str = "deleted-vaults";
/// The collection of secrets, by `{instance}/{lower-case name}`.
pub(super) const SECRETS: &str = "secrets";
/// The keys of all vaults.
pub(super) const KEYS: &str = "vault-keys";

/// A vault in the bin.
pub(super) struct Deleted {
    /// The resource as it was.
    pub(super) vault: Resource,
    at: Timestamp,
    until: Timestamp,
}

/// The live vault of that name, in whatever group: names are unique in the world.
pub(super) fn live(draft: &Draft<'_>, name: &str) -> Option<Resource> {
    resources::named(draft, KIND, name)
}

/// The deleted vault of that name.
pub(super) fn find(draft: &Draft<'_>, name: &str, now: Timestamp) -> Option<Deleted> {
    read(draft.get(DELETED, &name.to_ascii_lowercase())?).filter(|deleted| deleted.until > now)
}

/// Every deleted vault, ordered by name.
pub(super) fn all(draft: &Draft<'_>, now: Timestamp) -> Vec<Deleted> {
    draft.list(DELETED).into_iter().filter_map(|(_, body)| read(body)).filter(|deleted| deleted.until > now).collect()
}

/// Moves a live vault into the bin. Its role assignments are lost; its secrets wait with it.
pub(super) fn put(draft: &mut Draft<'_>, world: &World, vault: &Resource) {
    let now = world.clock.now();
    let days = vault.body["properties"]["softDeleteRetentionInDays"].as_u64().unwrap_or(90);
    let until = later(now, Duration::from_secs(days * 24 * 3600));
    let body = json!({"vault": vault, "at": now, "until": until});
    draft.put(DELETED, &name(vault), body);
    resources::remove(draft, vault.id());
}

/// Takes a vault out of the bin, to recover or to purge it.
pub(super) fn take(draft: &mut Draft<'_>, vault: &Resource) {
    draft.remove(DELETED, &name(vault));
}

/// Removes the secrets of a vault for good.
pub(super) fn purge_secrets(draft: &mut Draft<'_>, vault: &Resource) {
    let prefix = format!("{}/", vault.private["instance"].as_str().unwrap_or_default());
    for kind in [SECRETS, KEYS] {
        for (id, _) in draft.list_under(kind, &prefix) {
            draft.remove(kind, &id);
        }
    }
}

impl Deleted {
    /// The document as ARM answers it.
    pub(super) fn body(&self, world: &World) -> Value {
        let vault = &self.vault.body;
        let mut properties = json!({
            "vaultId": vault["id"], "location": vault["location"], "tags": vault["tags"],
            "deletionDate": self.at, "scheduledPurgeDate": self.until,
        });
        if self.is_protected() {
            properties["purgeProtectionEnabled"] = json!(true);
        }
        json!({
            "id": format!(
                "{}/providers/Microsoft.KeyVault/locations/{}/deletedVaults/{}",
                world.subscription_id(),
                vault["location"].as_str().unwrap_or_default(),
                vault["name"].as_str().unwrap_or_default()
            ),
            "name": vault["name"],
            "type": "Microsoft.KeyVault/deletedVaults",
            "properties": properties,
        })
    }

    /// Whether it cannot be purged before its time.
    pub(super) fn is_protected(&self) -> bool {
        self.vault.body["properties"]["enablePurgeProtection"] == json!(true)
    }
}

fn read(body: Value) -> Option<Deleted> {
    Some(Deleted {
        vault: serde_json::from_value(body["vault"].clone()).ok()?,
        at: body["at"].as_str()?.parse().ok()?,
        until: body["until"].as_str()?.parse().ok()?,
    })
}

fn name(vault: &Resource) -> String {
    vault.body["name"].as_str().unwrap_or_default().to_ascii_lowercase()
}

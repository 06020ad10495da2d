//! Whether a vault's name is free, asked of Azure: names of living vaults are unique in the world, and a deleted one
//! holds its name until it is purged.

use super::Service;
use super::error::failed;
use crate::steps::vault;
use crate::store;
use app::error::{Code, PortalError};
use app::portal::Answer;
use azure::ResourceId;
use domain::Moment;
use domain::name::VaultName;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Milliseconds for which an answer is believed.
const CACHED: i64 = 30_000;
/// A person waits beside the field.
const LONGEST: Duration = Duration::from_secs(5);
/// Names in the cache; beyond it starts anew.
const MOST: usize = 1_000;

#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<String, (Moment, Option<String>)>>);

impl Service {
    /// `None` where the name is free, otherwise the sentence beside the field. `Unavailable` where Azure does not say.
    pub(super) async fn vault_taken(&self, name: &VaultName) -> Answer<Option<String>> {
        let now = self.clock.now();
        let key = name.as_str().to_lowercase();
        let known = self.vaults.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((at, sentence)) = known
            && now.since(at) < CACHED
        {
            return Ok(sentence);
        }
        let unavailable =
            || PortalError::new(Code::Unavailable, "Azure could not be asked whether this vault name is free.");
        let asked = tokio::time::timeout(LONGEST, self.ask_vault(name)).await;
        let sentence = match asked {
            Ok(Ok(sentence)) => sentence,
            Ok(Err(error)) => {
                tracing::warn!(%error, "asking whether a vault name is free failed");
                return self.kept_vault(name).await?.map_or_else(|| Err(unavailable()), |said| Ok(Some(said)));
            }
            Err(_) => return self.kept_vault(name).await?.map_or_else(|| Err(unavailable()), |said| Ok(Some(said))),
        };
        let mut cache = self.vaults.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MOST {
            cache.clear();
        }
        cache.insert(key, (now, sentence.clone()));
        Ok(sentence)
    }

    /// What was destroyed here and is kept by Azure, as far as this portal remembers.
    async fn kept_vault(&self, name: &VaultName) -> Answer<Option<String>> {
        let kept = store::kept::holding(&self.store, vault::KIND, name.as_str(), self.clock.now()).await;
        Ok(kept.map_err(failed("looking for a kept name"))?.map(|kept| {
            format!(
                "Azure keeps a deleted vault of this name until {}, of an environment that was destroyed here. Take another one.",
                Moment(kept.until_at).date()
            )
        }))
    }

    async fn ask_vault(&self, name: &VaultName) -> Result<Option<String>, azure::Error> {
        let provider = ResourceId::provider(self.azure.subscription(), "Microsoft.KeyVault");
        let question = json!({"name": name, "type": "Microsoft.KeyVault/vaults"});
        let deleted_at = format!("{provider}/deletedVaults");
        let arm = self.azure.arm();
        let (free, deleted) =
            tokio::try_join!(arm.post(&provider, "checkNameAvailability", &question), arm.list(&deleted_at, None))?;
        let ours = |vault: &&serde_json::Value| {
            vault["name"].as_str().is_some_and(|deleted| deleted.eq_ignore_ascii_case(name.as_str()))
        };
        if let Some(vault) = deleted.iter().find(ours) {
            let until = vault["properties"]["scheduledPurgeDate"].as_str().map(|date| date.chars().take(10).collect());
            let until: String = until.map(|date: String| format!(" until {date}")).unwrap_or_default();
            return Ok(Some(format!(
                "A deleted vault holds this name{until}. Take another one, or have the deleted vault purged."
            )));
        }
        let azure::Answer::Done(answer) = free else { return Ok(None) };
        if answer["nameAvailable"].as_bool().unwrap_or(true) {
            return Ok(None);
        }
        let words = answer["message"].as_str().unwrap_or("This name is taken.");
        Ok(Some(format!("{words} Vault names are unique in all of Azure: take another one.")))
    }
}

//! The Key Vault: roles decide alone, and what is deleted can be brought back.

use super::resource::Resource;
use super::{AgentPoolVaultRole, AppVaultRole, PortalVaultRole, Providers, ResourceGroup, TeamVaultRole, line, place};
use crate::engine::refusal::failure;
use crate::engine::{Context, References, StepError, Subject, answer};
use async_trait::async_trait;
use azure::ResourceId;
use domain::environment::Part;
use domain::failure::{Failure, Mend};
use domain::job::Keeps;
use domain::plan;
use domain::view::job::Tone;
use domain::wish::{DeletedVault, Wish};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct Vault;

/// What it is called in plans, and in the record of what Azure keeps.
pub const KIND: &str = "Key Vault";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub id: String,
    pub uri: String,
}

#[async_trait]
impl Resource for Vault {
    type Needs = (Providers, ResourceGroup);
    type Output = Made;
    const KEY: &'static str = "vault";
    const TITLE: &'static str = "Vault";
    const PART: Option<Part> = Some(Part::Vault);
    /// The second recovers or purges a deleted vault first.
    const VERSION: u32 = 2;

    fn resource(&self, wish: &Wish) -> String {
        wish.vault.name.to_string()
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let vault = &subject.wish.vault;
        let purge = if vault.purge_protection { ", purge protection" } else { "" };
        let first = match vault.deleted {
            None => String::new(),
            Some(DeletedVault::Recover) => {
                format!(", recovered from soft delete, {} role assignments must be made again", roles(subject.wish))
            }
            Some(DeletedVault::Purge) => ", after the deleted vault of this name is purged for good".to_owned(),
        };
        let detail = format!("RBAC mode, soft delete {} days{purge}{first}", vault.soft_delete_days);
        vec![line(Self::KEY, vault.name.as_str(), KIND, detail)]
    }

    fn keeps(&self, wish: &Wish) -> Option<Keeps> {
        let days = wish.vault.soft_delete_days;
        Some(Keeps { kind: KIND.to_owned(), name: wish.vault.name.to_string(), days, holds_name: true })
    }

    fn kept_at(&self, subject: &Subject<'_>) -> Option<String> {
        Some(place(subject).deleted_vault())
    }

    fn id(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Option<ResourceId> {
        Some(place(subject).vault())
    }

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        let vault = &subject.wish.vault;
        let mut wants = json!({
            "location": subject.wish.region,
            "tags": subject.tags(),
            "properties": {
                "tenantId": subject.installation.tenant,
                "sku": { "family": "A", "name": "standard" },
                "accessPolicies": [],
                "enableRbacAuthorization": true,
                "enableSoftDelete": true,
                "softDeleteRetentionInDays": vault.soft_delete_days,
                "networkAcls": { "bypass": "AzureServices", "defaultAction": "Allow" },
            },
        });
        if vault.purge_protection {
            // Only ever true or left out: Azure refuses false.
            wants["properties"]["enablePurgeProtection"] = json!(true);
        }
        wants
    }

    /// What holds the name is brought back, or removed for good; what stands already needs neither.
    async fn first(&self, cx: &Context<'_>) -> Result<Option<azure::Answer>, StepError> {
        let (arm, place) = (cx.azure.arm(), place(&cx.subject));
        let Some(choice) = cx.subject.wish.vault.deleted else { return Ok(None) };
        if arm.get(&place.vault()).await?.is_some() {
            return Ok(None);
        }
        let deleted = arm.list(&format!("{}/deletedVaults", place.provider("Microsoft.KeyVault")), None).await?;
        let name = cx.subject.wish.vault.name.as_str();
        let there = deleted.iter().find(|one| one["name"].as_str().is_some_and(|held| held.eq_ignore_ascii_case(name)));
        match choice {
            DeletedVault::Recover if there.is_none() => Err(StepError::Person { failure: nothing_to_recover() }),
            DeletedVault::Recover => {
                cx.say(Tone::Plain, format!("{name} is recovered from soft delete"));
                Ok(Some(arm.put(&place.vault(), &recovering(&cx.subject)).await?))
            }
            DeletedVault::Purge => {
                let Some(there) = there else { return Ok(None) };
                cx.say(Tone::Plain, format!("the deleted vault {name} is purged"));
                // Where it was, which may be another region than the new one's.
                Ok(Some(arm.post(answer::text(there, "/id")?, "purge", &Value::Null).await?))
            }
        }
    }

    fn comes_back(&self, wish: &Wish) -> bool {
        wish.vault.deleted == Some(DeletedVault::Recover)
    }

    fn made(document: &Value) -> Result<Made, StepError> {
        Ok(Made { id: answer::text(document, "/id")?, uri: answer::text(document, "/properties/vaultUri")? })
    }
}

/// How many roles on the vault this wish has; a recovered vault has lost those that it had.
fn roles(wish: &Wish) -> usize {
    let applies = [
        Resource::applies(&PortalVaultRole, wish),
        Resource::applies(&TeamVaultRole, wish),
        Resource::applies(&AppVaultRole, wish),
        Resource::applies(&AgentPoolVaultRole, wish),
    ];
    applies.into_iter().filter(|applies| *applies).count()
}

/// It comes back as it was; what is wished of it is asked for afterwards.
fn recovering(subject: &Subject<'_>) -> Value {
    json!({
        "location": subject.wish.region,
        "properties": {
            "tenantId": subject.installation.tenant,
            "sku": { "family": "A", "name": "standard" },
            "createMode": "recover",
        },
    })
}

fn nothing_to_recover() -> Failure {
    failure(
        "there is nothing to recover any more",
        None,
        "The deleted vault was purged, or its days are over, since the plan was approved.",
        "Give the vault another name; the approver is asked again, because the plan changes.",
        Some(Mend::VaultName),
    )
}

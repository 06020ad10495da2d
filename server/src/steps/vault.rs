//! The Key Vault: roles decide alone, and what is deleted can be brought back.

use super::resource::Resource;
use super::{Providers, ResourceGroup, line, place};
use crate::engine::{References, StepError, Subject, answer};
use azure::ResourceId;
use domain::environment::Part;
use domain::job::Keeps;
use domain::plan;
use domain::wish::Wish;
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

impl Resource for Vault {
    type Needs = (Providers, ResourceGroup);
    type Output = Made;
    const KEY: &'static str = "vault";
    const TITLE: &'static str = "Vault";
    const PART: Option<Part> = Some(Part::Vault);

    fn resource(&self, wish: &Wish) -> String {
        wish.vault.name.to_string()
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let vault = &subject.wish.vault;
        let purge = if vault.purge_protection { ", purge protection" } else { "" };
        let detail = format!("RBAC mode, soft delete {} days{purge}", vault.soft_delete_days);
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

    fn made(document: &Value) -> Result<Made, StepError> {
        Ok(Made { id: answer::text(document, "/id")?, uri: answer::text(document, "/properties/vaultUri")? })
    }
}

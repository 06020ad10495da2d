//! The Key Vault: roles decide alone, and what is deleted can be brought back.

use super::{Providers, ResourceGroup, line, place};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use domain::environment::Part;
use domain::plan;
use domain::wish::Wish;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct Vault;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub id: String,
    pub uri: String,
}

fn made(document: &Value) -> Result<Made, StepError> {
    Ok(Made { id: answer::text(document, "/id")?, uri: answer::text(document, "/properties/vaultUri")? })
}

#[async_trait]
impl Step for Vault {
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
        vec![line(Self::KEY, vault.name.as_str(), "Key Vault", detail)]
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

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        answer::found(cx, cx.azure.arm().get(&place(&cx.subject).vault()).await?, made)
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, wants: &Value) -> Result<Progress<Made>, StepError> {
        answer::begun(cx.azure.arm().put(&place(&cx.subject).vault(), wants).await?, made)
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        answer::followed(cx, operation, made).await
    }

    async fn undo(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        answer::undone(cx.azure.arm().delete(&place(&cx.subject).vault()).await?)
    }

    async fn follow_undo(
        &self,
        cx: &Context<'_>,
        _needs: &References<Self>,
        operation: &Value,
    ) -> Result<Undo, StepError> {
        answer::followed_undo(cx, operation).await
    }
}

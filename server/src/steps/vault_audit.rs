//! Who reads which secret is written down by Azure itself: the vault's audit records go to the environment's workspace.

use super::resource::Resource;
use super::{Vault, Workspace, line, place};
use crate::engine::{References, StepError, Subject};
use azure::ResourceId;
use domain::environment::Part;
use domain::wish::Wish;
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct VaultAudit;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {}

/// It goes before its vault: Azure keeps a setting whose resource is gone, and a vault that comes back under the name
/// would send by it (<https://learn.microsoft.com/azure/azure-monitor/platform/diagnostic-settings>).
impl Resource for VaultAudit {
    type Needs = (Vault, Workspace);
    type Output = Made;
    const KEY: &'static str = "vault-audit";
    const TITLE: &'static str = "Audit log of the vault";
    const PART: Option<Part> = Some(Part::Vault);

    fn applies(&self, wish: &Wish) -> bool {
        wish.insights.is_some()
    }

    fn resource(&self, wish: &Wish) -> String {
        format!("{} of {}", naming::VAULT_AUDIT, wish.vault.name)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let (vault, workspace) = (&subject.wish.vault.name, naming::workspace(subject.wish));
        let detail = format!("every access to {vault}, to {workspace}");
        vec![line(Self::KEY, naming::VAULT_AUDIT, "Diagnostic setting", detail)]
    }

    fn permits(&self, subject: &Subject<'_>) -> Vec<String> {
        let (vault, workspace) = (&subject.wish.vault.name, naming::workspace(subject.wish));
        vec![format!("Whoever may read {workspace} sees who asked {vault} for which secret, and never a value.")]
    }

    fn id(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Option<ResourceId> {
        Some(place(subject).vault_audit())
    }

    fn wants(&self, _subject: &Subject<'_>, (_, workspace): &References<Self>) -> Value {
        json!({ "properties": {
            "workspaceId": workspace.get(|made| made.id.clone()),
            // A table of its own, `AZKVAuditLogs`, instead of the one that all resources share.
            "logAnalyticsDestinationType": "Dedicated",
            "logs": [{ "category": "AuditEvent", "enabled": true }],
        }})
    }

    fn made(_document: &Value) -> Result<Made, StepError> {
        Ok(Made {})
    }
}

//! The vault answers by roles alone, and what is deleted from it can be brought back.

use super::{Check, Found, Subject};
use async_trait::async_trait;

pub(super) struct VaultMode;

#[async_trait]
impl Check for VaultMode {
    fn key(&self) -> &'static str {
        "vault-mode"
    }

    fn title(&self) -> &'static str {
        "Vault is in RBAC mode with soft delete"
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let Some(vault) = subject.azure().arm().get(&subject.place().vault()).await? else {
            let remedy = "Have the vault recovered: Azure keeps deleted vaults for some time.";
            return Ok(Found::failed("not there", "The vault is gone.", remedy));
        };
        let properties = &vault["properties"];
        let roles = properties["enableRbacAuthorization"].as_bool().unwrap_or(false);
        let soft = properties["enableSoftDelete"].as_bool().unwrap_or(false);
        let days = properties["softDeleteRetentionInDays"].as_i64().unwrap_or(0);
        let found = match (roles, soft) {
            (true, true) => Found::passed(format!("{days} days")),
            (false, _) => Found::failed(
                "access policies",
                "The vault decides by access policies, which the roles of this environment do not touch.",
                "Switch the vault to Azure role-based access control.",
            ),
            (true, false) => Found::failed(
                "soft delete is off",
                "A deleted secret would be gone for good.",
                "Switch soft delete on.",
            ),
        };
        Ok(found
            .with("permission model", if roles { "Azure role-based access control" } else { "access policies" })
            .with("soft delete", if soft { format!("{days} days") } else { "off".to_owned() })
            .with("purge protection", if properties["enablePurgeProtection"] == true { "on" } else { "off" }))
    }
}

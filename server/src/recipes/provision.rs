//! Everything that a new environment is, each step after those it needs.

use crate::engine::Recipe;
use crate::steps::*;
use std::sync::Arc;

/// Says what is wrong where the list does not hold together; a test calls it, and so does the start of the server.
pub fn provision() -> Result<Recipe, String> {
    Recipe::new(
        "provision",
        vec![
            Arc::new(AsApproved),
            Arc::new(Providers),
            Arc::new(ResourceGroup),
            Arc::new(Workspace),
            Arc::new(Cluster),
            Arc::new(Maintenance),
            Arc::new(Vault),
            Arc::new(VaultAudit),
            Arc::new(AppIdentity),
            Arc::new(FederatedCredential),
            Arc::new(PortalVaultRole),
            Arc::new(TeamVaultRole),
            Arc::new(AppVaultRole),
            Arc::new(AgentPoolVaultRole),
            Arc::new(PortalClusterRole),
            Arc::new(RegistryRole),
            Arc::new(Secrets),
            Arc::new(CollectionRule),
            Arc::new(WebApp),
            Arc::new(Insights),
            Arc::new(Validation),
        ],
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_need_stands_before_its_step() {
        assert_eq!(super::provision().err(), None);
    }
}

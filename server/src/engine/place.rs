//! Where everything of an environment lies on Azure: ids computed from the wish, never read back.

use azure::ResourceId;
use domain::naming;
use domain::wish::{Wish, Workspace};

/// The ids of an environment's resources in one subscription.
#[derive(Clone, Debug)]
pub struct Place {
    group: ResourceId,
    wish: Wish,
}

impl Place {
    pub fn new(subscription: &str, wish: &Wish) -> Place {
        Place { group: ResourceId::resource_group(subscription, &naming::resource_group(wish)), wish: wish.clone() }
    }

    pub fn subscription(&self) -> ResourceId {
        ResourceId::subscription(self.group.subscription_id())
    }

    pub fn provider(&self, namespace: &str) -> ResourceId {
        ResourceId::provider(self.group.subscription_id(), namespace)
    }

    pub fn resource_group(&self) -> ResourceId {
        self.group.clone()
    }

    pub fn vault(&self) -> ResourceId {
        self.group.child("Microsoft.KeyVault/vaults", self.wish.vault.name.as_str())
    }

    pub fn vault_audit(&self) -> ResourceId {
        self.vault().child("Microsoft.Insights/diagnosticSettings", naming::VAULT_AUDIT)
    }

    /// The path of what stays of the vault after its deletion, until it is purged.
    pub fn deleted_vault(&self) -> String {
        let provider = self.provider("Microsoft.KeyVault");
        format!("{provider}/locations/{}/deletedVaults/{}", self.wish.region, self.wish.vault.name)
    }

    pub fn cluster(&self) -> ResourceId {
        self.group.child("Microsoft.ContainerService/managedClusters", &naming::cluster(&self.wish))
    }

    /// When node images are renewed.
    pub fn maintenance(&self) -> ResourceId {
        self.cluster().child(
            "Microsoft.ContainerService/managedClusters/maintenanceConfigurations",
            "aksManagedNodeOSUpgradeSchedule",
        )
    }

    /// The group that AKS makes for the nodes.
    pub fn node_group(&self) -> ResourceId {
        ResourceId::resource_group(self.group.subscription_id(), &naming::node_resource_group(&self.wish))
    }

    pub fn app_identity(&self) -> ResourceId {
        self.group.child("Microsoft.ManagedIdentity/userAssignedIdentities", &naming::app_identity(&self.wish))
    }

    pub fn federated_credential(&self) -> ResourceId {
        self.app_identity()
            .child("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", naming::WEB_APP)
    }

    /// The environment's own workspace, or the shared one that its wish names.
    pub fn workspace(&self) -> ResourceId {
        let own = || self.group.child("Microsoft.OperationalInsights/workspaces", &naming::workspace(&self.wish));
        match self.wish.insights.as_ref().map(|insights| &insights.workspace) {
            Some(Workspace::Shared { id }) => id.parse().unwrap_or_else(|_| own()),
            _ => own(),
        }
    }

    pub fn data_collection_rule(&self) -> ResourceId {
        self.group.child("Microsoft.Insights/dataCollectionRules", &naming::data_collection_rule(&self.wish))
    }

    /// The association must bear this very name for Container Insights to find it.
    pub fn data_collection_rule_association(&self) -> ResourceId {
        self.cluster().child("Microsoft.Insights/dataCollectionRuleAssociations", "ContainerInsightsExtension")
    }
}

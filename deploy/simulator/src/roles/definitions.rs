//! The built-in roles with Azure's own ids, as far as an environment has use for them.
//! Ids and actions: Microsoft's list of built-in roles and the Key Vault guide to role-based access.
use serde_json::{Value, json};

/// One role.
#[derive(Debug)]
pub struct Definition {
    /// The id, a GUID.
    pub id: &'static str,
    /// The name that people use.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What it may do to resources.
    pub actions: &'static [&'static str],
    /// What of that it may not.
    pub not_actions: &'static [&'static str],
    /// What it may do to the data in them.
    pub data_actions: &'static [&'static str],
    /// What of that it may not.
    pub not_data_actions: &'static [&'static str],
    /// What every use of it has to meet.
    pub condition: Option<&'static str>,
}

const NONE: &[&str] = &[];
const VAULT_READ: &[&str] = &[
    "Microsoft.Authorization/*/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.KeyVault/checkNameAvailability/read",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.KeyVault/locations/*/read",
    "Microsoft.KeyVault/vaults/*/read",
    "Microsoft.KeyVault/vaults/read",
    "Microsoft.KeyVault/operations/read",
];
const ASSIGN: &[&str] =
    &["Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read"];
/// The condition that comes with the role itself: only the data roles of Key Vault.
const DATA_ROLES_OF_VAULTS: &str = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals{00482a5a-887f-4fb3-b363-3b7fe8e74483, a4417e6f-fecd-4de8-b567-7b0420556985, 14b46e9e-c2b7-41b4-b07b-48a6ebf60603, db79e9a7-68ee-4b58-9aeb-b90e7c24fcba, 12338af0-0e69-4776-bea7-57ae8d297424, 21090545-7ca7-4776-b22c-e363652d74d2, b86a8fe4-44ce-4948-aee5-eccb2c155cd7, 4633458b-17de-408a-b874-0445c86b69e6})) AND ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals{00482a5a-887f-4fb3-b363-3b7fe8e74483, a4417e6f-fecd-4de8-b567-7b0420556985, 14b46e9e-c2b7-41b4-b07b-48a6ebf60603, db79e9a7-68ee-4b58-9aeb-b90e7c24fcba, 12338af0-0e69-4776-bea7-57ae8d297424, 21090545-7ca7-4776-b22c-e363652d74d2, b86a8fe4-44ce-4948-aee5-eccb2c155cd7, 4633458b-17de-408a-b874-0445c86b69e6}))";
const CLUSTER_READ: &[&str] = &[
    "Microsoft.Authorization/*/read",
    "Microsoft.Resources/subscriptions/operationresults/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
];

const fn role(
    id: &'static str,
    name: &'static str,
    description: &'static str,
    actions: &'static [&'static str],
    data_actions: &'static [&'static str],
) -> Definition {
    Definition {
        id,
        name,
        description,
        actions,
        not_actions: NONE,
        data_actions,
        not_data_actions: NONE,
        condition: None,
    }
}

/// Every built-in role.
pub static DEFINITIONS: &[Definition] = &[
    role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", "Full access, including assigning roles.", &["*"], NONE),
    Definition {
        id: "b24988ac-6180-42a0-ab88-20f7382dd24c",
        name: "Contributor",
        description: "Full access to resources, without assigning roles.",
        actions: &["*"],
        not_actions: &[
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ],
        data_actions: NONE,
        not_data_actions: NONE,
        condition: None,
    },
    role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "Sees all resources, changes none.", &["*/read"], NONE),
    role(
        "72fafb9e-0641-4937-9268-a91bfd8191a3",
        "Cost Management Reader",
        "Sees costs and how they are set up.",
        &[
            "Microsoft.Consumption/*/read",
            "Microsoft.CostManagement/*/read",
            "Microsoft.Billing/billingPeriods/read",
            "Microsoft.Resources/subscriptions/read",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Support/*",
            "Microsoft.Advisor/configurations/read",
            "Microsoft.Advisor/recommendations/read",
            "Microsoft.Management/managementGroups/read",
            "Microsoft.Billing/billingProperty/read",
        ],
        NONE,
    ),
    role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "Manages access to resources.",
        &["*/read", "Microsoft.Authorization/*"],
        NONE,
    ),
    role(
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        "Role Based Access Control Administrator",
        "Manages access to resources by assigning roles.",
        ASSIGN,
        NONE,
    ),
    role(
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Administrator",
        "Every action on a vault's data.",
        VAULT_READ,
        &["Microsoft.KeyVault/vaults/*"],
    ),
    role(
        "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Reader",
        "Reads names and metadata of a vault's data, no value.",
        VAULT_READ,
        &["Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"],
    ),
    role(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        "Every action on a vault's secrets, but managing permissions.",
        VAULT_READ,
        &["Microsoft.KeyVault/vaults/secrets/*"],
    ),
    role(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        "Reads the values of secrets.",
        NONE,
        &[
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
    ),
    role(
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Key Vault Crypto Officer",
        "Every action on a vault's keys, but managing permissions.",
        VAULT_READ,
        &["Microsoft.KeyVault/vaults/keys/*", "Microsoft.KeyVault/vaults/keyrotationpolicies/*"],
    ),
    role(
        "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto User",
        "Works with keys: encrypts, wraps, signs and back.",
        NONE,
        &[
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/update/action",
            "Microsoft.KeyVault/vaults/keys/backup/action",
            "Microsoft.KeyVault/vaults/keys/encrypt/action",
            "Microsoft.KeyVault/vaults/keys/decrypt/action",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
            "Microsoft.KeyVault/vaults/keys/sign/action",
            "Microsoft.KeyVault/vaults/keys/verify/action",
        ],
    ),
    role(
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        "Key Vault Crypto Service Encryption User",
        "Reads the public half of keys, wraps and unwraps with them.",
        &[
            "Microsoft.EventGrid/eventSubscriptions/write",
            "Microsoft.EventGrid/eventSubscriptions/read",
            "Microsoft.EventGrid/eventSubscriptions/delete",
        ],
        &[
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/keys/wrap/action",
            "Microsoft.KeyVault/vaults/keys/unwrap/action",
        ],
    ),
    Definition {
        condition: Some(DATA_ROLES_OF_VAULTS),
        ..role(
            "8b54135c-b56d-4d72-a534-26097cfdc8d8",
            "Key Vault Data Access Administrator",
            "Assigns the data roles of a vault.",
            ASSIGN,
            NONE,
        )
    },
    role(
        "a68e7c17-0ab2-4c09-9a58-125dae29748c",
        "Key Vault Purge Operator",
        "Purges deleted vaults.",
        &[
            "Microsoft.KeyVault/locations/deletedVaults/read",
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
            "Microsoft.KeyVault/locations/operationResults/read",
            "Microsoft.KeyVault/deletedVaults/read",
        ],
        NONE,
    ),
    role(
        "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
        "Azure Kubernetes Service Cluster User Role",
        "Lists the user credential of a cluster.",
        &[
            "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
            "Microsoft.ContainerService/managedClusters/read",
        ],
        NONE,
    ),
    role(
        "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8",
        "Azure Kubernetes Service Cluster Admin Role",
        "Lists the administrator credential of a cluster.",
        &[
            "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
            "Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action",
            "Microsoft.ContainerService/managedClusters/read",
            "Microsoft.ContainerService/managedClusters/runcommand/action",
        ],
        NONE,
    ),
    role(
        "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8",
        "Azure Kubernetes Service Contributor Role",
        "Reads and writes clusters.",
        &[
            "Microsoft.ContainerService/managedClusters/read",
            "Microsoft.ContainerService/managedClusters/write",
            "Microsoft.Resources/deployments/*",
        ],
        NONE,
    ),
    role(
        "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
        "Azure Kubernetes Service RBAC Cluster Admin",
        "Everything inside a cluster.",
        CLUSTER_READ,
        &["Microsoft.ContainerService/managedClusters/*"],
    ),
    Definition {
        id: "3498e952-d568-435e-9b2c-8d77e338d7f7",
        name: "Azure Kubernetes Service RBAC Admin",
        description: "Everything inside a cluster but quotas and namespaces.",
        actions: CLUSTER_READ,
        not_actions: NONE,
        data_actions: &["Microsoft.ContainerService/managedClusters/*"],
        not_data_actions: &[
            "Microsoft.ContainerService/managedClusters/resourcequotas/write",
            "Microsoft.ContainerService/managedClusters/resourcequotas/delete",
            "Microsoft.ContainerService/managedClusters/namespaces/write",
            "Microsoft.ContainerService/managedClusters/namespaces/delete",
        ],
        condition: None,
    },
    role(
        "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb",
        "Azure Kubernetes Service RBAC Writer",
        "Reads and writes most objects of a cluster.",
        CLUSTER_READ,
        &[
            "Microsoft.ContainerService/managedClusters/apps/*",
            "Microsoft.ContainerService/managedClusters/configmaps/*",
            "Microsoft.ContainerService/managedClusters/events/*",
            "Microsoft.ContainerService/managedClusters/namespaces/read",
            "Microsoft.ContainerService/managedClusters/pods/*",
            "Microsoft.ContainerService/managedClusters/policy/poddisruptionbudgets/*",
            "Microsoft.ContainerService/managedClusters/secrets/*",
            "Microsoft.ContainerService/managedClusters/serviceaccounts/*",
            "Microsoft.ContainerService/managedClusters/services/*",
        ],
    ),
    role(
        "7f6c6a51-bcf8-42ba-9220-52d62157d7db",
        "Azure Kubernetes Service RBAC Reader",
        "Reads most objects of a cluster, no secrets.",
        CLUSTER_READ,
        &[
            "Microsoft.ContainerService/managedClusters/apps/*/read",
            "Microsoft.ContainerService/managedClusters/configmaps/read",
            "Microsoft.ContainerService/managedClusters/events/read",
            "Microsoft.ContainerService/managedClusters/namespaces/read",
            "Microsoft.ContainerService/managedClusters/pods/read",
            "Microsoft.ContainerService/managedClusters/policy/poddisruptionbudgets/read",
            "Microsoft.ContainerService/managedClusters/serviceaccounts/read",
            "Microsoft.ContainerService/managedClusters/services/read",
        ],
    ),
    role(
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        "AcrPull",
        "Pulls images from a registry.",
        &["Microsoft.ContainerRegistry/registries/pull/read"],
        NONE,
    ),
    role(
        "8311e382-0749-4cb8-b61a-304f252e45ec",
        "AcrPush",
        "Pushes images to a registry.",
        &["Microsoft.ContainerRegistry/registries/pull/read", "Microsoft.ContainerRegistry/registries/push/write"],
        NONE,
    ),
    role(
        "3913510d-42f4-4e42-8a64-420c390055eb",
        "Monitoring Metrics Publisher",
        "Publishes metrics of resources.",
        &["Microsoft.Insights/Register/Action", "Microsoft.Resources/subscriptions/resourceGroups/read"],
        &["Microsoft.Insights/Metrics/Write", "Microsoft.Insights/Telemetry/Write"],
    ),
    role(
        "73c42c96-874c-492b-b04d-ab87d138a893",
        "Log Analytics Reader",
        "Sees and searches all monitoring data.",
        &["*/read", "Microsoft.OperationalInsights/workspaces/analytics/query/action"],
        NONE,
    ),
    role(
        "f1a07417-d97a-45cb-824c-7a7467783830",
        "Managed Identity Operator",
        "Reads and assigns user-assigned identities.",
        &[
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
            "Microsoft.Authorization/*/read",
        ],
        NONE,
    ),
];

/// The role whose GUID stands at the end of `id` (a bare GUID or a whole role definition id).
pub fn find(id: &str) -> Option<&'static Definition> {
    let guid = id.rsplit('/').next().unwrap_or(id);
    DEFINITIONS.iter().find(|definition| definition.id.eq_ignore_ascii_case(guid))
}

/// The role of that name, in any case of letters.
pub fn named(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.name.eq_ignore_ascii_case(name))
}

impl Definition {
    /// The role's id below a subscription.
    pub fn resource_id(&self, subscription: &str) -> String {
        format!("/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{}", self.id)
    }

    /// What it may do, as ARM lists it.
    pub fn permission(&self) -> Value {
        json!({
            "actions": self.actions,
            "notActions": self.not_actions,
            "dataActions": self.data_actions,
            "notDataActions": self.not_data_actions,
        })
    }

    /// The document as ARM answers it.
    pub fn body(&self, subscription: &str) -> Value {
        let mut permission = self.permission();
        if let Some(condition) = self.condition {
            permission["condition"] = json!(condition);
            permission["conditionVersion"] = json!("2.0");
        }
        json!({
            "id": self.resource_id(subscription),
            "name": self.id,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {
                "roleName": self.name,
                "type": "BuiltInRole",
                "description": self.description,
                "assignableScopes": ["/"],
                "permissions": [permission],
            },
        })
    }
}

//! Knows the built-in roles by their ids, and how an assignment of one is named and written.
//!
//! The ids are the same in every tenant; they are from Microsoft's lists "Azure built-in roles" and, for Key Vault,
//! "Provide access to Key Vault with Azure role-based access control".
mod permission;

use crate::{Arm, Error, ResourceId};
use serde_json::{Value, json};
use uuid::Uuid;

pub use permission::{allows, allows_data};

/// A built-in role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// As Azure shows it.
    pub name: &'static str,
    /// The last part of its definition's id.
    pub id: &'static str,
}

macro_rules! roles {
    ($($constant:ident $name:literal $id:literal)*) => {
        $(pub const $constant: Role = Role { name: $name, id: $id };)*
        /// All that are named here.
        pub const ALL: &[Role] = &[$($constant),*];
    };
}

roles! {
    OWNER "Owner" "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    CONTRIBUTOR "Contributor" "b24988ac-6180-42a0-ab88-20f7382dd24c"
    READER "Reader" "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    USER_ACCESS_ADMINISTRATOR "User Access Administrator" "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
    ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR "Role Based Access Control Administrator" "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
    KEY_VAULT_ADMINISTRATOR "Key Vault Administrator" "00482a5a-887f-4fb3-b363-3b7fe8e74483"
    KEY_VAULT_READER "Key Vault Reader" "21090545-7ca7-4776-b22c-e363652d74d2"
    KEY_VAULT_SECRETS_OFFICER "Key Vault Secrets Officer" "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
    KEY_VAULT_SECRETS_USER "Key Vault Secrets User" "4633458b-17de-408a-b874-0445c86b69e6"
    KEY_VAULT_CRYPTO_OFFICER "Key Vault Crypto Officer" "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
    KEY_VAULT_CRYPTO_SERVICE_ENCRYPTION_USER "Key Vault Crypto Service Encryption User" "e147488a-f6f5-4113-8e2d-b22465e65bf6"
    KEY_VAULT_PURGE_OPERATOR "Key Vault Purge Operator" "a68e7c17-0ab2-4c09-9a58-125dae29748c"
    AKS_CLUSTER_USER "Azure Kubernetes Service Cluster User Role" "4abbcc35-e782-43d8-92c5-2d3f1bd2253f"
    AKS_CONTRIBUTOR "Azure Kubernetes Service Contributor Role" "ed7f3fbd-7b88-4dd4-9017-9adb7ce333f8"
    AKS_RBAC_CLUSTER_ADMIN "Azure Kubernetes Service RBAC Cluster Admin" "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"
    AKS_RBAC_ADMIN "Azure Kubernetes Service RBAC Admin" "3498e952-d568-435e-9b2c-8d77e338d7f7"
    AKS_RBAC_WRITER "Azure Kubernetes Service RBAC Writer" "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb"
    AKS_RBAC_READER "Azure Kubernetes Service RBAC Reader" "7f6c6a51-bcf8-42ba-9220-52d62157d7db"
    ACR_PULL "AcrPull" "7f951dda-4ed3-4680-a7ca-43fe172d538d"
    ACR_PUSH "AcrPush" "8311e382-0749-4cb8-b61a-304f252e45ec"
    MONITORING_METRICS_PUBLISHER "Monitoring Metrics Publisher" "3913510d-42f4-4e42-8a64-420c390055eb"
}

/// Azure's word for what kind of principal an assignment is for. Naming it spares the look-up that fails while a new
/// principal is still being replicated (`PrincipalNotFound`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalType {
    ServicePrincipal,
    Group,
    User,
}

impl PrincipalType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServicePrincipal => "ServicePrincipal",
            Self::Group => "Group",
            Self::User => "User",
        }
    }
}

impl Role {
    /// The definition's id as assignments name it.
    pub fn definition(&self, subscription: &str) -> String {
        format!("/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{}", self.id)
    }

    /// The built-in role that a definition's id names, in whichever scope it is written.
    pub fn of_definition(id: &str) -> Option<Self> {
        let last = id.rsplit('/').next()?;
        ALL.iter().copied().find(|role| role.id.eq_ignore_ascii_case(last))
    }
}

/// The name of the assignment of this role to this principal on this scope: the same each time, so that writing it
/// twice is writing it once (a UUID v5 of the three, in lower case).
pub fn assignment_name(scope: &ResourceId, principal: &str, role: Role) -> Uuid {
    let text = format!("{scope}|{principal}|{}", role.id).to_lowercase();
    Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes())
}

/// The id of that assignment.
pub fn assignment_id(scope: &ResourceId, principal: &str, role: Role) -> ResourceId {
    scope.child("Microsoft.Authorization/roleAssignments", &assignment_name(scope, principal, role).to_string())
}

/// The document of that assignment.
pub fn assignment(scope: &ResourceId, principal: &str, kind: PrincipalType, role: Role) -> Value {
    json!({"properties": {
        "roleDefinitionId": role.definition(scope.subscription_id()),
        "principalId": principal,
        "principalType": kind.as_str(),
    }})
}

/// All assignments that hold on a scope: its own and, above it, those of its resource group and subscription.
/// Each is Azure's document; `properties.scope` tells where it was made.
pub async fn assignments(arm: &Arm, scope: &ResourceId) -> Result<Vec<Value>, Error> {
    let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments");
    arm.list(&path, Some("atScope()")).await
}

/// All assignments that have to do with a scope: those of [`assignments`], and those below it, such as one on a single
/// secret of a vault.
pub async fn assignments_around(arm: &Arm, scope: &ResourceId) -> Result<Vec<Value>, Error> {
    arm.list(&format!("{scope}/providers/Microsoft.Authorization/roleAssignments"), None).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn an_assignment_has_the_same_name_however_azure_spells_its_scope() {
        let vault =
            |spelling: &str| ResourceId::resource_group("S-1", spelling).child("Microsoft.KeyVault/vaults", "kv");
        let name = assignment_name(&vault("rg-shop"), "p-1", KEY_VAULT_SECRETS_USER);
        assert_eq!(name, assignment_name(&vault("RG-Shop"), "P-1", KEY_VAULT_SECRETS_USER));
        assert_ne!(name, assignment_name(&vault("rg-shop"), "p-2", KEY_VAULT_SECRETS_USER));
        assert_ne!(name, assignment_name(&vault("rg-shop"), "p-1", KEY_VAULT_READER));
        assert_ne!(name, assignment_name(&vault("rg-else"), "p-1", KEY_VAULT_SECRETS_USER));
    }

    #[test]
    fn an_assignment_says_what_kind_of_principal_it_is_for() {
        let group = ResourceId::resource_group("s-1", "rg");
        let document = assignment(&group, "p-1", PrincipalType::ServicePrincipal, ACR_PULL);
        assert_eq!(
            document,
            json!({"properties": {
                "roleDefinitionId": "/subscriptions/s-1/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d",
                "principalId": "p-1", "principalType": "ServicePrincipal"}})
        );
    }

    #[test]
    fn every_role_has_an_id_of_its_own_and_is_found_by_it() {
        let ids: HashSet<_> = ALL.iter().filter_map(|role| Uuid::parse_str(role.id).ok()).collect();
        assert_eq!(ids.len(), ALL.len());
        for role in ALL {
            assert_eq!(Role::of_definition(&role.definition("s-1")), Some(*role));
        }
    }
}

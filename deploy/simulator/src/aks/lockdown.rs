//! Denies writes in the resource group of a cluster's nodes, where the cluster says that it is locked down.
use serde_json::{Value, json};

use super::body::invalid;
use crate::arm::{DENY_ASSIGNMENTS, Refusal};
use crate::resources::{self, Resource};
use crate::seed;
use crate::state::Draft;

/// Refuses a level of restriction that AKS does not know.
pub fn check(properties: &Value) -> Result<(), Refusal> {
    match properties["nodeResourceGroupProfile"]["restrictionLevel"].as_str() {
        None | Some("ReadOnly" | "Unrestricted") => Ok(()),
        Some(other) => Err(invalid(
            "nodeResourceGroupProfile.restrictionLevel",
            format!("The restriction level '{other}' is none of ReadOnly, Unrestricted."),
        )),
    }
}

/// Brings the deny assignment at the group of the nodes to what the cluster says.
pub fn settle(draft: &mut Draft<'_>, group: &str, cluster: &Resource) {
    let name = seed::id_of(&format!("deny/{}", group.to_ascii_lowercase()));
    let id = format!("{group}/providers/{DENY_ASSIGNMENTS}/{name}");
    if cluster.body["properties"]["nodeResourceGroupProfile"]["restrictionLevel"] != "ReadOnly" {
        return resources::remove(draft, &id);
    }
    // Everybody but the cluster itself may read and nothing else.
    let own = cluster.body["identity"]["principalId"].as_str();
    let excluded: Vec<Value> = own.into_iter().map(|id| json!({"id": id, "type": "ServicePrincipal"})).collect();
    let body = json!({
        "id": id, "name": name, "type": DENY_ASSIGNMENTS,
        "properties": {
            "denyAssignmentName": format!("Node resource group lockdown of {}", cluster.body["name"].as_str().unwrap_or_default()),
            "description": "Made by Azure Kubernetes Service: the resources of the nodes are changed through the cluster alone.",
            "permissions": [{"actions": ["*"], "notActions": ["*/read"], "dataActions": [], "notDataActions": []}],
            "scope": group,
            "doNotApplyToChildScopes": false,
            "principals": [{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}],
            "excludePrincipals": excluded,
            "isSystemProtected": true,
        },
    });
    resources::put(draft, &Resource::new(body));
}

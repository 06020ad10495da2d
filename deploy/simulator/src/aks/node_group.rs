//! The resource group of a cluster's nodes: scale sets, the identities on them, and their end.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{addons, power};
use crate::addresses;
use crate::arm::Refusal;
use crate::compute::SCALE_SETS;
use crate::identities::{self, IDENTITIES};
use crate::kubernetes::{scale_set_name, surge_nodes};
use crate::policy;
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

const GROUPS: &str = "Microsoft.Resources/resourceGroups";

/// The id of the group that a cluster's nodes lie in.
pub fn group_id(world: &World, cluster: &Resource) -> String {
    let name = cluster.body["properties"]["nodeResourceGroup"].as_str().unwrap_or_default();
    format!("{}/resourceGroups/{name}", world.subscription_id())
}

/// Brings group, identities and scale sets to what the cluster says, and writes into the cluster who they are.
pub fn settle(draft: &mut Draft<'_>, world: &World, cluster: &mut Resource) -> Result<(), Refusal> {
    let group = group_id(world, cluster);
    let location = cluster.body["location"].as_str().unwrap_or_default().to_owned();
    let name = cluster.body["name"].as_str().unwrap_or_default().to_owned();
    if resources::find(draft, &group).is_none() {
        let body = json!({
            "id": group, "name": group.rsplit('/').next(), "type": GROUPS, "location": location, "tags": {},
            "managedBy": cluster.id(), "properties": {"provisioningState": "Succeeded"},
        });
        resources::put(draft, &Resource::new(body));
    }
    super::lockdown::settle(draft, &group, cluster);
    let identity = |draft: &mut Draft<'_>, name: &str| {
        let id = format!("{group}/providers/{IDENTITIES}/{name}");
        identities::make(draft, world, &id, &location, Value::Null).0
    };
    let mut on_nodes = Vec::new();
    // A cluster with a service principal of its own has that on its nodes, and no managed identity.
    if cluster.body["properties"]["servicePrincipalProfile"]["clientId"] == "msi" {
        let kubelet = identity(draft, &format!("{name}-agentpool"));
        cluster.body["properties"]["identityProfile"] = json!({"kubeletidentity": named(&kubelet)});
        on_nodes.push(kubelet);
    }
    forget_identities(cluster);
    for (addon, identity_name) in addons::node_identities(&cluster.body["properties"], &name) {
        let made = identity(draft, &identity_name);
        if !addon.is_empty() {
            cluster.body["properties"]["addonProfiles"][&addon]["identity"] = named(&made);
        }
        on_nodes.push(made);
    }
    remove_others(draft, &group, &on_nodes);
    let assigned = assigned(&on_nodes);
    let pools = cluster.body["properties"]["agentPoolProfiles"].as_array().cloned().unwrap_or_default();
    let mut sets = Vec::new();
    for pool in &pools {
        let set = scale_set(&group, &location, cluster, pool, &assigned);
        policy::check(draft, &set.body, world.clock.now())?;
        sets.push(resources::key(set.id()));
        resources::put(draft, &set);
    }
    settle_outbound(draft, &group, &location, cluster);
    for set in resources::of_kind(draft, &format!("{group}/"), SCALE_SETS) {
        if !sets.contains(&resources::key(set.id())) {
            resources::remove(draft, set.id());
        }
    }
    Ok(())
}

/// What the add-ons were told to be; those that still are somebody are told again.
fn forget_identities(cluster: &mut Resource) {
    let addons = cluster.body["properties"]["addonProfiles"].as_object_mut();
    for addon in addons.into_iter().flatten().filter_map(|(_, addon)| addon.as_object_mut()) {
        addon.remove("identity");
    }
}

/// The address behind which the nodes call others, where Azure is to give one.
fn settle_outbound(draft: &mut Draft<'_>, group: &str, location: &str, cluster: &mut Resource) {
    let network = &cluster.body["properties"]["networkProfile"];
    if network["outboundType"] != "loadBalancer" || network["loadBalancerSku"] != "standard" {
        return;
    }
    let address = addresses::outbound(group, location, cluster);
    let profile = &mut cluster.body["properties"]["networkProfile"]["loadBalancerProfile"];
    if !profile.is_object() {
        *profile = json!({"managedOutboundIPs": {"count": 1}, "backendPoolType": "nodeIPConfiguration"});
    }
    profile["effectiveOutboundIPs"] = json!([{"id": address.id()}]);
    resources::put(draft, &address);
}

fn named(identity: &Resource) -> Value {
    let properties = &identity.body["properties"];
    json!({"resourceId": identity.id(), "clientId": properties["clientId"], "objectId": properties["principalId"]})
}

fn assigned(on_nodes: &[Resource]) -> Value {
    if on_nodes.is_empty() {
        return Value::Null;
    }
    let each: BTreeMap<&str, Value> = on_nodes
        .iter()
        .map(|it| {
            let properties = &it.body["properties"];
            (it.id(), json!({"principalId": properties["principalId"], "clientId": properties["clientId"]}))
        })
        .collect();
    json!({"type": "UserAssigned", "userAssignedIdentities": each})
}

/// Identities of add-ons that were switched off go.
fn remove_others(draft: &mut Draft<'_>, group: &str, stay: &[Resource]) {
    for identity in resources::of_kind(draft, &format!("{group}/"), IDENTITIES) {
        if !stay.iter().any(|it| it.id() == identity.id()) {
            identities::forget(draft, &identity);
            resources::remove(draft, identity.id());
        }
    }
}

/// How many machines the scale set of a pool has: the pool's nodes with those that stand beside them during an
/// upgrade, and none while the cluster is stopped.
fn capacity(cluster: &Resource, pool: &Value) -> i64 {
    if power::is_stopped(cluster) {
        return 0;
    }
    let name = pool["name"].as_str().unwrap_or_default();
    pool["count"].as_i64().unwrap_or(0) + surge_nodes(cluster, name)
}

fn scale_set(group: &str, location: &str, cluster: &Resource, pool: &Value, identity: &Value) -> Resource {
    let name = scale_set_name(cluster.id(), pool["name"].as_str().unwrap_or_default());
    let mut tags = Map::new();
    tags.insert("aks-managed-poolName".into(), pool["name"].clone());
    tags.insert(
        "aks-managed-orchestrator".into(),
        json!(format!("Kubernetes:{}", pool["currentOrchestratorVersion"].as_str().unwrap_or_default())),
    );
    let mut body = json!({
        "id": format!("{group}/providers/{SCALE_SETS}/{name}"),
        "name": name,
        "type": SCALE_SETS,
        "location": location,
        "tags": tags,
        "sku": {"name": pool["vmSize"], "tier": "Standard", "capacity": capacity(cluster, pool)},
        "properties": {"provisioningState": "Succeeded", "orchestrationMode": "Uniform"},
    });
    if identity.is_object() {
        body["identity"] = identity.clone();
    }
    Resource::new(body)
}

/// Removes the group with everything in it.
pub fn remove(draft: &mut Draft<'_>, world: &World, cluster: &Resource) {
    let group = group_id(world, cluster);
    if group.ends_with('/') {
        return;
    }
    for identity in resources::of_kind(draft, &format!("{group}/"), IDENTITIES) {
        identities::forget(draft, &identity);
    }
    resources::remove(draft, &group);
}

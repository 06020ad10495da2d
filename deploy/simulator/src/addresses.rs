//! Knows from which public address a machine calls: the nodes and pods of a cluster from the cluster's own, the portal's
//! machine and everybody else from those that the settings name.

use std::net::Ipv4Addr;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::arm::{Answer, Ask, Refusal};
use crate::machines::Machine;
use crate::parts::{Kind, Parts};
use crate::resources::{self, Resource};
use crate::settings::Settings;
use crate::state::Draft;
use crate::world::World;

/// The provider type of public addresses.
pub const ADDRESSES: &str = "Microsoft.Network/publicIPAddresses";

/// Adds public addresses, which clusters make and others only read.
pub fn attach(parts: &mut Parts) {
    parts.add_kind(Addresses);
}

struct Addresses;

#[async_trait]
impl Kind for Addresses {
    fn name(&self) -> &'static str {
        ADDRESSES
    }

    async fn put(&self, _world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        Err(Refusal::method_not_allowed())
    }
}

/// Where a call comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The public address.
    pub address: Ipv4Addr,
    /// The subnet of a network in Azure, for a cluster whose nodes lie in one that was named.
    pub subnet: Option<String>,
}

impl Origin {
    /// From where a machine calls; nobody's machine is somewhere out there.
    pub fn of(draft: &Draft<'_>, machine: Option<&Machine>) -> Self {
        let settings = Settings::read(draft);
        let Some(machine) = machine else { return Self { address: settings.public_address, subnet: None } };
        let Some(scale_set) = machine.resource.as_deref() else {
            return Self { address: settings.portal_address, subnet: None };
        };
        let group = scale_set.split("/providers/").next().unwrap_or_default();
        let cluster = resources::find(draft, group)
            .and_then(|group| resources::find(draft, group.body["managedBy"].as_str().unwrap_or_default()));
        let Some(cluster) = cluster else { return Self { address: settings.public_address, subnet: None } };
        let properties = &cluster.body["properties"];
        let outbound = &properties["networkProfile"]["loadBalancerProfile"]["effectiveOutboundIPs"][0]["id"];
        let made = resources::find(draft, outbound.as_str().unwrap_or_default());
        let address = made.and_then(|made| made.body["properties"]["ipAddress"].as_str()?.parse().ok());
        let pools = properties["agentPoolProfiles"].as_array().into_iter().flatten();
        let in_pool = |pool: &&Value| {
            let name = crate::kubernetes::scale_set_name(cluster.id(), pool["name"].as_str().unwrap_or_default());
            scale_set.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&name))
        };
        let subnet = pools.clone().find(in_pool).and_then(|pool| pool["vnetSubnetID"].as_str());
        Self { address: address.unwrap_or_else(|| of_cluster(&cluster)), subnet: subnet.map(str::to_owned) }
    }
}

/// An address that is a cluster's own, whatever others there are.
fn of_cluster(cluster: &Resource) -> Ipv4Addr {
    let digest = Sha256::digest(cluster.body["properties"]["resourceUID"].as_str().unwrap_or_default());
    Ipv4Addr::new(20, digest[0] | 1, digest[1], digest[2].clamp(1, 254))
}

/// The public address behind which a cluster's nodes call others, as the resource that lies in their group.
pub fn outbound(group: &str, location: &str, cluster: &Resource) -> Resource {
    let uid = cluster.body["properties"]["resourceUID"].as_str().unwrap_or_default();
    let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, uid.as_bytes());
    // A cluster's tags stand on what it makes, but for its pools.
    let mut tags = cluster.body["tags"].as_object().cloned().unwrap_or_default();
    tags.insert("aks-managed-type".to_owned(), json!("aks-slb-managed-outbound-ip"));
    Resource::new(json!({
        "id": format!("{group}/providers/{ADDRESSES}/{name}"),
        "name": name,
        "type": ADDRESSES,
        "location": location,
        "tags": tags,
        "sku": {"name": "Standard", "tier": "Regional"},
        "properties": {
            "provisioningState": "Succeeded", "ipAddress": of_cluster(cluster), "publicIPAllocationMethod": "Static",
            "publicIPAddressVersion": "IPv4", "idleTimeoutInMinutes": 30,
        },
    }))
}

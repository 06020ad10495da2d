//! The nodes of a cluster, made from its agent pools, and what every new cluster holds.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::cluster::Cluster;
use super::kind;
use super::object::{self, list, number, text};
use super::store::Key;
use crate::resources::{self, Resource};

/// The name of an agent pool's scale set: `aks-POOL-12345678-vmss`, the number being the cluster's own.
pub fn scale_set_name(cluster_id: &str, pool: &str) -> String {
    let digest = Sha256::digest(cluster_id.to_ascii_lowercase().as_bytes());
    let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) % 90_000_000 + 10_000_000;
    format!("aks-{pool}-{number}-vmss")
}

/// The name of the n-th node of a scale set: its number in base 36, six digits.
fn node_name(scale_set: &str, number: i64) -> String {
    let mut digits = String::new();
    let mut left = u64::try_from(number).unwrap_or(0);
    for _ in 0..6 {
        digits.insert(0, char::from_digit((left % 36) as u32, 36).unwrap_or('0'));
        left /= 36;
    }
    format!("{scale_set}{digits}")
}

/// The label of a node that names its image.
pub const IMAGE: &str = "kubernetes.azure.com/node-image-version";

/// How many nodes of a pool stand beside its own, while they are being replaced.
pub fn surge_nodes(cluster: &Resource, pool: &str) -> i64 {
    cluster.private["surge"][pool].as_i64().unwrap_or(0)
}

/// The name of the n-th node of a pool.
pub fn node_of_pool(cluster_id: &str, pool: &str, number: i64) -> String {
    node_name(&scale_set_name(cluster_id, pool), number)
}

/// What a node says whose network never comes up.
fn never_ready(node: &mut Value) {
    let conditions = node["status"]["conditions"].as_array_mut();
    for ready in conditions.into_iter().flatten().filter(|condition| condition["type"] == "Ready") {
        ready["status"] = json!("False");
        ready["reason"] = json!("KubeletNotReady");
        ready["message"] = json!(
            "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"
        );
    }
}

impl Cluster {
    /// Makes what every cluster has, and its nodes.
    pub async fn furnish(&self) {
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            // There after a restart.
            let _ = self.create(&kind::NAMESPACE, json!({"metadata": {"name": name}}), false).await;
        }
        self.settle_nodes(&[]).await;
    }

    /// Brings the nodes to as many as the agent pools say. One that is there stays what it is: its version and image
    /// change only when it is replaced. Those that are `absent` are not made: their machine gets its new image.
    pub async fn settle_nodes(&self, absent: &[String]) {
        let found = self.world.state.read(|draft| resources::find(draft, &self.id));
        let Some(resource) = found else { return };
        let is_stopped = text(&resource.body, "/properties/powerState/code") == "Stopped";
        let mut wanted = BTreeSet::new();
        for pool in list(&resource.body, "/properties/agentPoolProfiles").iter().filter(|_| !is_stopped) {
            let count = number(pool, "/count").unwrap_or(0) + surge_nodes(&resource, text(pool, "/name"));
            for at in 0..count {
                let node = self.node(&resource, pool, at);
                wanted.insert(object::name(&node).to_string());
                if !absent.iter().any(|name| name == object::name(&node)) {
                    self.settle_node(node).await;
                }
            }
        }
        let (_, nodes) = self.objects.list(&kind::NODE, "").await;
        for node in nodes.iter().filter(|node| !wanted.contains(object::name(node))) {
            self.remove_node(object::name(node)).await;
        }
    }

    async fn settle_node(&self, mut node: Value) {
        let key = Key::of(&kind::NODE, &node);
        let pool = text(&node, "/metadata/labels/agentpool");
        let id = format!("{}/agentPools/{pool}/{}", self.id, object::name(&node));
        let is_new = self.objects.get(&key).await.is_none();
        if is_new && self.world.faults.strike_node(&id) {
            never_ready(&mut node);
        }
        let (status, labels) = (node["status"].clone(), node["metadata"]["labels"].clone());
        if is_new {
            // Somebody else may have made it in this moment.
            let _ = self.create(&kind::NODE, node, false).await;
        }
        let written = self.objects.change(&key, |standing| {
            if is_new {
                standing["status"] = status;
            }
            for (name, value) in labels.as_object().into_iter().flatten().filter(|(name, _)| is_new || *name != IMAGE) {
                object::set(standing, &["metadata", "labels", name], value.clone());
            }
            Ok(())
        });
        if let Err(refusal) = written.await {
            tracing::warn!(%refusal, "a node could not be written");
        }
    }

    /// The n-th node of a pool as it is when it is new.
    pub fn node(&self, resource: &Resource, pool: &Value, at: i64) -> Value {
        let properties = &resource.body["properties"];
        let pool_name = text(pool, "/name");
        let scale_set = scale_set_name(&self.id, pool_name);
        let name = node_name(&scale_set, at);
        let group = text(properties, "/nodeResourceGroup");
        let provider = format!(
            "azure://{}/resourceGroups/{}/providers/Microsoft.Compute/virtualMachineScaleSets/{scale_set}/virtualMachines/{at}",
            self.world.subscription_id(),
            group.to_lowercase()
        );
        let now = object::time(self.now());
        let version = format!("v{}", text(pool, "/currentOrchestratorVersion"));
        let size = text(pool, "/vmSize");
        let (cores, memory) = crate::compute::size(size).map_or((2, 8), |size| (size.cores, size.memory_gb));
        let region = text(&resource.body, "/location");
        let capacity = json!({
            "cpu": cores.to_string(),
            "memory": format!("{}Ki", memory * 1024 * 1024),
            "ephemeral-storage": "129886128Ki",
            "pods": number(pool, "/maxPods").unwrap_or(250).to_string(),
        });
        let condition = |kind: &str, status: &str, reason: &str, message: &str| {
            json!({"type": kind, "status": status, "reason": reason, "message": message,
                "lastHeartbeatTime": now, "lastTransitionTime": now})
        };
        let mut node = json!({
            "metadata": {"name": name, "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "kubernetes.azure.com/agentpool": pool_name,
                "agentpool": pool_name,
                "kubernetes.azure.com/cluster": group,
                "kubernetes.azure.com/mode": text(pool, "/mode").to_lowercase(),
                IMAGE: text(pool, "/nodeImageVersion"),
                "node.kubernetes.io/instance-type": size,
                "topology.kubernetes.io/region": region,
                "topology.kubernetes.io/zone": "0",
            }},
            "spec": {"providerID": provider},
            "status": {
                "capacity": capacity,
                "allocatable": capacity,
                "addresses": [
                    {"type": "InternalIP", "address": format!("10.224.0.{}", 4 + at)},
                    {"type": "Hostname", "address": name},
                ],
                "conditions": [
                    condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                    condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                    condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                    condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
                ],
                "nodeInfo": {
                    "kubeletVersion": version, "kubeProxyVersion": version, "osImage": "Ubuntu 24.04.3 LTS",
                    "kernelVersion": "6.8.0-azure", "containerRuntimeVersion": "containerd://2.0.0",
                    "operatingSystem": "linux", "architecture": "amd64",
                    "machineID": "", "systemUUID": "", "bootID": "",
                },
            },
        });
        for (label, value) in pool["nodeLabels"].as_object().into_iter().flatten() {
            node["metadata"]["labels"][label.as_str()] = value.clone();
        }
        let taints: Vec<Value> = list(pool, "/nodeTaints").iter().filter_map(|it| taint(it.as_str()?)).collect();
        if !taints.is_empty() {
            node["spec"]["taints"] = Value::Array(taints);
        }
        node
    }
}

/// A taint as a pool writes it: `key=value:NoSchedule`.
fn taint(text: &str) -> Option<Value> {
    let (name, effect) = text.rsplit_once(':')?;
    let (key, value) = name.split_once('=').unwrap_or((name, ""));
    Some(json!({"key": key, "value": value, "effect": effect}))
}

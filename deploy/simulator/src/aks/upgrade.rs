//! Replaces the nodes whose version or image is not their pool's, one after another: surge, cordon, drain, replace.
//!
//! What is to be done is read from the nodes themselves, so that a later operation goes on where a failed one ended.
//! How far the present one has come stands in its arguments, and so outlives the simulator.
//! Texts: events and refusals that others have published (Azure/AKS#4306, cloudnative-pg#7346).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{node_group, outcome, quota};
use crate::arm::Refusal;
use crate::clock::later;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::drain::Emptied;
use crate::kubernetes::event::Tone;
use crate::kubernetes::object;
use crate::kubernetes::{Clusters, node_of_pool, surge_nodes};
use crate::operations::Operation;
use crate::resources::{self, Resource};
use crate::world::World;

/// How long Azure takes to add a machine, and to put another image on one.
const SURGE: Duration = Duration::from_secs(60);
const REPLACEMENT: Duration = Duration::from_secs(90);
/// How often an eviction that a budget forbids is tried again; at a high speed not oftener than is worth it.
const BETWEEN_EVICTIONS: Duration = Duration::from_secs(5);
const SHORTEST: Duration = Duration::from_millis(100);
/// How long a node may take to be emptied, in minutes, unless its pool says otherwise.
const DRAIN_TIMEOUT: u64 = 30;

/// How far the upgrade of a pool has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Progress {
    pool: String,
    step: Step,
    /// The node that it is about; none while machines are added.
    node: String,
    since: Timestamp,
    /// Why a node of the pool was left closed as it was.
    #[serde(default)]
    left: Option<String>,
}

/// What is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// Machines are added.
    Surge,
    /// A node is emptied.
    Drain,
    /// It gets its new image.
    Replace,
    /// It is looked at for a while before the next.
    Soak,
    /// An added machine is emptied, to be taken away.
    Leave,
}

/// What comes next, and how long that takes; nothing where no node is left to replace.
type Next = Result<Option<(Progress, Duration)>, Refusal>;

struct Upgrade<'a> {
    world: &'a Arc<World>,
    cluster: &'a Arc<Cluster>,
    now: Timestamp,
    left: Option<String>,
}

/// One step of what an operation on a cluster or a pool does to the nodes: when the next is due, or nothing at its end.
pub async fn proceed(
    running: &Clusters,
    world: &Arc<World>,
    operation: &mut Operation,
) -> Result<Option<Timestamp>, Refusal> {
    let progress = serde_json::from_value::<Progress>(operation.arguments["upgrade"].clone()).ok();
    let cluster = match running.find(&operation.resource).filter(|_| progress.is_some()) {
        Some(cluster) => Some(cluster),
        // The cluster has been ended before its operation; the next simulator goes on from here.
        None if world.stopping.is_cancelled() => return Ok(Some(operation.due)),
        None => outcome::prepare(running, world, &operation.resource).await?,
    };
    let Some(cluster) = cluster else { return Ok(None) };
    let left = progress.as_ref().and_then(|progress| progress.left.clone());
    let upgrade = Upgrade { world, cluster: &cluster, now: world.clock.now(), left };
    let next = match progress {
        None => upgrade.begin().await?,
        Some(progress) => upgrade.go_on(progress).await?,
    };
    let Some((progress, wait)) = next else {
        operation.arguments["upgrade"] = Value::Null;
        return Ok(None);
    };
    operation.arguments["upgrade"] = json!(progress);
    let shortest = if wait == BETWEEN_EVICTIONS { SHORTEST } else { Duration::ZERO };
    Ok(Some(later(upgrade.now, world.clock.shorten(wait).max(shortest))))
}

impl Upgrade<'_> {
    fn resource(&self) -> Option<Resource> {
        self.world.state.read(|draft| resources::find(draft, &self.cluster.id))
    }

    fn pool(&self, name: &str) -> Option<(Resource, Value)> {
        let resource = self.resource().filter(|it| it.provisioning_state() != "Deleting")?;
        let pools = resource.body["properties"]["agentPoolProfiles"].as_array()?;
        let pool = pools.iter().find(|pool| pool["name"] == name)?.clone();
        Some((resource, pool))
    }

    fn step(&self, pool: &str, step: Step, node: &str, takes: Duration) -> Next {
        let (pool, node, left) = (pool.to_owned(), node.to_owned(), self.left.clone());
        Ok(Some((Progress { pool, step, node, since: self.now, left }, takes)))
    }

    /// Turns to the first pool that has something to replace.
    async fn begin(&self) -> Next {
        let Some(resource) = self.resource() else { return Ok(None) };
        let pools = resource.body["properties"]["agentPoolProfiles"].as_array().cloned().unwrap_or_default();
        for pool in &pools {
            let name = pool["name"].as_str().unwrap_or_default();
            let standing = surge_nodes(&resource, name);
            if self.cluster.outdated(pool).await.is_empty() && standing <= self.cluster.quarantined(name).await {
                continue;
            }
            let wanted = quota::surge(pool);
            if standing >= wanted {
                return self.next_node(name).await;
            }
            self.set_surge(name, wanted).await?;
            return self.step(name, Step::Surge, "", SURGE);
        }
        Ok(None)
    }

    async fn go_on(&self, progress: Progress) -> Next {
        let Some((_, pool)) = self.pool(&progress.pool) else { return Ok(None) };
        let (name, node) = (progress.pool.as_str(), progress.node.as_str());
        match progress.step {
            Step::Surge => {
                self.cluster.settle_nodes().await;
                let count = pool["count"].as_i64().unwrap_or(0);
                for at in count..count + quota::surge(&pool) {
                    let node = node_of_pool(&self.cluster.id, name, at);
                    let message = format!("Created a surge node {node} for agentpool {name}");
                    self.cluster.note_of_node(&node, Tone::Normal, "Surge", &message).await;
                }
                self.next_node(name).await
            }
            Step::Drain | Step::Leave => self.empty(progress, &pool).await,
            Step::Replace => {
                self.cluster.settle_nodes().await;
                let message = format!("Successfully upgraded node: {node}");
                self.cluster.note_of_node(node, Tone::Normal, "Upgrade", &message).await;
                match minutes(&pool, "nodeSoakDurationInMinutes", 0) {
                    Duration::ZERO => self.next_node(name).await,
                    soak => self.step(name, Step::Soak, node, soak),
                }
            }
            Step::Soak => self.next_node(name).await,
        }
    }

    /// The next node of a pool to be replaced; then the machines that were added go; then the next pool.
    async fn next_node(&self, pool: &str) -> Next {
        let Some((resource, document)) = self.pool(pool) else { return Ok(None) };
        if let Some(node) = self.cluster.outdated(&document).await.first() {
            return self.close(pool, object::name(node), Step::Drain).await;
        }
        let surge = surge_nodes(&resource, pool);
        // One stays in the place of each node that was left closed.
        if surge > self.cluster.quarantined(pool).await {
            let last = document["count"].as_i64().unwrap_or(0) + surge - 1;
            return self.close(pool, &node_of_pool(&self.cluster.id, pool, last), Step::Leave).await;
        }
        match &self.left {
            Some(why) => Err(Refusal::conflict("UpgradeFailed", why.clone())),
            None => Box::pin(self.begin()).await,
        }
    }

    async fn close(&self, pool: &str, node: &str, step: Step) -> Next {
        self.cluster.cordon(node, true).await;
        self.cluster.note_of_node(node, Tone::Normal, "Drain", &format!("Draining node: {node}")).await;
        self.step(pool, step, node, Duration::ZERO)
    }

    /// Evicts what is on a node; the end of the operation where that takes too long.
    async fn empty(&self, progress: Progress, pool: &Value) -> Next {
        let node = progress.node.as_str();
        let held = match self.cluster.drain(node).await {
            Emptied::All if progress.step == Step::Leave => {
                self.cluster
                    .note_of_node(node, Tone::Normal, "RemovingNode", &format!("Removing surge node: {node}"))
                    .await;
                self.cluster.remove_node(node).await;
                let left = self.pool(&progress.pool).map_or(0, |(resource, _)| surge_nodes(&resource, &progress.pool));
                self.set_surge(&progress.pool, left - 1).await?;
                return self.next_node(&progress.pool).await;
            }
            Emptied::All => {
                self.cluster.remove_node(node).await;
                return self.step(&progress.pool, Step::Replace, node, REPLACEMENT);
            }
            held => held,
        };
        let timeout = self.world.clock.shorten(minutes(pool, "drainTimeoutInMinutes", DRAIN_TIMEOUT));
        if self.now < later(progress.since, timeout) {
            return Ok(Some((progress, BETWEEN_EVICTIONS)));
        }
        let why = failed(node, &held);
        if progress.step == Step::Drain && pool["upgradeSettings"]["undrainableNodeBehavior"] == "Cordon" {
            self.cluster.quarantine(node).await;
            let goes_on = Self { left: Some(self.left.clone().unwrap_or(why)), ..*self };
            return Box::pin(goes_on.next_node(&progress.pool)).await;
        }
        self.cluster.cordon(node, false).await;
        Err(Refusal::conflict("UpgradeFailed", why))
    }

    async fn set_surge(&self, pool: &str, nodes: i64) -> Result<(), Refusal> {
        self.world
            .state
            .change(|draft| {
                let Some(mut cluster) = resources::find(draft, &self.cluster.id) else { return Ok(()) };
                if nodes > surge_nodes(&cluster, pool) {
                    quota::check(draft, self.world, &cluster.body, &[pool.to_owned()])?;
                }
                cluster.private["surge"][pool] = json!(nodes.max(0));
                node_group::settle(draft, self.world, &mut cluster)?;
                resources::put(draft, &cluster);
                Ok(())
            })
            .await
    }
}

fn minutes(pool: &Value, setting: &str, usual: u64) -> Duration {
    Duration::from_secs(60 * pool["upgradeSettings"][setting].as_u64().filter(|it| *it > 0).unwrap_or(usual))
}

fn failed(node: &str, held: &Emptied) -> String {
    match held {
        Emptied::Held { pod, budget } => {
            let name = pod.rsplit('/').next().unwrap_or_default();
            format!(
                "Drain node {node} failed when evicting pod {name} failed with Too Many Requests error. This is often caused by a restrictive Pod Disruption Budget (PDB) policy. See http://aka.ms/aks/debugdrainfailures. Original error: Cannot evict pod as it would violate the pod's disruption budget.. PDB debug info: {pod} blocked by pdb {budget}."
            )
        }
        Emptied::Leaving(pod) => format!(
            "Drain node {node} failed when waiting for pod {pod} to end. See http://aka.ms/aks/debugdrainfailures. Original error: timed out waiting for the condition"
        ),
        Emptied::All => format!("Drain node {node} failed."),
    }
}

//! Replaces the nodes whose version or image is not their pool's, as many at once as its settings say: surge, cordon,
//! drain, replace.
//!
//! What is to be done is read from the nodes themselves, so that a later operation goes on where a failed one ended.
//! How far the present one has come stands in its arguments, and so outlives the simulator.
//! Texts: events and refusals that others have published (Azure/AKS#4306, cloudnative-pg#7346).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::lanes::{Lane, Progress, Step};
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

/// What comes next; nothing where no node is left to replace.
type Next = Result<Option<Progress>, Refusal>;

struct Upgrade<'a> {
    world: &'a Arc<World>,
    cluster: &'a Arc<Cluster>,
    now: Timestamp,
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
    let upgrade = Upgrade { world, cluster: &cluster, now: world.clock.now() };
    let next = match progress {
        None => upgrade.begin().await?,
        Some(progress) => upgrade.go_on(progress).await?,
    };
    operation.arguments["upgrade"] = json!(next);
    Ok(next.and_then(|progress| progress.due()))
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

    fn lane(&self, node: &str, step: Step, takes: Duration) -> Lane {
        let due = later(self.now, self.world.clock.shorten(takes));
        Lane { node: node.to_owned(), step, since: self.now, due }
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
            let mut progress = Progress::of(name);
            let wanted = quota::surge(pool);
            if standing >= wanted {
                return self.fill(progress).await;
            }
            self.set_surge(name, wanted).await?;
            progress.lanes.push(self.lane("", Step::Surge, SURGE));
            return Ok(Some(progress));
        }
        Ok(None)
    }

    /// Looks after the lanes that are due, and begins with as many nodes as have become free.
    async fn go_on(&self, mut progress: Progress) -> Next {
        let Some((_, pool)) = self.pool(&progress.pool) else { return Ok(None) };
        let lanes = std::mem::take(&mut progress.lanes);
        let (due, waiting): (Vec<_>, Vec<_>) = lanes.into_iter().partition(|lane| lane.due <= self.now);
        progress.lanes = waiting;
        for lane in due {
            let next = self.next_of(&mut progress, &pool, lane).await?;
            progress.lanes.extend(next);
        }
        if let Some(why) = &progress.failed {
            for lane in progress.lanes.iter().filter(|lane| matches!(lane.step, Step::Drain | Step::Leave)) {
                self.cluster.cordon(&lane.node, false).await;
            }
            progress.lanes.retain(|lane| lane.step == Step::Replace);
            return match progress.lanes.is_empty() {
                true => Err(Refusal::conflict("UpgradeFailed", why.clone())),
                false => Ok(Some(progress)),
            };
        }
        self.fill(progress).await
    }

    /// What comes after the step of a lane, if anything.
    async fn next_of(&self, progress: &mut Progress, pool: &Value, lane: Lane) -> Result<Option<Lane>, Refusal> {
        let (name, node) = (progress.pool.clone(), lane.node.as_str());
        match lane.step {
            Step::Surge => {
                self.cluster.settle_nodes(&[]).await;
                let count = pool["count"].as_i64().unwrap_or(0);
                for at in count..count + quota::surge(pool) {
                    let node = node_of_pool(&self.cluster.id, &name, at);
                    let message = format!("Created a surge node {node} for agentpool {name}");
                    self.cluster.note_of_node(&node, Tone::Normal, "Surge", &message).await;
                }
                Ok(None)
            }
            Step::Drain | Step::Leave => self.empty(progress, pool, lane).await,
            Step::Replace => {
                self.cluster.settle_nodes(&progress.absent()).await;
                let message = format!("Successfully upgraded node: {node}");
                self.cluster.note_of_node(node, Tone::Normal, "Upgrade", &message).await;
                let soak = minutes(pool, "nodeSoakDurationInMinutes", 0);
                Ok((soak > Duration::ZERO).then(|| self.lane(node, Step::Soak, soak)))
            }
            Step::Soak => Ok(None),
        }
    }

    /// As many further nodes of a pool as may be replaced at once; then the machines that were added go; then the next
    /// pool.
    async fn fill(&self, mut progress: Progress) -> Next {
        let Some((resource, pool)) = self.pool(&progress.pool) else { return Ok(None) };
        if progress.has(Step::Leave) {
            return Ok(Some(progress));
        }
        let free = quota::at_once(&pool).saturating_sub(progress.lanes.len());
        let outdated = self.cluster.outdated(&pool).await;
        let next = outdated.iter().map(|node| object::name(node)).filter(|node| !progress.is_about(node)).take(free);
        let next: Vec<String> = next.map(str::to_owned).collect();
        self.close(&mut progress, &next, Step::Drain).await;
        if !progress.lanes.is_empty() {
            return Ok(Some(progress));
        }
        // One stays in the place of each node that was left closed.
        let surge = surge_nodes(&resource, &progress.pool);
        let going = (surge - self.cluster.quarantined(&progress.pool).await).max(0);
        let end = pool["count"].as_i64().unwrap_or(0) + surge;
        let leaving: Vec<String> =
            (end - going..end).rev().map(|at| node_of_pool(&self.cluster.id, &progress.pool, at)).collect();
        self.close(&mut progress, &leaving, Step::Leave).await;
        if !progress.lanes.is_empty() {
            return Ok(Some(progress));
        }
        match progress.left {
            Some(why) => Err(Refusal::conflict("UpgradeFailed", why)),
            None => Box::pin(self.begin()).await,
        }
    }

    /// Closes nodes, all of them before the first is emptied, so that no pod moves from one to another.
    async fn close(&self, progress: &mut Progress, nodes: &[String], step: Step) {
        for node in nodes {
            self.cluster.cordon(node, true).await;
            self.cluster.note_of_node(node, Tone::Normal, "Drain", &format!("Draining node: {node}")).await;
            progress.lanes.push(self.lane(node, step, Duration::ZERO));
        }
    }

    /// Evicts what is on a node; the end of the operation where that takes too long.
    async fn empty(&self, progress: &mut Progress, pool: &Value, lane: Lane) -> Result<Option<Lane>, Refusal> {
        let node = lane.node.as_str();
        let held = match self.cluster.drain(node).await {
            Emptied::All if lane.step == Step::Leave => return self.take_away(progress, pool, lane).await,
            Emptied::All => {
                self.cluster.remove_node(node).await;
                return Ok(Some(self.lane(node, Step::Replace, REPLACEMENT)));
            }
            held => held,
        };
        let timeout = self.world.clock.shorten(minutes(pool, "drainTimeoutInMinutes", DRAIN_TIMEOUT));
        if self.now < later(lane.since, timeout) {
            return Ok(Some(self.again(lane)));
        }
        let why = failed(node, &held);
        if lane.step == Step::Drain && pool["upgradeSettings"]["undrainableNodeBehavior"] == "Cordon" {
            self.cluster.quarantine(node).await;
            progress.left.get_or_insert(why);
            return Ok(None);
        }
        self.cluster.cordon(node, false).await;
        progress.failed.get_or_insert(why);
        Ok(None)
    }

    /// Takes an added machine away that is empty, once it is the last of its pool: they are counted.
    async fn take_away(&self, progress: &Progress, pool: &Value, lane: Lane) -> Result<Option<Lane>, Refusal> {
        let node = lane.node.as_str();
        let standing = self.pool(&progress.pool).map_or(0, |(resource, _)| surge_nodes(&resource, &progress.pool));
        let last = pool["count"].as_i64().unwrap_or(0) + standing - 1;
        if standing > 0 && node != node_of_pool(&self.cluster.id, &progress.pool, last) {
            return Ok(Some(self.again(lane)));
        }
        let message = format!("Removing surge node: {node}");
        self.cluster.note_of_node(node, Tone::Normal, "RemovingNode", &message).await;
        self.cluster.remove_node(node).await;
        self.set_surge(&progress.pool, standing - 1).await?;
        Ok(None)
    }

    fn again(&self, lane: Lane) -> Lane {
        let wait = self.world.clock.shorten(BETWEEN_EVICTIONS).max(SHORTEST);
        Lane { due: later(self.now, wait), ..lane }
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

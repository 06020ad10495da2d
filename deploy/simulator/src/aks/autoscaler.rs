//! Gives a pool another node where pods find no place, and takes one away that nobody has needed for a while.
//!
//! Numbers: the default profile of AKS' cluster autoscaler (it looks every ten seconds, waits ten minutes before it takes
//! a node away, and as long after it has added one).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{node_group, pools, power, quota};
use crate::StartError;
use crate::arm::Refusal;
use crate::clock::later;
use crate::kubernetes::{CLUSTERS, Clusters, cluster::Cluster, node_of_pool};
use crate::parts::Start;
use crate::resources::{self, Resource};
use crate::world::World;

/// How often it looks; at a high speed not oftener than is worth it.
const INTERVAL: Duration = Duration::from_secs(10);
const SHORTEST: Duration = Duration::from_secs(2);
/// How long Azure takes to add a machine.
const MACHINE: Duration = Duration::from_secs(60);
/// How long a node is left that nobody needs.
const UNNEEDED: Duration = Duration::from_secs(600);

pub struct Autoscaler {
    pub running: Arc<Clusters>,
}

/// What it remembers of a pool; all is forgotten with the process.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Since when a pod has found no place.
    wanting: Option<Timestamp>,
    /// Since when the last node has been empty.
    idle: Option<Timestamp>,
}

#[async_trait]
impl Start for Autoscaler {
    async fn start(&self, world: &Arc<World>) -> Result<(), StartError> {
        let (world, running) = (world.clone(), self.running.clone());
        tokio::spawn(async move {
            let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
            loop {
                let again = later(world.clock.now(), world.clock.shorten(INTERVAL).max(SHORTEST));
                tokio::select! {
                    () = world.clock.until(again) => {}
                    () = world.stopping.cancelled() => return,
                }
                look(&world, &running, &mut seen).await;
            }
        });
        Ok(())
    }
}

async fn look(world: &Arc<World>, running: &Clusters, seen: &mut BTreeMap<String, Seen>) {
    // Most clusters are none of its business, and are not copied.
    let autoscaled =
        world.state.read(|draft| resources::matching(draft, &world.subscription_id(), CLUSTERS, is_autoscaled));
    let mut now_seen = BTreeMap::new();
    for resource in autoscaled.iter().filter(|cluster| scales(cluster)) {
        let Some(cluster) = running.find(resource.id()) else { continue };
        for pool in resource.body["properties"]["agentPoolProfiles"].as_array().into_iter().flatten() {
            if pool["enableAutoScaling"] != true {
                continue;
            }
            let key = format!("{}/{}", resources::key(resource.id()), pool["name"].as_str().unwrap_or_default());
            let mut about = seen.get(&key).copied().unwrap_or_default();
            if let Err(refusal) = tend(world, &cluster, pool, &mut about).await {
                tracing::info!(%refusal, key, "the autoscaler leaves a pool as it is");
            }
            now_seen.insert(key, about);
        }
    }
    *seen = now_seen;
}

fn is_autoscaled(cluster: &Value) -> bool {
    let pools = cluster["properties"]["agentPoolProfiles"].as_array();
    pools.is_some_and(|pools| pools.iter().any(|pool| pool["enableAutoScaling"] == true))
}

fn scales(cluster: &Resource) -> bool {
    cluster.provisioning_state() == "Succeeded" && !power::is_stopped(cluster)
}

/// One look at one pool.
async fn tend(world: &Arc<World>, cluster: &Arc<Cluster>, pool: &Value, seen: &mut Seen) -> Result<(), Refusal> {
    let now = world.clock.now();
    let passed = |since: Timestamp, takes: Duration| later(since, world.clock.shorten(takes)) <= now;
    let number = |name: &str| pool[name].as_i64();
    let count = number("count").unwrap_or(0);
    let (least, most) = (number("minCount").unwrap_or(count), number("maxCount").unwrap_or(count));
    let name = pool["name"].as_str().unwrap_or_default();
    if count < most && cluster.has_homeless_pod(pool).await {
        let since = *seen.wanting.get_or_insert(now);
        if passed(since, MACHINE) {
            *seen = Seen::default();
            return resize(world, cluster, name, count, count + 1).await;
        }
        return Ok(());
    }
    seen.wanting = None;
    let last = node_of_pool(&cluster.id, name, count - 1);
    if count > least.max(1) && cluster.is_idle(&last).await {
        let since = *seen.idle.get_or_insert(now);
        if passed(since, UNNEEDED) {
            *seen = Seen::default();
            return resize(world, cluster, name, count, count - 1).await;
        }
        return Ok(());
    }
    seen.idle = None;
    Ok(())
}

/// Changes the number of a pool's nodes, unless somebody else has done so meanwhile or is about to.
async fn resize(world: &Arc<World>, cluster: &Cluster, pool: &str, from: i64, to: i64) -> Result<(), Refusal> {
    let changed = world
        .state
        .change(|draft| {
            let Some(mut found) = resources::find(draft, &cluster.id).filter(scales) else { return Ok(false) };
            let standing = pools::all(&mut found).find(|it| it["name"] == pool && it["count"] == from);
            let Some(standing) = standing else { return Ok(false) };
            standing["count"] = json!(to);
            quota::check(draft, world, &found.body, &[])?;
            node_group::settle(draft, world, &mut found)?;
            resources::put(draft, &found);
            pools::mirror(draft, &found);
            Ok::<_, Refusal>(true)
        })
        .await?;
    if changed {
        cluster.settle_nodes(&[]).await;
    }
    Ok(())
}

//! Stops and starts clusters: without nodes and API server a cluster costs no cores, and takes nothing but a start or
//! its deletion.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::clusters;
use super::{node_group, outcome, pools, quota};
use crate::arm::{Answer, Ask, Refusal};
use crate::kubernetes::{CLUSTERS, Clusters};
use crate::operations::Operation;
use crate::resources::{self, Resource};
use crate::world::World;

/// How long Azure takes.
const STOP: Duration = Duration::from_secs(120);
const START: Duration = Duration::from_secs(180);

/// Whether a cluster has no nodes and no API server now.
pub fn is_stopped(cluster: &Resource) -> bool {
    cluster.body["properties"]["powerState"]["code"] == "Stopped"
}

/// 400 where a cluster is stopped; `doing` is what cannot be done then (`updating`).
pub fn check_running(cluster: &Resource, doing: &str) -> Result<(), Refusal> {
    if is_stopped(cluster) { Err(not_now(cluster, doing)) } else { Ok(()) }
}

/// AKS' words about a cluster whose power state forbids something.
fn not_now(cluster: &Resource, doing: &str) -> Refusal {
    let power = cluster.body["properties"]["powerState"]["code"].as_str().unwrap_or_default();
    let state = cluster.provisioning_state();
    Refusal::bad(
        "BadRequest",
        format!(
            "managed cluster is in Provisioning State({state}) and Power State({power}), {doing} cannot be performed"
        ),
    )
}

fn set_power(cluster: &mut Resource, power: &str) {
    cluster.body["properties"]["powerState"] = json!({ "code": power });
    for pool in pools::all(cluster) {
        pool["powerState"] = json!({ "code": power });
    }
}

/// Begins a stop or a start.
pub async fn change(world: &World, ask: &Ask, verb: &str) -> Result<Answer, Refusal> {
    let (wanted_of, doing, state, takes) = match verb {
        "stop" => (false, "stopping", "Stopping", STOP),
        _ => (true, "starting", "Starting", START),
    };
    world
        .state
        .change(|draft| {
            let found = resources::find(draft, ask.id.as_str());
            let mut cluster = found.ok_or_else(|| Refusal::resource_not_found(&ask.id))?;
            clusters::check_free(&cluster, draft.now)?;
            if is_stopped(&cluster) != wanted_of {
                return Err(not_now(&cluster, doing));
            }
            if verb == "start" {
                quota::check(draft, world, &cluster.body, &[])?;
            }
            outcome::set_states(&mut cluster, state);
            resources::put(draft, &cluster);
            pools::mirror(draft, &cluster);
            let mut operation = Operation::begin(draft, &world.clock, CLUSTERS, cluster.id(), verb, takes);
            operation.arguments = json!({"location": cluster.body["location"]});
            operation.put(draft);
            Ok(clusters::accepted(operation, None))
        })
        .await
}

/// Takes the nodes away, ends the pods, and then the API server.
pub async fn stop(running: &Clusters, world: &Arc<World>, operation: &Operation) -> Result<(), Refusal> {
    let id = &operation.resource;
    settle(world, id, "Stopped").await?;
    if let Some(cluster) = running.find(id) {
        cluster.settle_nodes(&[]).await;
    }
    running.stop(id).await;
    outcome::succeed(world, operation, |cluster| cluster.private["runs"] = json!(false)).await
}

/// Makes the nodes anew, where there is room for them, and the API server.
pub async fn start(running: &Clusters, world: &Arc<World>, operation: &Operation) -> Result<(), Refusal> {
    settle(world, &operation.resource, "Running").await?;
    outcome::bring_about(running, world, operation).await
}

async fn settle(world: &World, id: &str, power: &str) -> Result<(), Refusal> {
    world
        .state
        .change(|draft| {
            let Some(mut cluster) = resources::find(draft, id) else { return Ok(()) };
            if cluster.provisioning_state() == "Deleting" {
                return Ok(());
            }
            if power == "Running" {
                quota::check(draft, world, &cluster.body, &[])?;
            }
            set_power(&mut cluster, power);
            node_group::settle(draft, world, &mut cluster)?;
            resources::put(draft, &cluster);
            pools::mirror(draft, &cluster);
            Ok(())
        })
        .await
}

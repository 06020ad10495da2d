//! What becomes of a cluster's operation: the nodes and their identities as the document says, or the state `Failed`.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{etags, node_group, pools, quota};
use crate::arm::Refusal;
use crate::kubernetes::Clusters;
use crate::kubernetes::cluster::Cluster;
use crate::operations::Operation;
use crate::resources::{self, Resource};
use crate::state::StateError;
use crate::world::World;

/// Sets the state of a cluster and of all its pools.
pub fn set_states(cluster: &mut Resource, state: &str) {
    cluster.set_provisioning_state(state);
    for pool in pools::all(cluster) {
        pool["provisioningState"] = json!(state);
    }
}

/// Makes what the cluster's document says: the group of the nodes, the API server, as many nodes as there are to be.
/// Nothing where the cluster is gone or on its way.
pub async fn prepare(running: &Clusters, world: &Arc<World>, id: &str) -> Result<Option<Arc<Cluster>>, Refusal> {
    let still_there = world
        .state
        .change(|draft| {
            let Some(mut cluster) = resources::find(draft, id) else { return Ok(false) };
            if cluster.provisioning_state() == "Deleting" {
                return Ok(false);
            }
            quota::check(draft, world, &cluster.body, &[])?;
            node_group::settle(draft, world, &mut cluster)?;
            cluster.private["runs"] = json!(true);
            resources::put(draft, &cluster);
            Ok::<_, Refusal>(true)
        })
        .await?;
    if !still_there {
        return Ok(None);
    }
    let opened = running.open(world, id).await.map_err(|error| Refusal::internal(&error.to_string()))?;
    opened.settle_nodes(&[]).await;
    Ok(Some(opened))
}

/// The same, and the end of the operation.
pub async fn bring_about(running: &Clusters, world: &Arc<World>, operation: &Operation) -> Result<(), Refusal> {
    let id = &operation.resource;
    if prepare(running, world, id).await?.is_none() {
        return Ok(());
    }
    let busy = match operation.verb == "create" {
        true => super::upkeep::after_creation(world, id),
        false => None,
    };
    succeed(world, operation, |cluster| {
        if let Some((since, until)) = busy {
            cluster.private["background"] = json!({"since": since, "until": until});
        }
    })
    .await
}

/// Ends an operation well; `change` sees the cluster too.
pub async fn succeed(world: &World, operation: &Operation, change: impl FnOnce(&mut Resource)) -> Result<(), Refusal> {
    world
        .state
        .change(|draft| {
            if let Some(mut cluster) = resources::find(draft, &operation.resource)
                && cluster.provisioning_state() != "Deleting"
            {
                set_states(&mut cluster, "Succeeded");
                change(&mut cluster);
                if let Some(properties) = cluster.body["properties"].as_object_mut() {
                    properties.remove("status");
                }
                etags::renew(&mut cluster, operation.arguments["pool"].as_str());
                resources::put(draft, &cluster);
                pools::mirror(draft, &cluster);
            }
            Ok(())
        })
        .await
}

/// What remains of a cluster whose operation failed; of one on a single pool, that pool.
pub async fn fail(world: &World, operation: &Operation, refusal: &Refusal) -> Result<(), StateError> {
    let pool = operation.arguments["upgrade"]["pool"].as_str().or_else(|| operation.arguments["pool"].as_str());
    world
        .state
        .change(|draft| {
            if let Some(mut cluster) = resources::find(draft, &operation.resource) {
                set_states(&mut cluster, "Failed");
                for other in pools::all(&mut cluster).filter(|it| pool.is_some_and(|pool| it["name"] != pool)) {
                    other["provisioningState"] = json!("Succeeded");
                }
                let error = json!({"code": refusal.code, "message": refusal.message});
                cluster.body["properties"]["status"] = json!({"provisioningError": error});
                etags::renew(&mut cluster, pool);
                resources::put(draft, &cluster);
                pools::mirror(draft, &cluster);
            }
            Ok(())
        })
        .await
}

/// The moment of a text, where it is one.
pub fn moment(text: &Value) -> Option<Timestamp> {
    text.as_str()?.parse().ok()
}

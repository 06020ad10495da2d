//! Gives a cluster a new certificate authority and a new local account: what was handed out before counts no longer.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{clusters, outcome, pools, power};
use crate::arm::{Answer, Ask, Refusal};
use crate::authority::Authority;
use crate::kubernetes::{CLUSTERS, Clusters};
use crate::operations::Operation;
use crate::resources;
use crate::world::World;

/// How long Azure takes; it speaks of up to 30 minutes in which the API server is away.
const ROTATION: Duration = Duration::from_secs(600);

/// The verb of the operation.
pub const ROTATE: &str = "rotate";

/// `rotateClusterCertificates`: 202, refused while the cluster is stopped or busy.
pub async fn begin(world: &World, ask: &Ask) -> Result<Answer, Refusal> {
    world
        .state
        .change(|draft| {
            let found = resources::find(draft, ask.id.as_str());
            let mut cluster = found.ok_or_else(|| Refusal::resource_not_found(&ask.id))?;
            clusters::check_free(&cluster, draft.now)?;
            power::check_running(&cluster, "rotating cluster certificates")?;
            outcome::set_states(&mut cluster, "RotatingClusterCertificates");
            resources::put(draft, &cluster);
            pools::mirror(draft, &cluster);
            let mut operation = Operation::begin(draft, &world.clock, CLUSTERS, cluster.id(), ROTATE, ROTATION);
            operation.arguments = json!({"location": cluster.body["location"]});
            operation.put(draft);
            Ok(clusters::accepted(operation, None))
        })
        .await
}

/// Makes authority and account, and starts the API server and all pods anew: both read them at their start.
pub async fn complete(running: &Clusters, world: &Arc<World>, operation: &Operation) -> Result<(), Refusal> {
    let id = &operation.resource;
    let kept = world.state.change(|draft| {
        let Some(mut cluster) = resources::find(draft, id) else { return Ok(()) };
        let name = cluster.body["name"].as_str().unwrap_or_default();
        let made = Authority::make(&format!("{name} ca"));
        cluster.private["authority"] = json!(made.map_err(|error| Refusal::internal(&error.to_string()))?.kept());
        cluster.private["local_token"] = json!(crate::machines::new_key());
        resources::put(draft, &cluster);
        Ok::<_, Refusal>(())
    });
    kept.await?;
    running.stop(id).await;
    outcome::bring_about(running, world, operation).await
}

//! What AKS does by itself, where the settings of the world let it: an operation right after a cluster was made, and
//! new images and versions in the maintenance windows of the cluster's channels.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::outcome::{moment, set_states};
use super::versions::Offer;
use super::{etags, maintenance, pools, power, quota, window};
use crate::StartError;
use crate::arm::Refusal;
use crate::clock::later;
use crate::kubernetes::CLUSTERS;
use crate::operations::{self, Operation};
use crate::parts::Start;
use crate::resources::{self, Resource};
use crate::settings::Settings;
use crate::state::Draft;
use crate::world::World;

/// How long AKS goes on with a cluster that it has told to be there.
const BACKGROUND: Duration = Duration::from_secs(60);
/// How often it looks for something to do, by the calendar.
const INTERVAL: Duration = Duration::from_secs(900);
/// How far back a window is looked for that opened since it looked last.
const LONGEST: Duration = Duration::from_secs(14 * 24 * 3600);
/// How long an upgrade takes before the first node.
const UPDATE: Duration = Duration::from_secs(75);

/// From when to when AKS itself works on a cluster that was just made, where it does so at all.
pub fn after_creation(world: &World, id: &str) -> Option<(Timestamp, Timestamp)> {
    let wanted = world.state.read(Settings::read).background_operation;
    wanted.then(|| (world.clock.now(), world.hold(id, "background", BACKGROUND)))
}

/// 409 while AKS itself works on a cluster.
pub fn check(cluster: &Resource, now: Timestamp) -> Result<(), Refusal> {
    let background = &cluster.private["background"];
    let (since, until) = (moment(&background["since"]), moment(&background["until"]));
    match (since, until) {
        (Some(since), Some(until)) if now < until => Err(Refusal::conflict(
            "OperationNotAllowed",
            format!(
                "Operation is not allowed because there's an in progress PutExtensionAddonHandler.PUT operation on the managed cluster started at {since}. Please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details"
            ),
        )),
        _ => Ok(()),
    }
}

/// Looks at every cluster from time to time.
pub struct Upkeep;

#[async_trait]
impl Start for Upkeep {
    async fn start(&self, world: &Arc<World>) -> Result<(), StartError> {
        let world = world.clone();
        tokio::spawn(async move {
            let mut looked = world.clock.now();
            loop {
                tokio::select! {
                    () = world.clock.until(later(looked, INTERVAL)) => {}
                    () = world.stopping.cancelled() => return,
                }
                let now = world.clock.now();
                if world.state.read(Settings::read).maintenance {
                    look(&world, looked, now).await;
                }
                looked = now;
            }
        });
        Ok(())
    }
}

async fn look(world: &Arc<World>, since: Timestamp, now: Timestamp) {
    let all = world.state.read(|draft| resources::of_kind(draft, &world.subscription_id(), CLUSTERS));
    for cluster in all {
        let begun = world.state.change(|draft| maintain(draft, world, cluster.id(), since, now)).await;
        match begun {
            Ok(Some(operation)) => operations::follow(world, operation),
            Ok(None) => {}
            Err(refusal) => tracing::info!(%refusal, cluster = cluster.id(), "AKS leaves a cluster as it is"),
        }
    }
}

/// Begins what a channel of the cluster wants, where its window has been open.
fn maintain(
    draft: &mut Draft<'_>,
    world: &World,
    id: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<Option<Operation>, Refusal> {
    let Some(mut cluster) = resources::find(draft, id) else { return Ok(None) };
    if cluster.provisioning_state() != "Succeeded" || power::is_stopped(&cluster) || check(&cluster, now).is_err() {
        return Ok(None);
    }
    let offered = |name: &str| last_open(draft, id, name, since, now).map(|at| Offer::at(draft, at));
    let (versions, images) = (offered(maintenance::VERSIONS), offered(maintenance::IMAGES));
    let channels = cluster.body["properties"]["autoUpgradeProfile"].clone();
    let changed = versions.is_some_and(|offer| upgrade(&offer, &channels, &mut cluster))
        || images.is_some_and(|offer| renew(&offer, &channels, &mut cluster));
    if !changed {
        return Ok(None);
    }
    let names: Vec<String> = pools::all(&mut cluster).filter_map(|it| it["name"].as_str().map(str::to_owned)).collect();
    quota::check(draft, world, &cluster.body, &names)?;
    set_states(&mut cluster, "Upgrading");
    etags::renew(&mut cluster, None);
    resources::put(draft, &cluster);
    pools::mirror(draft, &cluster);
    let mut operation = Operation::begin(draft, &world.clock, CLUSTERS, id, "update", UPDATE);
    operation.arguments = json!({"location": cluster.body["location"]});
    operation.put(draft);
    Ok(Some(operation))
}

/// When a window was open last since it was looked. Without a configuration AKS chooses the time.
fn last_open(draft: &Draft<'_>, id: &str, name: &str, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let find = |name: &str| resources::find(draft, &format!("{id}/maintenanceConfigurations/{name}"));
    let Some(found) = find(name).or_else(|| find(maintenance::DEFAULT)) else { return Some(now) };
    let earliest = since.max(now.checked_sub(LONGEST).unwrap_or(since));
    let mut at = now;
    while at > earliest {
        if window::is_open(&found.body["properties"], at) {
            return Some(at);
        }
        at = at.checked_sub(INTERVAL).ok()?;
    }
    None
}

/// A newer version, as the channel says; whether there is one.
fn upgrade(offer: &Offer, channels: &Value, cluster: &mut Resource) -> bool {
    let current = cluster.body["properties"]["currentKubernetesVersion"].as_str().unwrap_or_default().to_owned();
    let Some(version) = offer.by_channel(&current, channels["upgradeChannel"].as_str().unwrap_or_default()) else {
        return false;
    };
    for field in ["kubernetesVersion", "currentKubernetesVersion"] {
        cluster.body["properties"][field] = json!(version);
    }
    for pool in pools::all(cluster) {
        pool["orchestratorVersion"] = json!(version);
        pool["currentOrchestratorVersion"] = json!(version);
        pool["nodeImageVersion"] = json!(offer.image(pool["osSKU"].as_str().unwrap_or_default()));
    }
    true
}

/// The newest image, where a channel asks for images; whether a pool has an older one.
fn renew(offer: &Offer, channels: &Value, cluster: &mut Resource) -> bool {
    let wanted = channels["nodeOSUpgradeChannel"] == "NodeImage" || channels["upgradeChannel"] == "node-image";
    let mut changed = false;
    for pool in pools::all(cluster).filter(|_| wanted) {
        let newest = json!(offer.image(pool["osSKU"].as_str().unwrap_or_default()));
        changed |= pool["nodeImageVersion"] != newest;
        pool["nodeImageVersion"] = newest;
    }
    changed
}

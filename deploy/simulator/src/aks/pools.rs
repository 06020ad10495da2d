//! Agent pools: each is a part of its cluster's document, and a resource of its own beside it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::clusters::{self, POLL, accepted};
use super::pool_body::complete_pool;
use super::versions::Offer;
use super::{body, etags, outcome, power, quota, sizes, upgrade};
use crate::arm::{Answer, Ask, Poll, Refusal};
use crate::kubernetes::Clusters;
use crate::operations::Operation;
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::state::{Draft, StateError};
use crate::world::World;

/// The provider type of agent pools.
pub const POOLS: &str = "Microsoft.ContainerService/managedClusters/agentPools";
const TAKES: Duration = Duration::from_secs(90);

pub struct AgentPools {
    pub running: Arc<Clusters>,
}

/// Writes the pools of a cluster's document as resources of their own.
pub fn mirror(draft: &mut Draft<'_>, cluster: &Resource) {
    let prefix = format!("{}/agentPools/", cluster.id());
    let mut stay = Vec::new();
    for pool in cluster.body["properties"]["agentPoolProfiles"].as_array().into_iter().flatten() {
        let name = pool["name"].as_str().unwrap_or_default();
        let mut properties = pool.clone();
        if let Some(properties) = properties.as_object_mut() {
            properties.remove("name");
        }
        let id = format!("{prefix}{name}");
        stay.push(resources::key(&id));
        let body = json!({"id": id, "name": name, "type": POOLS, "properties": properties});
        resources::put(draft, &Resource::new(body));
    }
    for pool in resources::of_kind(draft, &prefix, POOLS) {
        if !stay.contains(&resources::key(pool.id())) {
            resources::remove(draft, pool.id());
        }
    }
}

fn cluster_of(draft: &Draft<'_>, ask: &Ask) -> Result<Resource, Refusal> {
    let parent = ask.id.parent().map(|it| it.as_str().to_owned()).unwrap_or_default();
    resources::find(draft, &parent).ok_or_else(|| Refusal::resource_not_found(&ask.id))
}

/// The cluster that a request about a pool changes: it has to be running, and free.
fn changeable(draft: &Draft<'_>, ask: &Ask) -> Result<Resource, Refusal> {
    let cluster = cluster_of(draft, ask)?;
    clusters::check_free(&cluster, draft.now)?;
    power::check_running(&cluster, "updating agent pools")?;
    Ok(cluster)
}

/// Begins an operation on one pool of a cluster.
pub fn begin(draft: &mut Draft<'_>, world: &World, cluster: &mut Resource, pool: &str) -> Operation {
    cluster.set_provisioning_state("Updating");
    etags::renew(cluster, Some(pool));
    resources::put(draft, cluster);
    mirror(draft, cluster);
    let mut operation = Operation::begin(draft, &world.clock, POOLS, cluster.id(), "update", TAKES);
    operation.arguments = json!({"location": cluster.body["location"], "pool": pool});
    operation.put(draft);
    operation
}

/// Begins to put the newest image on the nodes of a pool.
pub fn begin_image(
    draft: &mut Draft<'_>,
    world: &World,
    cluster: &mut Resource,
    name: &str,
) -> Result<Operation, Refusal> {
    let offer = Offer::read(draft);
    for pool in all(cluster).filter(|it| it["name"] == name) {
        pool["nodeImageVersion"] = json!(offer.image(pool["osSKU"].as_str().unwrap_or_default()));
        pool["provisioningState"] = json!("UpgradingNodeImageVersion");
    }
    quota::check(draft, world, &cluster.body, &[name.to_owned()])?;
    Ok(begin(draft, world, cluster, name))
}

/// The pools whose version differs from what stands: their nodes are going to be replaced.
pub fn surging(before: Option<&Value>, after: &Value) -> Vec<String> {
    let pools = |cluster: &Value| cluster["properties"]["agentPoolProfiles"].as_array().cloned().unwrap_or_default();
    let standing = before.map(&pools).unwrap_or_default();
    let changes = |pool: &&Value| {
        let same = standing.iter().find(|it| it["name"] == pool["name"]);
        same.is_some_and(|it| it["currentOrchestratorVersion"] != pool["currentOrchestratorVersion"])
    };
    pools(after).iter().filter(changes).filter_map(|pool| pool["name"].as_str().map(str::to_owned)).collect()
}

/// The pools of a cluster's document.
pub fn all(cluster: &mut Resource) -> impl Iterator<Item = &mut Value> {
    cluster.body["properties"]["agentPoolProfiles"].as_array_mut().into_iter().flatten()
}

fn pools(cluster: &mut Resource) -> Result<&mut Vec<Value>, Refusal> {
    cluster.body["properties"]["agentPoolProfiles"]
        .as_array_mut()
        .ok_or_else(|| Refusal::internal("a cluster has no list of agent pools"))
}

#[async_trait]
impl Kind for AgentPools {
    fn name(&self) -> &'static str {
        POOLS
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let name = ask.id.name().to_owned();
        world
            .state
            .change(|draft| {
                let mut cluster = changeable(draft, ask)?;
                let before = cluster.body.clone();
                let version = before["properties"]["currentKubernetesVersion"].as_str().unwrap_or_default();
                let location = before["location"].as_str().unwrap_or_default();
                let most_pods = before["properties"]["agentPoolProfiles"][0]["maxPods"].as_i64().unwrap_or(250);
                let mut pool = ask.body["properties"].clone();
                if !pool.is_object() {
                    return Err(body::invalid("properties", "Required parameter properties is missing (null)."));
                }
                pool["name"] = json!(name);
                let offer = Offer::read(draft);
                complete_pool(&offer, &mut pool, version, location, most_pods)?;
                offer.settle_images(Some(&before), std::slice::from_mut(&mut pool));
                let all = pools(&mut cluster)?;
                let standing = all.iter().position(|it| it["name"] == name.as_str());
                ask.check_precondition(standing.map(|at| &all[at]))?;
                let changes = standing
                    .is_some_and(|at| all[at]["currentOrchestratorVersion"] != pool["currentOrchestratorVersion"]);
                pool["provisioningState"] = json!(match (standing, changes) {
                    (None, _) => "Creating",
                    (Some(_), false) => "Updating",
                    (Some(_), true) => "Upgrading",
                });
                match standing {
                    Some(at) if all[at]["vmSize"] != pool["vmSize"] => {
                        return Err(Refusal::bad(
                            "PropertyChangeNotAllowed",
                            "Changing property 'properties.vmSize' is not allowed.",
                        )
                        .about("properties.vmSize"));
                    }
                    Some(at) => {
                        // The zones of nodes that are there stay as they are.
                        match (pool.as_object_mut(), all[at].get("availabilityZones")) {
                            (Some(pool), Some(zones)) => drop(pool.insert("availabilityZones".into(), zones.clone())),
                            (Some(pool), None) => drop(pool.remove("availabilityZones")),
                            (None, _) => {}
                        }
                        all[at] = pool;
                    }
                    None => all.push(pool),
                }
                sizes::check(draft, &cluster.body)?;
                quota::check(draft, world, &cluster.body, &surging(Some(&before), &cluster.body))?;
                let operation = begin(draft, world, &mut cluster, &name);
                let body = resources::find(draft, &ask.canonical).map(|it| it.body);
                let status = if standing.is_some() { StatusCode::OK } else { StatusCode::CREATED };
                Ok(Answer::Long { status, body, operation, poll: Poll::AsyncOperation, retry_after: POLL })
            })
            .await
    }

    async fn delete(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let name = ask.id.name().to_owned();
        world
            .state
            .change(|draft| {
                let mut cluster = changeable(draft, ask)?;
                let all = pools(&mut cluster)?;
                let Some(standing) = all.iter().find(|it| it["name"] == name.as_str()) else {
                    return Ok(Answer::Empty(StatusCode::NO_CONTENT));
                };
                ask.check_precondition(Some(standing))?;
                let others_run_the_system = all.iter().any(|it| it["name"] != name.as_str() && it["mode"] == "System");
                if !others_run_the_system {
                    return Err(Refusal::bad(
                        "OperationNotAllowed",
                        format!("There has to be at least one system agent pool: {name} is the last one."),
                    ));
                }
                all.retain(|it| it["name"] != name.as_str());
                let operation = begin(draft, world, &mut cluster, &name);
                Ok(accepted(operation, None))
            })
            .await
    }

    async fn act(&self, world: &Arc<World>, ask: &Ask, action: &str) -> Result<Answer, Refusal> {
        if !action.eq_ignore_ascii_case("upgradeNodeImageVersion") {
            return Err(Refusal::method_not_allowed());
        }
        let name = ask.id.name().to_owned();
        world
            .state
            .change(|draft| {
                let mut cluster = changeable(draft, ask)?;
                let operation = begin_image(draft, world, &mut cluster, &name)?;
                let body = resources::find(draft, &ask.canonical).map(|it| it.body);
                Ok(accepted(operation, body))
            })
            .await
    }

    async fn view(&self, world: &Arc<World>, ask: &Ask, view: &str) -> Result<Answer, Refusal> {
        if !view.eq_ignore_ascii_case("upgradeProfiles/default") {
            return Err(Refusal::resource_not_found(&ask.id));
        }
        let found = world.state.read(|draft| resources::find(draft, ask.id.as_str()));
        let pool = found.ok_or_else(|| Refusal::resource_not_found(&ask.id))?.body;
        let version = pool["properties"]["currentOrchestratorVersion"].as_str().unwrap_or_default();
        let offer = world.state.read(Offer::read);
        let upgrades = offer.upgrades_of(version);
        Ok(Answer::Document(
            StatusCode::OK,
            json!({
                "id": format!("{}/upgradeprofiles/default", ask.canonical),
                "name": "default",
                "type": format!("{POOLS}/upgradeProfiles"),
                "properties": {
                    "kubernetesVersion": version, "osType": "Linux", "upgrades": upgrades,
                    "latestNodeImageVersion": offer.image(pool["properties"]["osSKU"].as_str().unwrap_or_default()),
                },
            }),
        ))
    }

    async fn proceed(&self, world: &Arc<World>, operation: &mut Operation) -> Result<Option<Timestamp>, Refusal> {
        upgrade::proceed(&self.running, world, operation).await
    }

    async fn complete(&self, world: &Arc<World>, operation: &Operation) -> Result<(), Refusal> {
        outcome::bring_about(&self.running, world, operation).await
    }

    async fn fail(&self, world: &Arc<World>, operation: &Operation, refusal: &Refusal) -> Result<(), StateError> {
        outcome::fail(world, operation, refusal).await
    }
}

//! Collects records every minute from each cluster that reports.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::rows::Cluster;
use super::workspaces::{WORKSPACES, customer_id};
use super::{FIRST_RECORDS, associations, records, rules};
use crate::kubernetes::{CLUSTERS, inventory};
use crate::parts::{Parts, Start};
use crate::resources::{self, Resource};
use crate::state::{Draft, StateError};
use crate::world::World;
use crate::{StartError, clock};

/// How often the agents send.
const INTERVAL: Duration = Duration::from_secs(60);

/// At a high speed a minute is shorter than it is worth to look.
const SHORTEST: Duration = Duration::from_millis(500);

/// The collection of the clusters that report, by lower-case resource id.
const REPORTING: &str = "reportingClusters";

/// What is remembered of a cluster that reports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Reporting {
    /// Since when its set-up is complete.
    since: Timestamp,
    /// Up to when lines and events have been collected.
    collected: Timestamp,
}

pub(super) fn attach(parts: &mut Parts) {
    parts.add_start(Collect);
}

struct Collect;

#[async_trait]
impl Start for Collect {
    async fn start(&self, world: &Arc<World>) -> Result<(), StartError> {
        let world = world.clone();
        tokio::spawn(async move {
            loop {
                if let Err(error) = collect(&world).await {
                    tracing::error!(%error, "records could not be kept");
                }
                let again = clock::later(world.clock.now(), world.clock.shorten(INTERVAL).max(SHORTEST));
                tokio::select! {
                    () = world.clock.until(again) => {}
                    () = world.stopping.cancelled() => return,
                }
            }
        });
        Ok(())
    }
}

/// One round over all clusters.
async fn collect(world: &Arc<World>) -> Result<(), StateError> {
    let now = world.clock.now();
    let reporting: BTreeMap<String, (Resource, Vec<String>)> = world.state.read(|draft| {
        let clusters = resources::of_kind(draft, &world.subscription_id(), CLUSTERS);
        let with = clusters.into_iter().map(|cluster| {
            let workspaces = workspaces_of(draft, &cluster);
            (resources::key(cluster.id()), (cluster, workspaces))
        });
        with.filter(|(_, (_, workspaces))| !workspaces.is_empty()).collect()
    });
    for (id, _) in world.state.list(REPORTING) {
        if !reporting.contains_key(&id) {
            world.state.remove(REPORTING, &id).await?;
        }
    }
    for (id, (cluster, workspaces)) in reporting {
        let known = world.state.get(REPORTING, &id).and_then(|known| serde_json::from_value::<Reporting>(known).ok());
        let known = match known {
            Some(known) => known,
            None => {
                let new = Reporting { since: now, collected: now };
                world.state.put(REPORTING, &id, serde_json::to_value(&new).unwrap_or(Value::Null)).await?;
                new
            }
        };
        if clock::later(known.since, world.clock.shorten(FIRST_RECORDS)) <= now {
            one(world, &id, &cluster, &workspaces, known, now).await?;
        }
    }
    Ok(())
}

/// The customer ids of the workspaces that a cluster sends to, none while anything of the set-up is missing.
fn workspaces_of(draft: &Draft<'_>, cluster: &Resource) -> Vec<String> {
    let runs = cluster.provisioning_state() != "Deleting"
        && cluster.body["properties"]["powerState"]["code"].as_str() != Some("Stopped");
    if !runs || !agent_runs(cluster) {
        return Vec::new();
    }
    let under = format!("{}/", cluster.id());
    let rules = resources::of_kind(draft, &under, associations::ASSOCIATIONS);
    let rules = rules.iter().filter_map(|association| resources::find(draft, associations::rule_of(association)));
    let workspaces = rules.flat_map(|rule| rules::workspaces_of(&rule));
    let workspaces = workspaces.filter_map(|id| resources::find(draft, &id));
    let mut found: Vec<String> = workspaces
        .filter(|found| found.kind().eq_ignore_ascii_case(WORKSPACES) && found.provisioning_state() == "Succeeded")
        .map(|found| customer_id(&found).to_owned())
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Whether the add-on runs and signs in with the cluster's identity. Azure writes its name in two ways.
fn agent_runs(cluster: &Resource) -> bool {
    let addons = cluster.body["properties"]["addonProfiles"].as_object();
    let addon = addons.and_then(|addons| addons.iter().find(|(name, _)| name.eq_ignore_ascii_case("omsagent")));
    let Some((_, addon)) = addon else { return false };
    let config = addon["config"].as_object();
    let mut settings = config.into_iter().flatten();
    let signs_in = settings.any(|(name, value)| {
        name.eq_ignore_ascii_case("useAADAuth")
            && value.as_str().is_some_and(|value| value.eq_ignore_ascii_case("true"))
    });
    addon["enabled"] == true && signs_in
}

async fn one(
    world: &Arc<World>,
    id: &str,
    cluster: &Resource,
    workspaces: &[String],
    known: Reporting,
    now: Timestamp,
) -> Result<(), StateError> {
    let about = Cluster { id: cluster.id(), name: cluster.body["name"].as_str().unwrap_or_default(), now };
    let objects = |plural: &str| inventory::objects(world, cluster.id(), plural);
    let pods = objects("pods");
    let mut lines = Vec::new();
    for pod in &pods {
        for (container, line) in inventory::log_lines(world, cluster.id(), pod) {
            if line.time > known.collected && line.time <= now {
                lines.push(about.line(pod, &container, line.time, &line.stream, &line.text));
            }
        }
    }
    let tables = [
        ("KubeNodeInventory", about.nodes(&objects("nodes"))),
        ("KubePodInventory", about.pods(&pods, &objects("services"))),
        ("KubeEvents", about.events(&objects("events"), known.collected)),
        ("ContainerLogV2", lines),
    ];
    let source = cluster.body["name"].as_str().unwrap_or_default();
    let next = Reporting { collected: now, ..known };
    world
        .state
        .change(|draft| {
            for workspace in workspaces {
                for (table, rows) in &tables {
                    records::add(draft, workspace, table, source, now, rows.clone());
                }
            }
            draft.put(REPORTING, id, serde_json::to_value(&next).unwrap_or(Value::Null));
            Ok(())
        })
        .await
}

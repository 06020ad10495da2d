//! Collects records every minute from each cluster that reports.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::records::{self, Keep, Place};
use super::rows::Cluster;
use super::workspaces::{self, WORKSPACES};
use super::{FIRST_RECORDS, associations, rules};
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

/// The pause after a round is so many times as long as the round: of many clusters each reports less often.
const SHARE: u32 = 20;

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
        let kept = world.state.list(REPORTING).into_iter();
        let mut known: Known = kept.filter_map(|(id, kept)| Some((id, serde_json::from_value(kept).ok()?))).collect();
        tokio::spawn(async move {
            loop {
                let begun = Instant::now();
                if let Err(error) = collect(&world, &mut known).await {
                    tracing::error!(%error, "records could not be kept");
                }
                let pause = world.clock.shorten(INTERVAL).max(SHORTEST).max(begun.elapsed() * SHARE);
                let again = clock::later(world.clock.now(), pause);
                tokio::select! {
                    () = world.clock.until(again) => {}
                    () = world.stopping.cancelled() => return,
                }
            }
        });
        Ok(())
    }
}

/// The clusters that report, by lower-case resource id.
type Known = BTreeMap<String, Reporting>;

/// One round over all clusters, written at once; where nothing happened, nothing is written.
async fn collect(world: &Arc<World>, known: &mut Known) -> Result<(), StateError> {
    let now = world.clock.now();
    let reporting: BTreeMap<String, (Resource, Vec<Place>)> = world.state.read(|draft| {
        let clusters = resources::matching(draft, &world.subscription_id(), CLUSTERS, agent_runs);
        let with = clusters.into_iter().map(|cluster| {
            let places = places_of(draft, &cluster);
            (resources::key(cluster.id()), (cluster, places))
        });
        with.filter(|(_, (_, places))| !places.is_empty()).collect()
    });
    let gone: Vec<String> = known.keys().filter(|id| !reporting.contains_key(*id)).cloned().collect();
    known.retain(|id, _| reporting.contains_key(id));
    let mut new = Vec::new();
    let mut found = Vec::new();
    for (id, (cluster, places)) in &reporting {
        let about = known.entry(id.clone()).or_insert_with(|| {
            new.push(id.clone());
            Reporting { since: now, collected: now }
        });
        if clock::later(about.since, world.clock.shorten(FIRST_RECORDS)) <= now {
            found.push((id, places, source(cluster), look(world, cluster, about.collected, now)));
            about.collected = now;
        }
    }
    world
        .state
        .change(|draft| {
            for id in &gone {
                draft.remove(REPORTING, id);
            }
            for (id, places, source, tables) in found {
                let mut is_written = false;
                for (place, (table, keep, rows)) in
                    places.iter().flat_map(|place| tables.iter().map(move |it| (place, it)))
                {
                    is_written |= records::add(draft, place, table, source, now, rows.clone(), *keep);
                }
                if is_written {
                    new.push(id.clone());
                }
            }
            for id in new {
                draft.put(REPORTING, &id, serde_json::to_value(&known[&id]).unwrap_or(Value::Null));
            }
            Ok(())
        })
        .await
}

fn source(cluster: &Resource) -> &str {
    cluster.body["name"].as_str().unwrap_or_default()
}

/// The workspaces that a cluster sends to, none while anything of the set-up is missing.
fn places_of(draft: &Draft<'_>, cluster: &Resource) -> Vec<Place> {
    let runs = cluster.provisioning_state() != "Deleting"
        && cluster.body["properties"]["powerState"]["code"].as_str() != Some("Stopped");
    if !runs {
        return Vec::new();
    }
    let under = format!("{}/", cluster.id());
    let rules = resources::of_kind(draft, &under, associations::ASSOCIATIONS);
    let rules = rules.iter().filter_map(|association| resources::find(draft, associations::rule_of(association)));
    let named = rules.flat_map(|rule| rules::workspaces_of(&rule));
    let workspaces = named.filter_map(|id| resources::find(draft, &id));
    let mut found: Vec<Place> = workspaces
        .filter(|found| found.kind().eq_ignore_ascii_case(WORKSPACES) && found.provisioning_state() == "Succeeded")
        .map(|found| workspaces::place(&found))
        .collect();
    found.sort_by(|one, other| one.customer.cmp(&other.customer));
    found.dedup_by(|one, other| one.customer == other.customer);
    found
}

/// Whether the add-on runs and signs in with the cluster's identity. Azure writes its name in two ways.
fn agent_runs(cluster: &Value) -> bool {
    let addons = cluster["properties"]["addonProfiles"].as_object();
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

/// What a cluster reports: rows by table.
type Tables = [(&'static str, Keep, Vec<Value>); 5];

fn look(world: &World, cluster: &Resource, since: Timestamp, now: Timestamp) -> Tables {
    let about = Cluster { id: cluster.id(), name: source(cluster), now };
    let objects = |plural: &str| inventory::objects(world, cluster.id(), plural);
    let pods = objects("pods");
    let mut lines = Vec::new();
    for pod in &pods {
        for (container, line) in inventory::log_lines(world, cluster.id(), pod) {
            if line.time > since && line.time <= now {
                lines.push(about.line(pod, &container, line.time, &line.stream, &line.text));
            }
        }
    }
    [
        ("KubeNodeInventory", Keep::Latest, about.nodes(&objects("nodes"))),
        ("KubePodInventory", Keep::Latest, about.pods(&pods, &objects("services"))),
        ("InsightsMetrics", Keep::Latest, about.metrics(&objects("deployments.apps"))),
        ("KubeEvents", Keep::Every, about.events(&objects("events"), since)),
        ("ContainerLogV2", Keep::Every, lines),
    ]
}

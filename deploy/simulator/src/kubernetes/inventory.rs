//! What runs in a cluster, for those who report on it from outside (Log Analytics): nodes, pods, events and log lines.
//!
//! Everything is read from the state and from the files of the pods; nothing has to run for it.

use serde_json::Value;

use super::cluster::{OBJECTS, pod_folder};
use super::object::{self, list, text};
use super::pods::log::Log;
use crate::resources;
use crate::world::World;

pub use super::pods::log::Line;

/// The objects of one kind (`nodes`, `pods`, `services`, `events`) of a cluster, as its API shows them.
pub fn objects(world: &World, cluster_id: &str, plural: &str) -> Vec<Value> {
    let Some(uid) = cluster_uid(world, cluster_id) else { return Vec::new() };
    let mut found = Vec::new();
    world.state.read(|draft| {
        draft.visit(OBJECTS, &format!("{uid}/{plural}/"), |_, record| found.push(record["object"].clone()));
    });
    found
}

/// The log lines of every container of a pod, all its starts, oldest first: (container, line).
pub fn log_lines(world: &World, cluster_id: &str, pod: &Value) -> Vec<(String, Line)> {
    let Some(uid) = cluster_uid(world, cluster_id) else { return Vec::new() };
    let folder = pod_folder(world, &uid, object::uid(pod));
    let mut lines = Vec::new();
    for status in list(pod, "/status/containerStatuses") {
        let container = text(status, "/name");
        for turn in 0..=status["restartCount"].as_i64().unwrap_or(0) {
            let log = Log::at(&folder, container, turn);
            lines.extend(log.lines().into_iter().map(|line| (container.to_string(), line)));
        }
    }
    lines.sort_by_key(|(_, line)| line.time);
    lines
}

fn cluster_uid(world: &World, cluster_id: &str) -> Option<String> {
    let uid = |cluster: &Value| text(cluster, "/properties/resourceUID").to_string();
    world.state.read(|draft| resources::look(draft, cluster_id, uid))
}

//! Gives each new pod a node: the one with the fewest pods among those that take it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::node::{UNSCHEDULABLE, untolerated};
use super::{Snapshot, Wanted, Write};
use crate::kubernetes::event::Tone;
use crate::kubernetes::kind;
use crate::kubernetes::object::{self, is_condition_true, text};
use crate::kubernetes::store::Key;

pub fn look(snapshot: &Snapshot) -> Wanted {
    let mut wanted = Wanted::default();
    let mut load: BTreeMap<&str, i64> = BTreeMap::new();
    for pod in snapshot.of(&kind::POD) {
        *load.entry(text(pod, "/spec/nodeName")).or_default() += 1;
    }
    let waiting =
        snapshot.of(&kind::POD).filter(|pod| text(pod, "/spec/nodeName").is_empty() && !object::is_deleting(pod));
    for pod in waiting {
        let nodes: Vec<&Arc<Value>> = snapshot.of(&kind::NODE).collect();
        let best = nodes
            .iter()
            .filter(|node| takes(node, pod) && load.get(object::name(node)).copied().unwrap_or(0) < capacity(node))
            .min_by_key(|node| load.get(object::name(node)).copied().unwrap_or(0));
        let now = object::time(snapshot.now);
        match best {
            Some(node) => {
                let node = object::name(node);
                *load.entry(node).or_default() += 1;
                let scheduled =
                    json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": now});
                wanted.writes.push(Write::Merge(
                    Key::of(&kind::POD, pod),
                    json!({"spec": {"nodeName": node}, "status": {"conditions": [scheduled]}}),
                ));
                let message =
                    format!("Successfully assigned {}/{} to {node}", object::namespace(pod), object::name(pod));
                wanted.writes.push(note(pod, Tone::Normal, "Scheduled", message));
            }
            None if !is_told(pod) => {
                let message = format!("0/{} nodes are available: {}.", nodes.len(), reasons(&nodes, pod));
                let refused = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                    "message": message, "lastProbeTime": null, "lastTransitionTime": now});
                wanted
                    .writes
                    .push(Write::Merge(Key::of(&kind::POD, pod), json!({"status": {"conditions": [refused]}})));
                wanted.writes.push(note(pod, Tone::Warning, "FailedScheduling", message));
            }
            None => {}
        }
    }
    wanted
}

fn note(pod: &Arc<Value>, tone: Tone, reason: &'static str, message: String) -> Write {
    Write::Note { kind: &kind::POD, object: pod.clone(), component: "default-scheduler", tone, reason, message }
}

fn is_told(pod: &Value) -> bool {
    object::condition(pod, "PodScheduled").is_some_and(|it| it["reason"] == "Unschedulable")
}

/// Whether a pod may be on a node, as far as anything but room decides it.
pub fn takes(node: &Value, pod: &Value) -> bool {
    let wanted = &pod["spec"]["nodeSelector"];
    !is_closed(node, pod)
        && untolerated(node, pod).is_none()
        && is_condition_true(node, "Ready")
        && (wanted.is_null() || object::has_labels(node, wanted))
}

/// Whether a node is closed to a pod: its taint may not be there yet.
fn is_closed(node: &Value, pod: &Value) -> bool {
    let closed = json!({"spec": {"taints": [{"key": UNSCHEDULABLE, "effect": "NoSchedule"}]}});
    node["spec"]["unschedulable"] == true && untolerated(&closed, pod).is_some()
}

fn capacity(node: &Value) -> i64 {
    text(node, "/status/allocatable/pods").parse().unwrap_or(110)
}

fn reasons(nodes: &[&Arc<Value>], pod: &Value) -> String {
    let closed = nodes.iter().filter(|node| is_closed(node, pod)).count();
    let full = nodes.iter().filter(|node| takes(node, pod)).count();
    let mut tainted: BTreeMap<String, usize> = BTreeMap::new();
    for taint in nodes.iter().filter(|node| !is_closed(node, pod)).filter_map(|node| untolerated(node, pod)) {
        *tainted.entry(format!("{}: {}", text(taint, "/key"), text(taint, "/value"))).or_default() += 1;
    }
    let others = nodes.len() - closed - full - tainted.values().sum::<usize>();
    let mut parts = Vec::new();
    for (taint, count) in tainted {
        parts.push(format!("{count} node(s) had untolerated taint {{{taint}}}"));
    }
    if closed > 0 {
        parts.push(format!("{closed} node(s) were unschedulable"));
    }
    if full > 0 {
        parts.push(format!("{full} Too many pods"));
    }
    if others > 0 {
        parts.push(format!("{others} node(s) didn't match Pod's node affinity/selector"));
    }
    if parts.is_empty() { "no nodes available to schedule pods".to_string() } else { parts.join(", ") }
}

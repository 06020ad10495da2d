//! Keeps as many pods as a ReplicaSet asks for, and counts them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Snapshot, Wanted, Write};
use crate::clock::later;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::event::Tone;
use crate::kubernetes::kind;
use crate::kubernetes::object::{self, is_condition_true, number, text};
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::removal::Wish;
use crate::kubernetes::store::Key;

/// How long a ReplicaSet waits after a pod was refused before it tries again.
const RETRY: Duration = Duration::from_secs(10);

pub fn look(snapshot: &Snapshot) -> Wanted {
    let mut wanted = Wanted::default();
    for set in snapshot.of(&kind::REPLICA_SET) {
        if object::is_deleting(set) {
            continue;
        }
        let key = Key::of(&kind::REPLICA_SET, set);
        let mut pods: Vec<_> = snapshot.owned(&kind::POD, set).into_iter().filter(|pod| is_active(pod)).collect();
        let desired = number(set, "/spec/replicas").unwrap_or(1);
        let surplus = pods.len() as i64 - desired;
        let waits_until = object::condition(set, "ReplicaFailure")
            .and_then(|condition| object::time_at(condition, "/lastTransitionTime"))
            .map(|refused| later(refused, (snapshot.shorten)(RETRY).max(Duration::from_secs(1))));
        if surplus < 0 && waits_until.is_some_and(|until| until > snapshot.now) {
            wanted.again = waits_until.into_iter().chain(wanted.again).min();
        } else if surplus < 0 {
            for _ in surplus..0 {
                wanted.writes.push(Write::Create(&kind::POD, pod_of(set)));
            }
        } else if surplus > 0 {
            // The least useful first: not ready, then youngest.
            pods.sort_by_key(|pod| {
                let created = text(pod, "/metadata/creationTimestamp").to_string();
                (is_condition_true(pod, "Ready"), std::cmp::Reverse(created))
            });
            for pod in pods.drain(..surplus as usize) {
                wanted.writes.push(Write::Delete(Key::of(&kind::POD, pod), Wish::default()));
                wanted.writes.push(Write::Note {
                    kind: &kind::REPLICA_SET,
                    object: set.clone(),
                    component: "replicaset-controller",
                    tone: Tone::Normal,
                    reason: "SuccessfulDelete",
                    message: format!("Deleted pod: {}", object::name(pod)),
                });
            }
        }
        let rest_seconds = number(set, "/spec/minReadySeconds").unwrap_or(0);
        let rest = (snapshot.shorten)(Duration::from_secs(u64::try_from(rest_seconds).unwrap_or(0)));
        let mut available = 0;
        for pod in &pods {
            match available_from(pod, rest) {
                Some(at) if at <= snapshot.now => available += 1,
                Some(at) => wanted.again_at(at),
                None => {}
            }
        }
        let ready = pods.iter().filter(|pod| is_condition_true(pod, "Ready")).count();
        let mut status = json!({
            "replicas": pods.len(), "fullyLabeledReplicas": pods.len(), "readyReplicas": ready,
            "availableReplicas": available, "observedGeneration": number(set, "/metadata/generation").unwrap_or(1),
        });
        if surplus >= 0 {
            status["conditions"] = Value::Null;
        }
        let stale = status.as_object().into_iter().flatten().any(|(field, value)| set["status"][field] != *value);
        if stale {
            wanted.writes.push(Write::Merge(key, json!({ "status": status })));
        }
    }
    wanted
}

/// Counts towards the replicas: not on its way out and not ended.
pub fn is_active(pod: &Value) -> bool {
    !object::is_deleting(pod) && !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

fn available_from(pod: &Value, rest: Duration) -> Option<jiff::Timestamp> {
    let ready = object::condition(pod, "Ready").filter(|condition| condition["status"] == "True")?;
    Some(later(object::time_at(ready, "/lastTransitionTime")?, rest))
}

fn pod_of(set: &Value) -> Value {
    let template = &set["spec"]["template"];
    let mut metadata = template["metadata"].clone();
    if !metadata.is_object() {
        metadata = json!({});
    }
    metadata["generateName"] = json!(format!("{}-", object::name(set)));
    metadata["namespace"] = json!(object::namespace(set));
    metadata["ownerReferences"] = json!([object::owner_reference(&kind::REPLICA_SET, set)]);
    json!({"metadata": metadata, "spec": template["spec"]})
}

/// Writes into the ReplicaSet's status that its pods are refused, so that it does not try without a pause.
pub async fn remember_failure(cluster: &Cluster, key: &Key, refusal: Option<&Refusal>) {
    let now = object::time(cluster.now());
    let noted = cluster.objects.change(key, |set| {
        match refusal {
            Some(refusal) => object::set(
                set,
                &["status", "conditions"],
                json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
                        "message": refusal.message, "lastTransitionTime": now}]),
            ),
            None => {
                if let Some(status) = set["status"].as_object_mut() {
                    status.remove("conditions");
                }
            }
        }
        Ok(())
    });
    // A ReplicaSet that is gone needs no status.
    let _ = noted.await;
}

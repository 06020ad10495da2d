//! Counts for each PodDisruptionBudget how many pods may be evicted now.

use serde_json::{Value, json};

use super::{Snapshot, Wanted, Write};
use crate::kubernetes::defaults::share;
use crate::kubernetes::kind;
use crate::kubernetes::object::{self, is_condition_true, number};
use crate::kubernetes::selector::Selector;
use crate::kubernetes::store::Key;

pub fn look(snapshot: &Snapshot) -> Wanted {
    let mut wanted = Wanted::default();
    for budget in snapshot.of(&kind::DISRUPTION_BUDGET) {
        let pods: Vec<_> = snapshot.of(&kind::POD).filter(|pod| covers(budget, pod)).collect();
        let expected = expected(snapshot, &pods);
        let leaving = leaving(budget, &pods, snapshot.now);
        let stays = |pod: &Value| !object::is_deleting(pod) && !leaving.contains_key(object::name(pod));
        let healthy = pods.iter().filter(|pod| is_condition_true(pod, "Ready") && stays(pod)).count();
        let least = match (&budget["spec"]["minAvailable"], &budget["spec"]["maxUnavailable"]) {
            (Value::Null, Value::Null) => expected - 1,
            (Value::Null, most_gone) => expected - share(most_gone, expected, true),
            (least, _) => share(least, expected, true),
        }
        .max(0);
        let allowed = (healthy as i64 - least).max(0);
        let reason = if allowed > 0 { "SufficientPods" } else { "InsufficientPods" };
        let word = if allowed > 0 { "True" } else { "False" };
        let before = object::condition(budget, "DisruptionAllowed");
        let since = before.filter(|it| it["status"] == word).map(|it| it["lastTransitionTime"].clone());
        let mut status = json!({
            "observedGeneration": number(budget, "/metadata/generation").unwrap_or(1),
            "currentHealthy": healthy,
            "desiredHealthy": least,
            "expectedPods": expected,
            "disruptionsAllowed": allowed,
            "conditions": [{"type": "DisruptionAllowed", "status": word, "reason": reason, "message": "",
                "observedGeneration": number(budget, "/metadata/generation").unwrap_or(1),
                "lastTransitionTime": since.unwrap_or_else(|| json!(object::time(snapshot.now)))}],
        });
        if !leaving.is_empty() {
            status["disruptedPods"] = Value::Object(leaving);
        }
        if budget["status"] != status {
            forget(&budget["status"]["disruptedPods"], &mut status);
            // An eviction may have taken from the budget since it was looked at.
            let version = &budget["metadata"]["resourceVersion"];
            let change = json!({"metadata": {"resourceVersion": version}, "status": status});
            wanted.writes.push(Write::Merge(Key::of(&kind::DISRUPTION_BUDGET, budget), change));
        }
    }
    wanted
}

/// Says of pods that are no longer to be in the status that they go: what is written is a merge.
fn forget(before: &Value, status: &mut Value) {
    let Some(before) = before.as_object() else { return };
    match status["disruptedPods"].as_object_mut() {
        None => status["disruptedPods"] = Value::Null,
        Some(after) => {
            for name in before.keys() {
                after.entry(name.clone()).or_insert(Value::Null);
            }
        }
    }
}

/// Pods whose eviction was granted and that are not on their way yet; after two minutes it is taken for failed.
fn leaving(budget: &Value, pods: &[&std::sync::Arc<Value>], now: jiff::Timestamp) -> serde_json::Map<String, Value> {
    let granted = budget["status"]["disruptedPods"].as_object().into_iter().flatten();
    let stands = |name: &str| pods.iter().any(|pod| object::name(pod) == name && !object::is_deleting(pod));
    let fresh = |at: &Value| {
        let at = at.as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
        at.is_some_and(|at| now.as_second() - at.as_second() < 120)
    };
    granted.filter(|(name, at)| stands(name) && fresh(at)).map(|(name, at)| (name.clone(), at.clone())).collect()
}

/// Whether the budget is about this pod.
pub fn covers(budget: &Value, pod: &Value) -> bool {
    object::namespace(budget) == object::namespace(pod) && Selector::from_spec(&budget["spec"]["selector"]).matches(pod)
}

/// As many pods as their ReplicaSets are to have, not as many as there happen to be.
fn expected(snapshot: &Snapshot, pods: &[&std::sync::Arc<Value>]) -> i64 {
    let mut counted = Vec::new();
    let mut total = 0;
    for pod in pods {
        let owner = object::owners(pod).first().map(|(_, _, uid)| (*uid).to_string());
        match owner {
            Some(uid) if !counted.contains(&uid) => {
                let set = snapshot.of(&kind::REPLICA_SET).find(|set| object::uid(set) == uid);
                total += set.and_then(|set| number(set, "/spec/replicas")).unwrap_or(0);
                counted.push(uid);
            }
            Some(_) => {}
            None => total += 1,
        }
    }
    total
}

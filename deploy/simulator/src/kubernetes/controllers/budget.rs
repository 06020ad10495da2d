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
        let healthy = pods.iter().filter(|pod| is_condition_true(pod, "Ready") && !object::is_deleting(pod)).count();
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
        let status = json!({
            "observedGeneration": number(budget, "/metadata/generation").unwrap_or(1),
            "currentHealthy": healthy,
            "desiredHealthy": least,
            "expectedPods": expected,
            "disruptionsAllowed": allowed,
            "conditions": [{"type": "DisruptionAllowed", "status": word, "reason": reason, "message": "",
                "observedGeneration": number(budget, "/metadata/generation").unwrap_or(1),
                "lastTransitionTime": since.unwrap_or_else(|| json!(object::time(snapshot.now)))}],
        });
        if budget["status"] != status {
            wanted.writes.push(Write::Merge(Key::of(&kind::DISRUPTION_BUDGET, budget), json!({ "status": status })));
        }
    }
    wanted
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

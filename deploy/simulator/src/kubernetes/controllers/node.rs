//! Taints nodes that are closed or not ready, as the node controllers do, and takes the taints away again.

use serde_json::{Value, json};

use super::{Snapshot, Wanted, Write};
use crate::kubernetes::kind;
use crate::kubernetes::object::{is_condition_true, list, text};
use crate::kubernetes::store::Key;

/// The taint of a node that is closed.
pub const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// The taint of a node that is not ready.
pub const NOT_READY: &str = "node.kubernetes.io/not-ready";

pub fn look(snapshot: &Snapshot) -> Wanted {
    let mut wanted = Wanted::default();
    for node in snapshot.of(&kind::NODE) {
        let standing = list(node, "/spec/taints");
        let mut taints = standing.to_vec();
        settle(&mut taints, UNSCHEDULABLE, node["spec"]["unschedulable"] == true);
        settle(&mut taints, NOT_READY, !is_condition_true(node, "Ready"));
        if taints != standing {
            let taints = if taints.is_empty() { Value::Null } else { Value::Array(taints) };
            // Somebody may have written taints since it was looked at.
            let version = &node["metadata"]["resourceVersion"];
            let change = json!({"metadata": {"resourceVersion": version}, "spec": {"taints": taints}});
            wanted.writes.push(Write::Merge(Key::of(&kind::NODE, node), change));
        }
    }
    wanted
}

fn settle(taints: &mut Vec<Value>, key: &str, holds: bool) {
    let stands = |taint: &Value| text(taint, "/key") == key && text(taint, "/effect") == "NoSchedule";
    match (holds, taints.iter().any(stands)) {
        (true, false) => taints.push(json!({"key": key, "effect": "NoSchedule"})),
        (false, true) => taints.retain(|taint| !stands(taint)),
        _ => {}
    }
}

/// The first taint of a node that keeps a pod away which does not tolerate it.
pub fn untolerated<'a>(node: &'a Value, pod: &Value) -> Option<&'a Value> {
    let tolerated = |taint: &Value| list(pod, "/spec/tolerations").iter().any(|it| tolerates(it, taint));
    let keeps_away = |taint: &&Value| text(taint, "/effect") != "PreferNoSchedule" && !tolerated(taint);
    list(node, "/spec/taints").iter().find(keeps_away)
}

fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let same = |name: &str| text(toleration, name) == text(taint, name);
    let exists = text(toleration, "/operator") == "Exists";
    let effect = text(toleration, "/effect").is_empty() || same("/effect");
    let key = same("/key") || (text(toleration, "/key").is_empty() && exists);
    effect && key && (exists || same("/value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_is_kept_away_by_what_it_does_not_tolerate() {
        let node = json!({"spec": {"taints": [
            {"key": "soft", "effect": "PreferNoSchedule"}, {"key": "sku", "value": "gpu", "effect": "NoSchedule"}]}});
        let pod = |tolerations: Value| json!({"spec": {"tolerations": tolerations}});
        for (tolerations, free) in [
            (json!([]), false),
            (json!([{"key": "sku", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}]), true),
            (json!([{"key": "sku", "value": "cpu"}]), false),
            (json!([{"key": "sku", "operator": "Exists"}]), true),
            (json!([{"operator": "Exists"}]), true),
            (json!([{"key": "sku", "operator": "Exists", "effect": "NoExecute"}]), false),
        ] {
            assert_eq!(untolerated(&node, &pod(tolerations.clone())).is_none(), free, "{tolerations}");
        }
    }
}

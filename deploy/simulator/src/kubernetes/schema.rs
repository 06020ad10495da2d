//! Refuses objects whose fields are of another type than Kubernetes gives them, as its decoder does.

use serde_json::Value;

use super::kind::{self, Kind};
use super::refusal::Refusal;
use crate::shape::{self, Type, Wrong};

const ANY: &[(&str, Type)] = &[
    ("", Type::Object),
    ("metadata", Type::Object),
    ("metadata.name", Type::Text),
    ("metadata.generateName", Type::Text),
    ("metadata.namespace", Type::Text),
    ("metadata.labels", Type::Map),
    ("metadata.annotations", Type::Map),
    ("metadata.ownerReferences", Type::List),
    ("metadata.ownerReferences[]", Type::Object),
    ("metadata.finalizers", Type::List),
    ("metadata.finalizers[]", Type::Text),
    ("spec", Type::Object),
    ("status", Type::Object),
];

const POD: &[(&str, Type)] = &[
    ("", Type::Object),
    ("metadata", Type::Object),
    ("metadata.labels", Type::Map),
    ("metadata.annotations", Type::Map),
    ("spec", Type::Object),
    ("spec.restartPolicy", Type::Text),
    ("spec.serviceAccountName", Type::Text),
    ("spec.nodeName", Type::Text),
    ("spec.volumes", Type::List),
    ("spec.volumes[]", Type::Object),
    ("spec.volumes[].name", Type::Text),
    ("spec.volumes[].secret", Type::Object),
    ("spec.volumes[].configMap", Type::Object),
    ("spec.volumes[].projected", Type::Object),
    ("spec.volumes[].projected.sources", Type::List),
    ("spec.volumes[].projected.sources[]", Type::Object),
    ("spec.containers", Type::List),
    ("spec.containers[]", Type::Object),
    ("spec.containers[].name", Type::Text),
    ("spec.containers[].image", Type::Text),
    ("spec.containers[].command", Type::List),
    ("spec.containers[].command[]", Type::Text),
    ("spec.containers[].args", Type::List),
    ("spec.containers[].args[]", Type::Text),
    ("spec.containers[].resources", Type::Object),
    ("spec.containers[].ports", Type::List),
    ("spec.containers[].ports[]", Type::Object),
    ("spec.containers[].ports[].name", Type::Text),
    ("spec.containers[].ports[].containerPort", Type::Int32),
    ("spec.containers[].env", Type::List),
    ("spec.containers[].env[]", Type::Object),
    ("spec.containers[].env[].name", Type::Text),
    ("spec.containers[].env[].value", Type::Text),
    ("spec.containers[].env[].valueFrom", Type::Object),
    ("spec.containers[].env[].valueFrom.fieldRef", Type::Object),
    ("spec.containers[].volumeMounts", Type::List),
    ("spec.containers[].volumeMounts[]", Type::Object),
    ("spec.containers[].readinessProbe", Type::Object),
    ("spec.containers[].readinessProbe.httpGet", Type::Object),
    ("spec.containers[].readinessProbe.periodSeconds", Type::Int32),
    ("spec.containers[].readinessProbe.timeoutSeconds", Type::Int32),
    ("spec.containers[].livenessProbe", Type::Object),
    ("spec.containers[].livenessProbe.httpGet", Type::Object),
    ("spec.containers[].livenessProbe.periodSeconds", Type::Int32),
    ("spec.containers[].livenessProbe.timeoutSeconds", Type::Int32),
    ("spec.containers[].startupProbe", Type::Object),
    ("spec.containers[].startupProbe.httpGet", Type::Object),
];

const SELECTOR: &[(&str, Type)] = &[
    ("spec.selector", Type::Object),
    ("spec.selector.matchLabels", Type::Map),
    ("spec.selector.matchExpressions", Type::List),
    ("spec.selector.matchExpressions[]", Type::Object),
];

const REPLICATED: &[(&str, Type)] = &[
    ("spec.replicas", Type::Int32),
    ("spec.minReadySeconds", Type::Int32),
    ("spec.revisionHistoryLimit", Type::Int32),
    ("spec.progressDeadlineSeconds", Type::Int32),
    ("spec.paused", Type::Bool),
    ("spec.strategy", Type::Object),
    ("spec.strategy.type", Type::Text),
    ("spec.strategy.rollingUpdate", Type::Object),
    ("spec.strategy.rollingUpdate.maxSurge", Type::IntOrText),
    ("spec.strategy.rollingUpdate.maxUnavailable", Type::IntOrText),
];

const SERVICE: &[(&str, Type)] = &[
    ("spec.type", Type::Text),
    ("spec.clusterIP", Type::Text),
    ("spec.selector", Type::Map),
    ("spec.ports", Type::List),
    ("spec.ports[]", Type::Object),
    ("spec.ports[].name", Type::Text),
    ("spec.ports[].protocol", Type::Text),
    ("spec.ports[].port", Type::Int32),
    ("spec.ports[].targetPort", Type::IntOrText),
];

const BUDGET: &[(&str, Type)] = &[("spec.minAvailable", Type::IntOrText), ("spec.maxUnavailable", Type::IntOrText)];
const DATA: &[(&str, Type)] = &[("data", Type::Map), ("stringData", Type::Map), ("type", Type::Text)];
const ROLE: &[(&str, Type)] = &[
    ("rules", Type::List),
    ("rules[]", Type::Object),
    ("rules[].verbs", Type::List),
    ("rules[].verbs[]", Type::Text),
    ("rules[].apiGroups", Type::List),
    ("rules[].apiGroups[]", Type::Text),
    ("rules[].resources", Type::List),
    ("rules[].resources[]", Type::Text),
    ("rules[].resourceNames", Type::List),
    ("rules[].resourceNames[]", Type::Text),
    ("rules[].nonResourceURLs", Type::List),
    ("rules[].nonResourceURLs[]", Type::Text),
];
const BINDING: &[(&str, Type)] = &[
    ("subjects", Type::List),
    ("subjects[]", Type::Object),
    ("subjects[].kind", Type::Text),
    ("subjects[].apiGroup", Type::Text),
    ("subjects[].name", Type::Text),
    ("subjects[].namespace", Type::Text),
    ("roleRef", Type::Object),
    ("roleRef.apiGroup", Type::Text),
    ("roleRef.kind", Type::Text),
    ("roleRef.name", Type::Text),
];
const NODE: &[(&str, Type)] =
    &[("spec.unschedulable", Type::Bool), ("spec.taints", Type::List), ("spec.taints[]", Type::Object)];

/// 400 where a field that is there is of the wrong type.
pub fn check(kind: &Kind, object: &Value) -> Result<(), Refusal> {
    let wrong = |rows: &[(&str, Type)]| shape::wrong(object, rows);
    let of_kind = if *kind == kind::POD {
        wrong(POD)
    } else if *kind == kind::DEPLOYMENT || *kind == kind::REPLICA_SET {
        let template = || shape::wrong(&object["spec"]["template"], POD);
        let inside = |wrong: Wrong| Wrong {
            path: format!("spec.template.{}", wrong.path).trim_end_matches('.').to_owned(),
            ..wrong
        };
        wrong(REPLICATED).or_else(|| wrong(SELECTOR)).or_else(|| template().map(inside))
    } else if *kind == kind::SERVICE {
        wrong(SERVICE)
    } else if *kind == kind::DISRUPTION_BUDGET {
        wrong(BUDGET).or_else(|| wrong(SELECTOR))
    } else if *kind == kind::NODE {
        wrong(NODE)
    } else if *kind == kind::ROLE || *kind == kind::CLUSTER_ROLE {
        wrong(ROLE)
    } else if *kind == kind::ROLE_BINDING || *kind == kind::CLUSTER_ROLE_BINDING {
        wrong(BINDING)
    } else if *kind == kind::SECRET || *kind == kind::CONFIG_MAP {
        wrong(DATA)
    } else {
        None
    };
    match wrong(ANY).or(of_kind) {
        Some(wrong) => Err(refusal(kind, &wrong)),
        None => Ok(()),
    }
}

/// 400 where a body that is no object of the store is not even an object.
pub fn check_object(kind: &Kind, body: &Value) -> Result<(), Refusal> {
    let rows = [("", Type::Object), ("metadata", Type::Object), ("spec", Type::Object)];
    shape::wrong(body, &rows).map_or(Ok(()), |wrong| Err(refusal(kind, &wrong)))
}

fn refusal(kind: &Kind, wrong: &Wrong) -> Refusal {
    let (name, version) = (kind.kind, kind.version);
    let place = match wrong.path.as_str() {
        "" => format!("Go value of type {version}.{name}"),
        path => format!("Go struct field {name}.{} of type {}", path.replace("[]", ""), wrong.wanted.in_go()),
    };
    Refusal::bad_request(format!(
        "{name} in version \"{version}\" cannot be handled as a {name}: json: cannot unmarshal {} into {place}",
        wrong.found
    ))
}

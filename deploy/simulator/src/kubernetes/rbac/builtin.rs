//! The roles and bindings that every cluster has from its beginning; nobody changes them here.
//!
//! What `admin`, `edit` and `view` hold is Kubernetes' own (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy`), as far as its
//! kinds are served here.

use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use crate::kubernetes::MASTERS;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::kind::{self, Kind};
use crate::kubernetes::object;

const READ: [&str; 3] = ["get", "list", "watch"];
const WRITE: [&str; 5] = ["create", "delete", "deletecollection", "patch", "update"];

static ROLES: LazyLock<[Arc<Value>; 4]> = LazyLock::new(|| {
    let everything = rule(&["*"], &["*"], &["*"]);
    [
        role("cluster-admin", json!([everything, {"verbs": ["*"], "nonResourceURLs": ["*"]}])),
        role("admin", json!([view(), edit(), admin()].concat())),
        role("edit", json!([view(), edit()].concat())),
        role("view", json!(view())),
    ]
});

static OF_MASTERS: LazyLock<Arc<Value>> =
    LazyLock::new(|| binding("cluster-admin", vec![json!({"kind": "Group", "name": MASTERS})]));

fn rule(verbs: &[&str], groups: &[&str], resources: &[&str]) -> Value {
    json!({"verbs": verbs, "apiGroups": groups, "resources": resources})
}

fn view() -> Vec<Value> {
    vec![
        rule(
            &READ,
            &[""],
            &[
                "configmaps",
                "endpoints",
                "events",
                "namespaces",
                "namespaces/status",
                "pods",
                "pods/log",
                "pods/status",
                "serviceaccounts",
                "services",
                "services/status",
            ],
        ),
        rule(
            &READ,
            &["apps"],
            &[
                "deployments",
                "deployments/scale",
                "deployments/status",
                "replicasets",
                "replicasets/scale",
                "replicasets/status",
            ],
        ),
        rule(&READ, &["policy"], &["poddisruptionbudgets", "poddisruptionbudgets/status"]),
    ]
}

fn edit() -> Vec<Value> {
    vec![
        rule(&READ, &[""], &["pods/proxy", "secrets", "services/proxy"]),
        rule(&["impersonate"], &[""], &["serviceaccounts"]),
        rule(
            &WRITE,
            &[""],
            &["configmaps", "events", "pods", "pods/proxy", "secrets", "serviceaccounts", "services", "services/proxy"],
        ),
        rule(&["create"], &[""], &["pods/eviction", "serviceaccounts/token"]),
        rule(&WRITE, &["apps"], &["deployments", "deployments/scale", "replicasets", "replicasets/scale"]),
        rule(&WRITE, &["policy"], &["poddisruptionbudgets"]),
    ]
}

fn admin() -> Vec<Value> {
    vec![rule(&[&READ[..], &WRITE].concat(), &[kind::ROLE.group], &["rolebindings", "roles"])]
}

fn role(name: &str, rules: Value) -> Arc<Value> {
    let mut role = of_cluster(&kind::CLUSTER_ROLE, name);
    role["rules"] = rules;
    Arc::new(role)
}

fn binding(name: &str, mut subjects: Vec<Value>) -> Arc<Value> {
    for subject in &mut subjects {
        subject["apiGroup"] = json!(kind::ROLE.group);
    }
    let mut binding = of_cluster(&kind::CLUSTER_ROLE_BINDING, name);
    binding["roleRef"] = json!({"apiGroup": kind::ROLE.group, "kind": "ClusterRole", "name": "cluster-admin"});
    binding["subjects"] = json!(subjects);
    Arc::new(binding)
}

fn of_cluster(kind: &Kind, name: &str) -> Value {
    let uid = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_DNS, format!("{name}.{}", kind.qualified()).as_bytes());
    json!({"apiVersion": kind.api_version(), "kind": kind.kind, "metadata": {
        "name": name, "uid": uid, "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    }})
}

/// Those of a kind.
pub fn listed(cluster: &Cluster, kind: &Kind) -> Vec<Arc<Value>> {
    if *kind == kind::CLUSTER_ROLE {
        return ROLES.to_vec();
    }
    if *kind != kind::CLUSTER_ROLE_BINDING {
        return Vec::new();
    }
    let mut all = vec![OF_MASTERS.clone()];
    let groups = cluster.facts().admin_groups;
    if !groups.is_empty() {
        let subjects = groups.iter().map(|group| json!({"kind": "Group", "name": group})).collect();
        all.push(binding("aks-cluster-admin-binding-aad", subjects));
    }
    all
}

/// The one of that name.
pub fn named(cluster: &Cluster, kind: &Kind, name: &str) -> Option<Arc<Value>> {
    listed(cluster, kind).into_iter().find(|it| object::name(it) == name)
}

//! The kinds that a cluster's API serves: one table from which paths, discovery and storage are read.

use serde_json::{Value, json};

/// One kind of object, as discovery describes it.
#[derive(Debug)]
pub struct Kind {
    /// Empty for the core group.
    pub group: &'static str,
    pub version: &'static str,
    pub kind: &'static str,
    pub plural: &'static str,
    pub singular: &'static str,
    pub short: &'static [&'static str],
    pub namespaced: bool,
    /// Has a `status` subresource: a write to the object leaves `status` alone, and the other way round.
    pub status: bool,
    /// Other subresources, as (name, api version of the kind it takes where it is another, that kind, verbs).
    pub parts: &'static [(&'static str, &'static str, &'static str, &'static [&'static str])],
    /// Is among what `kubectl get all` shows.
    pub usual: bool,
    /// Can only be posted and is never stored (reviews).
    pub only_asked: bool,
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.group == other.group && self.plural == other.plural
    }
}
impl Eq for Kind {}

const PLAIN: Kind = Kind {
    group: "",
    version: "v1",
    kind: "",
    plural: "",
    singular: "",
    short: &[],
    namespaced: true,
    status: false,
    parts: &[],
    usual: false,
    only_asked: false,
};

const RBAC: Kind = Kind { group: "rbac.authorization.k8s.io", ..PLAIN };

pub static NAMESPACE: Kind = Kind {
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short: &["ns"],
    namespaced: false,
    status: true,
    ..PLAIN
};
pub static NODE: Kind =
    Kind { kind: "Node", plural: "nodes", singular: "node", short: &["no"], namespaced: false, status: true, ..PLAIN };
pub static POD: Kind = Kind {
    kind: "Pod",
    plural: "pods",
    usual: true,
    singular: "pod",
    short: &["po"],
    status: true,
    parts: &[
        ("eviction", "policy/v1", "Eviction", &["create"]),
        ("log", "", "Pod", &["get"]),
        ("proxy", "", "PodProxyOptions", &["create", "delete", "get", "patch", "update"]),
    ],
    ..PLAIN
};
pub static SERVICE: Kind = Kind {
    kind: "Service",
    plural: "services",
    usual: true,
    singular: "service",
    short: &["svc"],
    status: true,
    parts: &[("proxy", "", "ServiceProxyOptions", &["create", "delete", "get", "patch", "update"])],
    ..PLAIN
};
pub static ENDPOINTS: Kind =
    Kind { kind: "Endpoints", plural: "endpoints", singular: "endpoints", short: &["ep"], ..PLAIN };
pub static SERVICE_ACCOUNT: Kind = Kind {
    kind: "ServiceAccount",
    plural: "serviceaccounts",
    singular: "serviceaccount",
    short: &["sa"],
    parts: &[("token", "authentication.k8s.io/v1", "TokenRequest", &["create"])],
    ..PLAIN
};
pub static CONFIG_MAP: Kind =
    Kind { kind: "ConfigMap", plural: "configmaps", singular: "configmap", short: &["cm"], ..PLAIN };
pub static SECRET: Kind = Kind { kind: "Secret", plural: "secrets", singular: "secret", ..PLAIN };
pub static EVENT: Kind = Kind { kind: "Event", plural: "events", singular: "event", short: &["ev"], ..PLAIN };
pub static DEPLOYMENT: Kind = Kind {
    group: "apps",
    kind: "Deployment",
    plural: "deployments",
    usual: true,
    singular: "deployment",
    short: &["deploy"],
    status: true,
    parts: &[("scale", "autoscaling/v1", "Scale", &["get", "patch", "update"])],
    ..PLAIN
};
pub static REPLICA_SET: Kind = Kind {
    group: "apps",
    kind: "ReplicaSet",
    plural: "replicasets",
    usual: true,
    singular: "replicaset",
    short: &["rs"],
    status: true,
    parts: &[("scale", "autoscaling/v1", "Scale", &["get", "patch", "update"])],
    ..PLAIN
};
pub static DISRUPTION_BUDGET: Kind = Kind {
    group: "policy",
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    singular: "poddisruptionbudget",
    short: &["pdb"],
    status: true,
    ..PLAIN
};
pub static ROLE: Kind = Kind { kind: "Role", plural: "roles", singular: "role", ..RBAC };
pub static ROLE_BINDING: Kind = Kind { kind: "RoleBinding", plural: "rolebindings", singular: "rolebinding", ..RBAC };
pub static CLUSTER_ROLE: Kind =
    Kind { kind: "ClusterRole", plural: "clusterroles", singular: "clusterrole", namespaced: false, ..RBAC };
pub static CLUSTER_ROLE_BINDING: Kind = Kind {
    kind: "ClusterRoleBinding",
    plural: "clusterrolebindings",
    singular: "clusterrolebinding",
    namespaced: false,
    ..RBAC
};
pub static ACCESS_REVIEW: Kind = Kind {
    group: "authorization.k8s.io",
    kind: "SelfSubjectAccessReview",
    plural: "selfsubjectaccessreviews",
    singular: "selfsubjectaccessreview",
    namespaced: false,
    only_asked: true,
    ..PLAIN
};
pub static SUBJECT_REVIEW: Kind = Kind {
    group: "authentication.k8s.io",
    kind: "SelfSubjectReview",
    plural: "selfsubjectreviews",
    singular: "selfsubjectreview",
    namespaced: false,
    only_asked: true,
    ..PLAIN
};

/// Every kind, in the order in which discovery lists them.
pub static ALL: [&Kind; 18] = [
    &CONFIG_MAP,
    &ENDPOINTS,
    &EVENT,
    &NAMESPACE,
    &NODE,
    &POD,
    &SECRET,
    &SERVICE_ACCOUNT,
    &SERVICE,
    &DEPLOYMENT,
    &REPLICA_SET,
    &DISRUPTION_BUDGET,
    &CLUSTER_ROLE_BINDING,
    &CLUSTER_ROLE,
    &ROLE_BINDING,
    &ROLE,
    &ACCESS_REVIEW,
    &SUBJECT_REVIEW,
];

/// The kind served under `group`, `version` and `plural`.
pub fn find(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
    ALL.into_iter().find(|kind| kind.group == group && kind.version == version && kind.plural == plural)
}

/// The kind named by an owner reference or a manifest.
pub fn named(api_version: &str, name: &str) -> Option<&'static Kind> {
    ALL.into_iter().find(|kind| kind.kind == name && kind.api_version() == api_version)
}

impl Kind {
    /// The fields besides name and namespace by which a list or watch can be narrowed, as Kubernetes registers them.
    pub fn selectable(&self) -> &'static [&'static str] {
        match self.kind {
            "Pod" => &[
                "spec.nodeName",
                "spec.restartPolicy",
                "spec.schedulerName",
                "spec.serviceAccountName",
                "spec.hostNetwork",
                "status.phase",
                "status.podIP",
                "status.nominatedNodeName",
            ],
            "Node" => &["spec.unschedulable"],
            "Namespace" => &["status.phase"],
            "Secret" => &["type"],
            "Service" => &["spec.clusterIP", "spec.type"],
            "ReplicaSet" => &["status.replicas"],
            "Event" => &[
                "involvedObject.kind",
                "involvedObject.namespace",
                "involvedObject.name",
                "involvedObject.uid",
                "involvedObject.apiVersion",
                "involvedObject.resourceVersion",
                "involvedObject.fieldPath",
                "reason",
                "reportingComponent",
                "source",
                "type",
            ],
            _ => &[],
        }
    }

    /// Says who may do what.
    pub fn is_about_rights(&self) -> bool {
        self.group == RBAC.group
    }

    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `deployments.apps`, as error messages name a kind.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_string() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `Deployment.apps`, as validation messages name a kind.
    pub fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_string() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// The rows of this kind in an `APIResourceList`: itself, then its subresources.
    pub fn discovery(&self) -> Vec<Value> {
        let verbs: &[&str] = if self.only_asked {
            &["create"]
        } else {
            &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        };
        let mut itself = json!({
            "name": self.plural,
            "singularName": self.singular,
            "namespaced": self.namespaced,
            "kind": self.kind,
            "verbs": verbs,
        });
        if !self.short.is_empty() {
            itself["shortNames"] = json!(self.short);
        }
        if self.usual {
            itself["categories"] = json!(["all"]);
        }
        let mut rows = vec![itself];
        let status = self.status.then_some(("status", "", self.kind, &["get", "patch", "update"][..]));
        for (name, of, kind, verbs) in self.parts.iter().copied().chain(status) {
            let mut row = json!({
                "name": format!("{}/{name}", self.plural),
                "singularName": "",
                "namespaced": self.namespaced,
                "kind": kind,
                "verbs": verbs,
            });
            if let Some((group, version)) = of.split_once('/') {
                row["group"] = json!(group);
                row["version"] = json!(version);
            }
            rows.push(row);
        }
        rows
    }
}

//! Finds the fields of an object that its kind does not have.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::kind::Kind;

/// A field that the kind does not have.
#[derive(Debug, Clone, PartialEq)]
pub struct Unknown {
    /// `spec.containers[0].requests`
    path: String,
    /// `/spec/containers/0/requests`
    pointer: String,
}

impl Unknown {
    /// As the decoder of Kubernetes names it.
    pub fn told(&self) -> String {
        format!("unknown field \"{}\"", self.path)
    }
}

/// Takes fields out of an object.
pub fn drop_all(object: &mut Value, fields: &[Unknown]) {
    for field in fields {
        if let Some((parent, name)) = field.pointer.rsplit_once('/')
            && let Some(parent) = object.pointer_mut(parent).and_then(Value::as_object_mut)
        {
            parent.remove(&name.replace("~1", "/").replace("~0", "~"));
        }
    }
}

/// The fields of an object that its kind does not have; none of a kind whose fields are not known here.
pub fn unknown(kind: &Kind, object: &Value) -> Vec<Unknown> {
    let known = match kind.kind {
        "ClusterRole" => read::<ClusterRole>(object),
        "ClusterRoleBinding" => read::<ClusterRoleBinding>(object),
        "ConfigMap" => read::<ConfigMap>(object),
        "Deployment" => read::<Deployment>(object),
        "Namespace" => read::<Namespace>(object),
        "Pod" => read::<Pod>(object),
        "PodDisruptionBudget" => read::<PodDisruptionBudget>(object),
        "ReplicaSet" => read::<ReplicaSet>(object),
        "Role" => read::<Role>(object),
        "RoleBinding" => read::<RoleBinding>(object),
        "Secret" => read::<Secret>(object),
        "Service" => read::<Service>(object),
        "ServiceAccount" => read::<ServiceAccount>(object),
        _ => None,
    };
    let mut found = Vec::new();
    if let Some(known) = known {
        compare(object, &known, &Unknown { path: String::new(), pointer: String::new() }, &mut found);
    }
    found
}

/// What is left of an object when it is read as its kind; nothing where it cannot be read, which others say better.
fn read<T: DeserializeOwned + Serialize>(object: &Value) -> Option<Value> {
    serde_json::from_value::<T>(object.clone()).ok().and_then(|read| serde_json::to_value(read).ok())
}

fn compare(given: &Value, known: &Value, place: &Unknown, found: &mut Vec<Unknown>) {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
                let dot = if place.path.is_empty() { "" } else { "." };
                let pointer = format!("{}/{}", place.pointer, name.replace('~', "~0").replace('/', "~1"));
                let place = Unknown { path: format!("{}{dot}{name}", place.path), pointer };
                match known.get(name) {
                    Some(known) => compare(value, known, &place, found),
                    None => found.push(place),
                }
            }
        }
        (Value::Array(given), Value::Array(known)) => {
            for (at, (given, known)) in given.iter().zip(known).enumerate() {
                let place =
                    Unknown { path: format!("{}[{at}]", place.path), pointer: format!("{}/{at}", place.pointer) };
                compare(given, known, &place, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::kind;
    use serde_json::json;

    #[test]
    fn a_field_in_the_wrong_place_is_named_and_dropped() {
        let mut deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "creationTimestamp": null, "labels": {"any": "thing"}},
            "spec": {"replicas": 1, "strategy": {}, "selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}}, "spec": {"volumes": [{"name": "a", "emptyDir": {}}], "containers": [
                    {"name": "web", "image": "web:1", "resources": {}, "ports": [{"containerPort": 80}]}]}}}, "status": {}});
        assert!(unknown(&kind::DEPLOYMENT, &deployment).is_empty());
        let before = deployment.clone();
        deployment["spec"]["template"]["spec"]["containers"][0]["requests"] = json!({"cpu": "50m"});
        deployment["replica/s"] = json!(2);
        let found = unknown(&kind::DEPLOYMENT, &deployment);
        let told: Vec<String> = found.iter().map(Unknown::told).collect();
        assert_eq!(
            told,
            ["unknown field \"replica/s\"", "unknown field \"spec.template.spec.containers[0].requests\""]
        );
        drop_all(&mut deployment, &found);
        assert_eq!(deployment, before);
    }
}

//! Finds the fields of an object that its kind does not have, for a caller who wants none to be passed over.

use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::kind::Kind;
use super::refusal::Refusal;

/// 400 where an object has fields that its kind does not have.
pub fn check(kind: &Kind, object: &Value) -> Result<(), Refusal> {
    let unknown: Vec<String> = unknown(kind, object).iter().map(|path| format!("unknown field \"{path}\"")).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Refusal::bad_request(format!(
        "{name} in version \"{}\" cannot be handled as a {name}: strict decoding error: {}",
        kind.version,
        unknown.join(", "),
        name = kind.kind,
    )))
}

fn unknown(kind: &Kind, object: &Value) -> Vec<String> {
    let known = match kind.kind {
        "ConfigMap" => read::<ConfigMap>(object),
        "Deployment" => read::<Deployment>(object),
        "Namespace" => read::<Namespace>(object),
        "Pod" => read::<Pod>(object),
        "PodDisruptionBudget" => read::<PodDisruptionBudget>(object),
        "ReplicaSet" => read::<ReplicaSet>(object),
        "Secret" => read::<Secret>(object),
        "Service" => read::<Service>(object),
        "ServiceAccount" => read::<ServiceAccount>(object),
        _ => None,
    };
    let mut found = Vec::new();
    if let Some(known) = known {
        compare(object, &known, "", &mut found);
    }
    found
}

/// What is left of an object when it is read as its kind; nothing where it cannot be read, which others say better.
fn read<T: DeserializeOwned + Serialize>(object: &Value) -> Option<Value> {
    serde_json::from_value::<T>(object.clone()).ok().and_then(|read| serde_json::to_value(read).ok())
}

fn compare(given: &Value, known: &Value, path: &str, found: &mut Vec<String>) {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => {
            for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match known.get(name) {
                    Some(known) => compare(value, known, &path, found),
                    None => found.push(path),
                }
            }
        }
        (Value::Array(given), Value::Array(known)) => {
            for (at, (given, known)) in given.iter().zip(known).enumerate() {
                compare(given, known, &format!("{path}[{at}]"), found);
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
    fn a_field_in_the_wrong_place_is_named() {
        let mut deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "creationTimestamp": null, "labels": {"any": "thing"}},
            "spec": {"replicas": 1, "strategy": {}, "selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}}, "spec": {"volumes": [{"name": "a", "emptyDir": {}}], "containers": [
                    {"name": "web", "image": "web:1", "resources": {}, "ports": [{"containerPort": 80}]}]}}}, "status": {}});
        assert!(check(&kind::DEPLOYMENT, &deployment).is_ok());
        deployment["spec"]["template"]["spec"]["containers"][0]["requests"] = json!({"cpu": "50m"});
        deployment["replica"] = json!(2);
        let refusal = check(&kind::DEPLOYMENT, &deployment).err().map(|it| it.message).unwrap_or_default();
        assert_eq!(
            refusal,
            "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"replica\", unknown field \"spec.template.spec.containers[0].requests\""
        );
    }
}

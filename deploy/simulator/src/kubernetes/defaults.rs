//! The defaults that the API writes into what it is given, as Kubernetes documents them for each field.

use serde_json::{Value, json};

use super::kind::{self, Kind};
use super::object::{default, list, set, text};
use crate::place;

/// Fills in what the author of an object left open.
pub fn fill(kind: &Kind, object: &mut Value) {
    if *kind == kind::DEPLOYMENT {
        deployment(object);
    } else if *kind == kind::REPLICA_SET {
        default(object, &["spec", "replicas"], json!(1));
        pod(&mut object["spec"]["template"]);
    } else if *kind == kind::POD {
        pod(object);
        default(object, &["spec", "serviceAccountName"], json!("default"));
        let account = object["spec"]["serviceAccountName"].clone();
        default(object, &["spec", "serviceAccount"], account);
        default(object, &["spec", "enableServiceLinks"], json!(true));
        default(object, &["spec", "priority"], json!(0));
    } else if *kind == kind::SERVICE {
        service(object);
    } else if *kind == kind::NAMESPACE {
        let name = json!(text(object, "/metadata/name"));
        default(object, &["spec", "finalizers"], json!(["kubernetes"]));
        set(object, &["metadata", "labels", "kubernetes.io/metadata.name"], name);
        default(object, &["status", "phase"], json!("Active"));
    } else if *kind == kind::ROLE_BINDING || *kind == kind::CLUSTER_ROLE_BINDING {
        binding(object);
    } else if *kind == kind::SECRET {
        default(object, &["type"], json!("Opaque"));
        secret(object);
    }
}

fn deployment(object: &mut Value) {
    default(object, &["spec", "replicas"], json!(1));
    default(object, &["spec", "revisionHistoryLimit"], json!(10));
    default(object, &["spec", "progressDeadlineSeconds"], json!(600));
    default(object, &["spec", "strategy", "type"], json!("RollingUpdate"));
    if text(object, "/spec/strategy/type") == "RollingUpdate" {
        let rolling = ["spec", "strategy", "rollingUpdate"];
        default(object, &[&rolling[..], &["maxSurge"]].concat(), json!("25%"));
        default(object, &[&rolling[..], &["maxUnavailable"]].concat(), json!("25%"));
    } else if let Some(strategy) = object["spec"]["strategy"].as_object_mut() {
        strategy.remove("rollingUpdate");
    }
    pod(&mut object["spec"]["template"]);
}

fn pod(template: &mut Value) {
    default(template, &["spec", "restartPolicy"], json!("Always"));
    default(template, &["spec", "dnsPolicy"], json!("ClusterFirst"));
    default(template, &["spec", "terminationGracePeriodSeconds"], json!(30));
    default(template, &["spec", "schedulerName"], json!("default-scheduler"));
    default(template, &["spec", "securityContext"], json!({}));
    if let Some(containers) = template["spec"]["containers"].as_array_mut() {
        containers.iter_mut().for_each(container);
    }
}

fn container(container: &mut Value) {
    let image = text(container, "/image");
    let latest = !image.rsplit('/').next().unwrap_or("").contains([':', '@']) || image.ends_with(":latest");
    let policy = if latest { "Always" } else { "IfNotPresent" };
    default(container, &["imagePullPolicy"], json!(policy));
    default(container, &["resources"], json!({}));
    default(container, &["terminationMessagePath"], json!("/dev/termination-log"));
    default(container, &["terminationMessagePolicy"], json!("File"));
    if let Some(ports) = container["ports"].as_array_mut() {
        for port in ports {
            default(port, &["protocol"], json!("TCP"));
        }
    }
    for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
        if container.get(probe).is_some_and(Value::is_object) {
            default(container, &[probe, "timeoutSeconds"], json!(1));
            default(container, &[probe, "periodSeconds"], json!(10));
            default(container, &[probe, "successThreshold"], json!(1));
            default(container, &[probe, "failureThreshold"], json!(3));
            if container[probe].get("httpGet").is_some() {
                default(container, &[probe, "httpGet", "scheme"], json!("HTTP"));
                default(container, &[probe, "httpGet", "path"], json!("/"));
            }
        }
    }
    if let Some(variables) = container["env"].as_array_mut() {
        for variable in variables {
            if place::at(variable, "/valueFrom/fieldRef").is_some() {
                default(variable, &["valueFrom", "fieldRef", "apiVersion"], json!("v1"));
            }
        }
    }
}

fn service(object: &mut Value) {
    default(object, &["spec", "type"], json!("ClusterIP"));
    default(object, &["spec", "sessionAffinity"], json!("None"));
    default(object, &["spec", "ipFamilies"], json!(["IPv4"]));
    default(object, &["spec", "ipFamilyPolicy"], json!("SingleStack"));
    default(object, &["spec", "internalTrafficPolicy"], json!("Cluster"));
    if text(object, "/spec/type") == "LoadBalancer" {
        default(object, &["spec", "externalTrafficPolicy"], json!("Cluster"));
        default(object, &["spec", "allocateLoadBalancerNodePorts"], json!(true));
    }
    if let Some(ports) = object["spec"]["ports"].as_array_mut() {
        for port in ports {
            default(port, &["protocol"], json!("TCP"));
            let same = port["port"].clone();
            default(port, &["targetPort"], same);
        }
    }
    default(object, &["status"], json!({"loadBalancer": {}}));
}

fn binding(object: &mut Value) {
    let group = json!(kind::ROLE.group);
    default(object, &["roleRef", "apiGroup"], group.clone());
    if let Some(subjects) = object["subjects"].as_array_mut() {
        for subject in subjects.iter_mut().filter(|it| text(it, "/kind") != "ServiceAccount") {
            default(subject, &["apiGroup"], group.clone());
        }
    }
}

/// `stringData` is written as base64 into `data` and never read back.
fn secret(object: &mut Value) {
    use base64::Engine;
    let Some(plain) = object.as_object_mut().and_then(|it| it.remove("stringData")) else {
        return;
    };
    for (key, value) in plain.as_object().into_iter().flatten() {
        let encoded = base64::engine::general_purpose::STANDARD.encode(value.as_str().unwrap_or(""));
        set(object, &["data", key], json!(encoded));
    }
}

/// A number or a share of `whole` (`"25%"`), as rolling updates and budgets write it.
pub fn share(value: &Value, whole: i64, round_up: bool) -> i64 {
    match value {
        Value::Number(number) => number.as_i64().unwrap_or(0),
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            let hundredths = percent.saturating_mul(whole);
            if round_up { hundredths.saturating_add(99) / 100 } else { hundredths / 100 }
        }
        _ => 0,
    }
}

/// The ports of a pod's containers by name: `(name, number)`.
pub fn named_ports(pod: &Value) -> Vec<(String, i64)> {
    list(pod, "/spec/containers")
        .iter()
        .flat_map(|container| list(container, "/ports"))
        .map(|port| {
            let number = port["containerPort"].as_i64().unwrap_or(0);
            (text(port, "/name").to_string(), number)
        })
        .collect()
}

//! Writes down which ready pods stand behind each service.

use serde_json::{Value, json};

use super::{Snapshot, Wanted, Write};
use crate::kubernetes::defaults::named_ports;
use crate::kubernetes::kind;
use crate::kubernetes::object::{self, is_condition_true, list, text};
use crate::kubernetes::removal::Wish;
use crate::kubernetes::store::Key;

pub fn look(snapshot: &Snapshot) -> Wanted {
    let mut wanted = Wanted::default();
    for service in snapshot.of(&kind::SERVICE) {
        let selector = &service["spec"]["selector"];
        if selector.as_object().is_none_or(|it| it.is_empty()) || object::is_deleting(service) {
            continue;
        }
        let key = Key::new(&kind::ENDPOINTS, object::namespace(service), object::name(service));
        let standing = snapshot.of(&kind::ENDPOINTS).find(|it| Key::of(&kind::ENDPOINTS, it) == key);
        let subsets = subsets(service, snapshot);
        match standing {
            None => wanted.writes.push(Write::Create(
                &kind::ENDPOINTS,
                json!({"metadata": {"name": key.name, "namespace": key.namespace,
                        "labels": service["metadata"]["labels"]}, "subsets": subsets}),
            )),
            Some(standing) if standing["subsets"] != subsets => {
                wanted.writes.push(Write::Merge(key, json!({ "subsets": subsets })));
            }
            Some(_) => {}
        }
    }
    for endpoints in snapshot.of(&kind::ENDPOINTS) {
        let key = Key::of(&kind::ENDPOINTS, endpoints);
        let service = Key::new(&kind::SERVICE, &key.namespace, &key.name);
        if !snapshot.of(&kind::SERVICE).any(|it| Key::of(&kind::SERVICE, it) == service) {
            wanted.writes.push(Write::Delete(key, Wish::default()));
        }
    }
    wanted
}

fn subsets(service: &Value, snapshot: &Snapshot) -> Value {
    let mut ready = Vec::new();
    let mut not_ready = Vec::new();
    let mut ports = Vec::new();
    let behind = snapshot.of(&kind::POD).filter(|pod| {
        object::namespace(pod) == object::namespace(service)
            && object::has_labels(pod, &service["spec"]["selector"])
            && !text(pod, "/status/podIP").is_empty()
            && !object::is_deleting(pod)
    });
    for pod in behind {
        let address = json!({
            "ip": text(pod, "/status/podIP"),
            "nodeName": text(pod, "/spec/nodeName"),
            "targetRef": {"kind": "Pod", "namespace": object::namespace(pod), "name": object::name(pod), "uid": object::uid(pod)},
        });
        if is_condition_true(pod, "Ready") {
            ready.push(address);
        } else {
            not_ready.push(address);
        }
        if ports.is_empty() {
            ports = list(service, "/spec/ports").iter().filter_map(|port| port_on(pod, port)).collect();
        }
    }
    if ready.is_empty() && not_ready.is_empty() {
        return json!([]);
    }
    let mut subset = json!({ "ports": ports });
    if !ready.is_empty() {
        subset["addresses"] = Value::Array(ready);
    }
    if !not_ready.is_empty() {
        subset["notReadyAddresses"] = Value::Array(not_ready);
    }
    json!([subset])
}

fn port_on(pod: &Value, port: &Value) -> Option<Value> {
    let number = match &port["targetPort"] {
        Value::String(name) => named_ports(pod).into_iter().find(|(it, _)| it == name)?.1,
        other => other.as_i64()?,
    };
    let mut entry = json!({"port": number, "protocol": "TCP"});
    if let Some(name) = port["name"].as_str() {
        entry["name"] = json!(name);
    }
    Some(entry)
}

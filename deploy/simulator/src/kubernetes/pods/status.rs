//! Writes the status of a pod: what each container does, and what follows for the pod as a whole.

use serde_json::{Value, json};

use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::object::{self, list, text};
use crate::kubernetes::store::Key;

/// A pod that has just come to its node.
pub(super) async fn arrive(cluster: &Cluster, key: &Key, ip: &str) {
    let now = object::time(cluster.now());
    change(cluster, key, |pod| {
        let standing = list(pod, "/status/containerStatuses").to_vec();
        let statuses: Vec<Value> = list(pod, "/spec/containers")
            .iter()
            .map(|container| {
                let name = text(container, "/name");
                standing.iter().find(|it| text(it, "/name") == name).cloned().unwrap_or_else(|| {
                    json!({"name": name, "image": container["image"], "imageID": "", "ready": false, "started": false,
                        "restartCount": 0, "lastState": {}, "state": {"waiting": {"reason": "ContainerCreating"}}})
                })
            })
            .collect();
        pod["status"]["containerStatuses"] = Value::Array(statuses);
        pod["status"]["podIP"] = json!(ip);
        pod["status"]["podIPs"] = json!([{ "ip": ip }]);
        pod["status"]["hostIP"] = json!("127.0.0.1");
        pod["status"]["hostIPs"] = json!([{"ip": "127.0.0.1"}]);
        object::default(pod, &["status", "startTime"], json!(now));
        conclude(pod, &now);
    })
    .await;
}

/// Changes the status of one container and what follows from it.
pub(super) async fn of_container(cluster: &Cluster, key: &Key, name: &str, edit: impl FnOnce(&mut Value)) {
    let now = object::time(cluster.now());
    change(cluster, key, |pod| {
        let statuses = pod["status"]["containerStatuses"].as_array_mut();
        if let Some(status) = statuses.into_iter().flatten().find(|it| it["name"] == name) {
            edit(status);
        }
        conclude(pod, &now);
    })
    .await;
}

async fn change(cluster: &Cluster, key: &Key, edit: impl FnOnce(&mut Value)) {
    let written = cluster.objects.change(key, |pod| {
        edit(pod);
        Ok(())
    });
    // A pod that is gone needs no status.
    let _ = written.await;
}

/// Phase and conditions of a pod from the states of its containers.
pub(super) fn conclude(pod: &mut Value, now: &str) {
    let statuses = list(pod, "/status/containerStatuses").to_vec();
    let is = |state: &str| statuses.iter().filter(|it| it["state"].get(state).is_some()).count();
    let policy = text(pod, "/spec/restartPolicy").to_string();
    let ended = is("terminated") == statuses.len() && !statuses.is_empty() && policy != "Always";
    let failed = statuses.iter().any(|it| it["state"]["terminated"]["exitCode"].as_i64().unwrap_or(0) != 0);
    let has_run = statuses.iter().any(|it| it["lastState"].get("terminated").is_some());
    let phase = match (ended, failed) {
        (true, true) if policy == "Never" => "Failed",
        (true, false) => "Succeeded",
        _ if is("running") > 0 || is("terminated") > 0 || has_run => "Running",
        _ => "Pending",
    };
    pod["status"]["phase"] = json!(phase);
    let all_ready = !statuses.is_empty() && statuses.iter().all(|it| it["ready"] == true);
    let unready: Vec<&str> = statuses.iter().filter(|it| it["ready"] != true).map(|it| text(it, "/name")).collect();
    let why = format!("containers with unready status: [{}]", unready.join(" "));
    for (kind, holds) in [
        ("PodReadyToStartContainers", true),
        ("Initialized", true),
        ("Ready", all_ready),
        ("ContainersReady", all_ready),
        ("PodScheduled", true),
    ] {
        let reason = (!holds).then_some(("ContainersNotReady", why.as_str()));
        set_condition(pod, kind, holds, reason, now);
    }
}

fn set_condition(pod: &mut Value, kind: &str, holds: bool, reason: Option<(&str, &str)>, now: &str) {
    let word = if holds { "True" } else { "False" };
    let before = object::condition(pod, kind);
    let since = before.filter(|it| it["status"] == word).map(|it| text(it, "/lastTransitionTime").to_string());
    let mut condition = json!({"type": kind, "status": word, "lastProbeTime": null,
        "lastTransitionTime": since.unwrap_or_else(|| now.to_string())});
    if let Some((reason, message)) = reason {
        condition["reason"] = json!(reason);
        condition["message"] = json!(message);
    }
    let mut conditions = list(pod, "/status/conditions").to_vec();
    match conditions.iter_mut().find(|it| it["type"] == kind) {
        Some(standing) => *standing = condition,
        None => conditions.push(condition),
    }
    pod["status"]["conditions"] = Value::Array(conditions);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(states: &[(bool, Value)]) -> Value {
        let statuses: Vec<Value> = states
            .iter()
            .enumerate()
            .map(|(at, (ready, state))| json!({"name": format!("c{at}"), "ready": ready, "state": state, "lastState": {}}))
            .collect();
        json!({"spec": {"restartPolicy": "Always"}, "status": {"containerStatuses": statuses}})
    }

    #[test]
    fn a_pod_is_ready_when_all_its_containers_are() {
        let running = json!({"running": {}});
        let waiting = json!({"waiting": {"reason": "ContainerCreating"}});
        for (states, phase, ready) in [
            (vec![(false, waiting.clone())], "Pending", false),
            (vec![(true, running.clone())], "Running", true),
            (vec![(true, running.clone()), (false, waiting)], "Running", false),
        ] {
            let mut pod = pod(&states);
            conclude(&mut pod, "2026-01-01T00:00:00Z");
            assert_eq!(pod["status"]["phase"], phase);
            assert_eq!(object::is_condition_true(&pod, "Ready"), ready);
        }
    }
}

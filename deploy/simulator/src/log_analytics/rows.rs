//! Turns what a cluster's API shows into records, as the agents of Container Insights do.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::place;

/// The cluster that the records are about.
pub(super) struct Cluster<'a> {
    /// Its resource id.
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    /// When the records are made.
    pub(super) now: Timestamp,
}

impl Cluster<'_> {
    /// A record with what all of them have.
    fn record(&self, at: Timestamp, computer: &str, mut rest: Value) -> Value {
        rest["TimeGenerated"] = Value::from(at.to_string());
        rest["Computer"] = Value::from(computer);
        rest["_ResourceId"] = Value::from(self.id.to_ascii_lowercase());
        rest
    }

    fn inventory(&self, computer: &str, mut rest: Value) -> Value {
        rest["ClusterId"] = Value::from(self.id);
        rest["ClusterName"] = Value::from(self.name);
        self.record(self.now, computer, rest)
    }

    /// `KubeNodeInventory`: one record a node.
    pub(super) fn nodes(&self, nodes: &[Value]) -> Vec<Value> {
        nodes.iter().map(|node| self.node(node)).collect()
    }

    fn node(&self, node: &Value) -> Value {
        let conditions = || node["status"]["conditions"].as_array().into_iter().flatten();
        let status: Vec<&str> = conditions()
            .filter(|condition| condition["status"] == "True")
            .filter_map(|condition| condition["type"].as_str())
            .collect();
        let ready = conditions().find(|condition| condition["type"] == "Ready");
        let about = &node["status"]["nodeInfo"];
        self.inventory(
            text(node, "/metadata/name"),
            json!({
                "CreationTimeStamp": node["metadata"]["creationTimestamp"],
                "LastTransitionTimeReady": ready.map(|ready| ready["lastTransitionTime"].clone()),
                "Labels": [node["metadata"]["labels"]],
                // The agent names every condition that holds, `Unknown` where there is none.
                "Status": if status.is_empty() { "Unknown".to_owned() } else { status.join(",") },
                "KubeletVersion": about["kubeletVersion"],
                "KubeProxyVersion": about["kubeProxyVersion"],
                "KubernetesProviderID": node["spec"]["providerID"],
                "OperatingSystem": about["osImage"],
            }),
        )
    }

    /// `KubePodInventory`: one record a container; a pod whose containers have no status yet has one of its own.
    pub(super) fn pods(&self, pods: &[Value], services: &[Value]) -> Vec<Value> {
        pods.iter().flat_map(|pod| self.pod(pod, services)).collect()
    }

    fn pod(&self, pod: &Value, services: &[Value]) -> Vec<Value> {
        let statuses = pod["status"]["containerStatuses"].as_array().cloned().unwrap_or_default();
        let restarts: i64 = statuses.iter().filter_map(|status| status["restartCount"].as_i64()).sum();
        let owner = &pod["metadata"]["ownerReferences"][0];
        let service = services.iter().find(|service| selects(service, pod));
        let of_pod = json!({
            "Name": pod["metadata"]["name"],
            "Namespace": pod["metadata"]["namespace"],
            "PodUid": pod["metadata"]["uid"],
            "PodIp": pod["status"]["podIP"],
            "PodLabel": [pod["metadata"]["labels"]],
            "PodCreationTimeStamp": pod["metadata"]["creationTimestamp"],
            "PodStartTime": pod["status"]["startTime"],
            "PodStatus": pod_status(pod, &statuses),
            "PodRestartCount": restarts,
            "ControllerKind": owner["kind"],
            "ControllerName": owner["name"],
            "ServiceName": service.map(|service| service["metadata"]["name"].clone()),
        });
        let computer = text(pod, "/spec/nodeName");
        if statuses.is_empty() {
            return vec![self.inventory(computer, of_pod)];
        }
        let container = |status: &Value| {
            let mut record = of_pod.clone();
            let (state, detail) = state_of(status);
            record["ContainerID"] = Value::from(container_id(status));
            record["ContainerName"] = Value::from(format!("{}/{}", text(pod, "/metadata/uid"), text(status, "/name")));
            record["ContainerStatus"] = Value::from(state);
            record["ContainerStatusReason"] = detail["reason"].clone();
            record["ContainerRestartCount"] = status["restartCount"].clone();
            record["ContainerCreationTimeStamp"] = detail["startedAt"].clone();
            self.inventory(computer, record)
        };
        statuses.iter().map(container).collect()
    }

    /// `KubeEvents`: the warnings that happened, or happened again, after `since`. Normal events are not collected by
    /// default.
    pub(super) fn events(&self, events: &[Value], since: Timestamp) -> Vec<Value> {
        let last = |event: &Value| time(event, "/lastTimestamp").or_else(|| time(event, "/metadata/creationTimestamp"));
        let news = events.iter().filter(|event| event["type"] != "Normal");
        // Kubernetes writes whole seconds, so the second of the last collection may have had more to say.
        let news = news.filter(|event| last(event).is_some_and(|last| last.as_second() >= since.as_second()));
        news.map(|event| {
            let about = &event["involvedObject"];
            self.inventory(
                text(event, "/source/host"),
                json!({
                    "Name": about["name"],
                    "Namespace": about["namespace"],
                    "ObjectKind": about["kind"],
                    "KubeEventType": event["type"],
                    "Reason": event["reason"],
                    "Message": event["message"],
                    "SourceComponent": event["source"]["component"],
                    "FirstSeen": event["firstTimestamp"],
                    "LastSeen": event["lastTimestamp"],
                    "Count": event["count"].as_f64(),
                }),
            )
        })
        .collect()
    }

    /// `InsightsMetrics`: how many replicas of each deployment are ready, as the agent collects it by default
    /// (learn.microsoft.com/azure/azure-monitor/containers/container-insights-deployment-hpa-metrics).
    pub(super) fn metrics(&self, deployments: &[Value]) -> Vec<Value> {
        let of_deployment = |it: &Value| {
            let number = |pointer: &str| place::at(it, pointer).and_then(Value::as_i64).unwrap_or(0);
            let tags = json!({
                "container.azm.ms/clusterId": self.id,
                "container.azm.ms/clusterName": self.name,
                "creationTime": it["metadata"]["creationTimestamp"],
                "deployment": it["metadata"]["name"],
                "deploymentStrategy": it["spec"]["strategy"]["type"],
                "k8sNamespace": it["metadata"]["namespace"],
                "spec_replicas": number("/spec/replicas"),
                "status_replicas_available": number("/status/availableReplicas"),
                "status_replicas_updated": number("/status/updatedReplicas"),
            });
            let record = json!({
                "Origin": "container.azm.ms/telegraf",
                "Namespace": "container.azm.ms/kubestate",
                "Name": "kube_deployment_status_replicas_ready",
                "Val": number("/status/readyReplicas") as f64,
                "Tags": tags.to_string(),
            });
            self.record(self.now, "", record)
        };
        deployments.iter().map(of_deployment).collect()
    }

    /// `ContainerLogV2`: one record for a line.
    pub(super) fn line(&self, pod: &Value, container: &str, at: Timestamp, stream: &str, line: &str) -> Value {
        let statuses = pod["status"]["containerStatuses"].as_array().into_iter().flatten();
        let id = statuses.filter(|status| status["name"] == container).map(container_id).next();
        // A line that is a JSON object is kept as one, as the agent does.
        let parsed = serde_json::from_str(line).ok().filter(Value::is_object);
        self.record(
            at,
            text(pod, "/spec/nodeName"),
            json!({
                "ContainerId": id,
                "ContainerName": container,
                "PodName": pod["metadata"]["name"],
                "PodNamespace": pod["metadata"]["namespace"],
                "LogMessage": parsed.unwrap_or_else(|| Value::from(line)),
                "LogSource": stream,
            }),
        )
    }
}

/// The phase, but for what a person would call it: a waiting or failed container's reason comes first.
fn pod_status(pod: &Value, statuses: &[Value]) -> String {
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return "Terminating".to_owned();
    }
    let waiting = statuses.iter().filter_map(|status| status["state"]["waiting"]["reason"].as_str());
    let troubled = waiting.into_iter().find(|reason| *reason != "ContainerCreating" && *reason != "PodInitializing");
    troubled.unwrap_or_else(|| text(pod, "/status/phase")).to_owned()
}

fn state_of(status: &Value) -> (&'static str, &Value) {
    let state = &status["state"];
    for name in ["running", "waiting", "terminated"] {
        if state[name].is_object() {
            return (name, &state[name]);
        }
    }
    ("", &Value::Null)
}

/// The id without the runtime's name before it.
fn container_id(status: &Value) -> String {
    let whole = text(status, "/containerID");
    whole.split_once("://").map_or(whole, |(_, id)| id).to_owned()
}

fn selects(service: &Value, pod: &Value) -> bool {
    let labels = &pod["metadata"]["labels"];
    let selector = service["spec"]["selector"].as_object();
    service["metadata"]["namespace"] == pod["metadata"]["namespace"]
        && selector
            .is_some_and(|wanted| !wanted.is_empty() && wanted.iter().all(|(name, value)| labels[name] == *value))
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    place::at(value, pointer).and_then(Value::as_str).unwrap_or_default()
}

fn time(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Cluster<'static> {
        let id = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks-one";
        Cluster { id, name: "aks-one", now: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_pod_that_waits_is_called_by_its_reason() {
        let pod = json!({
            "metadata": {"name": "web-1", "namespace": "webapp", "uid": "u", "labels": {"app": "web"}},
            "spec": {"nodeName": "node-1"},
            "status": {"phase": "Pending", "containerStatuses": [
                {"name": "web", "restartCount": 2, "containerID": "containerd://abc", "state": {"waiting": {"reason": "ImagePullBackOff"}}},
                {"name": "side", "restartCount": 1, "state": {"running": {"startedAt": "2026-01-31T12:00:00Z"}}},
            ]},
        });
        let service =
            json!({"metadata": {"name": "front", "namespace": "webapp"}, "spec": {"selector": {"app": "web"}}});
        let rows = cluster().pods(&[pod], &[service]);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0]["PodStatus"], "ImagePullBackOff");
        assert_eq!((&rows[0]["ContainerStatus"], &rows[1]["ContainerStatus"]), (&json!("waiting"), &json!("running")));
        assert_eq!((&rows[0]["ContainerID"], &rows[0]["PodRestartCount"]), (&json!("abc"), &json!(3)));
        assert_eq!((&rows[0]["Computer"], &rows[0]["ServiceName"]), (&json!("node-1"), &json!("front")));
        assert_eq!(rows[0]["ClusterId"], cluster().id);
        assert_eq!(rows[0]["_ResourceId"], cluster().id.to_ascii_lowercase());
    }

    #[test]
    fn a_node_is_called_by_the_conditions_that_hold() {
        let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "lastTransitionTime": "2026-01-31T12:00:00Z"});
        let node = |conditions: Value| json!({"metadata": {"name": "node-1"}, "status": {"conditions": conditions}});
        let well = node(json!([condition("MemoryPressure", "False"), condition("Ready", "True")]));
        assert_eq!(cluster().nodes(&[well])[0]["Status"], "Ready");
        let ill = node(json!([condition("Ready", "False")]));
        assert_eq!(cluster().nodes(&[ill])[0]["Status"], "Unknown");
    }

    #[test]
    fn a_line_of_json_stays_json() {
        let pod = json!({"metadata": {"name": "web-1"}});
        let line =
            |text: &str| cluster().line(&pod, "web", Timestamp::UNIX_EPOCH, "stdout", text)["LogMessage"].clone();
        assert_eq!(line(r#"{"level":"info"}"#), json!({"level": "info"}));
        assert_eq!(line("listening"), json!("listening"));
    }

    #[test]
    fn warnings_are_collected_when_they_happen_again() {
        let event =
            |kind: &str, at: &str| json!({"type": kind, "lastTimestamp": at, "involvedObject": {"name": "web-1"}});
        let events = [
            event("Warning", "2026-01-31T11:00:00Z"),
            event("Warning", "2026-01-31T12:00:00Z"),
            event("Normal", "2026-01-31T12:00:00Z"),
        ];
        let since = "2026-01-31T11:30:00Z".parse().unwrap_or_default();
        assert_eq!(cluster().events(&events, since).len(), 1);
    }
}

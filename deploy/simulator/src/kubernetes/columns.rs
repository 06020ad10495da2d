//! What `kubectl get` shows of each kind: the columns of Kubernetes' own printers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;
use super::kind::{self, Kind};
use super::object::{self, list, number, text};

/// One column.
pub struct Column {
    pub name: &'static str,
    /// `string`, `integer` or `date`.
    pub kind: &'static str,
    /// 0 is always shown, 1 only with `-o wide`.
    pub priority: i32,
    pub cell: fn(&Value, Timestamp) -> Value,
}

const fn column(name: &'static str, cell: fn(&Value, Timestamp) -> Value) -> Column {
    Column { name, kind: "string", priority: 0, cell }
}

const fn count(name: &'static str, cell: fn(&Value, Timestamp) -> Value) -> Column {
    Column { name, kind: "integer", priority: 0, cell }
}

const fn wide(name: &'static str, cell: fn(&Value, Timestamp) -> Value) -> Column {
    Column { name, kind: "string", priority: 1, cell }
}

const NAME: Column = column("Name", |it, _| json!(object::name(it)));
const AGE: Column = column("Age", |it, now| age::since(it, "/metadata/creationTimestamp", now));
const CONTAINERS: Column = wide("Containers", |it, _| template(it, "name"));
const IMAGES: Column = wide("Images", |it, _| template(it, "image"));
const SELECTOR: Column = wide("Selector", |it, _| labels(&it["spec"]["selector"]["matchLabels"]));

/// The columns of a kind.
pub fn of(kind: &Kind) -> &'static [Column] {
    if *kind == kind::POD {
        POD
    } else if *kind == kind::DEPLOYMENT {
        DEPLOYMENT
    } else if *kind == kind::REPLICA_SET {
        REPLICA_SET
    } else if *kind == kind::NODE {
        NODE
    } else if *kind == kind::NAMESPACE {
        NAMESPACE
    } else if *kind == kind::SERVICE {
        SERVICE
    } else if *kind == kind::ENDPOINTS {
        ENDPOINTS
    } else if *kind == kind::CONFIG_MAP {
        CONFIG_MAP
    } else if *kind == kind::SECRET {
        SECRET
    } else if *kind == kind::SERVICE_ACCOUNT {
        SERVICE_ACCOUNT
    } else if *kind == kind::EVENT {
        EVENT
    } else if *kind == kind::DISRUPTION_BUDGET {
        DISRUPTION_BUDGET
    } else if *kind == kind::ROLE || *kind == kind::CLUSTER_ROLE {
        ROLE
    } else if *kind == kind::ROLE_BINDING || *kind == kind::CLUSTER_ROLE_BINDING {
        BINDING
    } else {
        OTHERS
    }
}

static ROLE: &[Column] = &[NAME, column("Created At", |it, _| json!(text(it, "/metadata/creationTimestamp")))];

static BINDING: &[Column] = &[
    NAME,
    column("Role", |it, _| json!(format!("{}/{}", text(it, "/roleRef/kind"), text(it, "/roleRef/name")))),
    AGE,
    wide("Users", |it, _| subjects(it, "User")),
    wide("Groups", |it, _| subjects(it, "Group")),
    wide("ServiceAccounts", |it, _| subjects(it, "ServiceAccount")),
];

static POD: &[Column] = &[
    NAME,
    column("Ready", |it, _| {
        let all = list(it, "/spec/containers").len();
        let ready = list(it, "/status/containerStatuses").iter().filter(|it| it["ready"] == true).count();
        json!(format!("{ready}/{all}"))
    }),
    column("Status", |it, _| json!(pod_status(it))),
    column("Restarts", restarts),
    AGE,
    wide("IP", |it, _| or_none(text(it, "/status/podIP"))),
    wide("Node", |it, _| or_none(text(it, "/spec/nodeName"))),
    wide("Nominated Node", |it, _| or_none(text(it, "/status/nominatedNodeName"))),
    wide("Readiness Gates", |_, _| json!("<none>")),
];

static DEPLOYMENT: &[Column] = &[
    NAME,
    column("Ready", |it, _| json!(format!("{}/{}", amount(it, "/status/readyReplicas"), amount(it, "/spec/replicas")))),
    count("Up-to-date", |it, _| json!(amount(it, "/status/updatedReplicas"))),
    count("Available", |it, _| json!(amount(it, "/status/availableReplicas"))),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

static REPLICA_SET: &[Column] = &[
    NAME,
    count("Desired", |it, _| json!(amount(it, "/spec/replicas"))),
    count("Current", |it, _| json!(amount(it, "/status/replicas"))),
    count("Ready", |it, _| json!(amount(it, "/status/readyReplicas"))),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];

static NODE: &[Column] = &[
    NAME,
    column("Status", |it, _| {
        let ready = if object::is_condition_true(it, "Ready") { "Ready" } else { "NotReady" };
        let closed = if it["spec"]["unschedulable"] == true { ",SchedulingDisabled" } else { "" };
        json!(format!("{ready}{closed}"))
    }),
    column("Roles", |it, _| {
        let labels = it["metadata"]["labels"].as_object().into_iter().flatten();
        let roles: Vec<&str> = labels.filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
        or_none(&roles.join(","))
    }),
    AGE,
    column("Version", |it, _| json!(text(it, "/status/nodeInfo/kubeletVersion"))),
    wide("Internal-IP", |it, _| address(it, "InternalIP")),
    wide("External-IP", |it, _| address(it, "ExternalIP")),
    wide("OS-Image", |it, _| json!(text(it, "/status/nodeInfo/osImage"))),
    wide("Kernel-Version", |it, _| json!(text(it, "/status/nodeInfo/kernelVersion"))),
    wide("Container-Runtime", |it, _| json!(text(it, "/status/nodeInfo/containerRuntimeVersion"))),
];

static NAMESPACE: &[Column] = &[NAME, column("Status", |it, _| json!(text(it, "/status/phase"))), AGE];

static SERVICE: &[Column] = &[
    NAME,
    column("Type", |it, _| json!(text(it, "/spec/type"))),
    column("Cluster-IP", |it, _| or_none(text(it, "/spec/clusterIP"))),
    column("External-IP", |it, _| {
        let addresses: Vec<&str> =
            list(it, "/status/loadBalancer/ingress").iter().map(|one| text(one, "/ip")).collect();
        match (addresses.as_slice(), text(it, "/spec/type")) {
            ([], "LoadBalancer") => json!("<pending>"),
            ([], "ExternalName") => json!(text(it, "/spec/externalName")),
            (some, _) => or_none(&some.join(",")),
        }
    }),
    column("Port(s)", |it, _| {
        let ports = list(it, "/spec/ports").iter().map(|port| {
            let node = port["nodePort"].as_i64().filter(|it| *it > 0).map(|it| format!(":{it}")).unwrap_or_default();
            format!("{}{node}/{}", port["port"], text(port, "/protocol"))
        });
        or_none(&ports.collect::<Vec<_>>().join(","))
    }),
    AGE,
    wide("Selector", |it, _| labels(&it["spec"]["selector"])),
];

static ENDPOINTS: &[Column] = &[
    NAME,
    column("Endpoints", |it, _| {
        let subsets = list(it, "/subsets").iter().flat_map(|subset| {
            list(subset, "/addresses").iter().flat_map(move |address| {
                list(subset, "/ports").iter().map(move |port| format!("{}:{}", text(address, "/ip"), port["port"]))
            })
        });
        or_none(&subsets.collect::<Vec<_>>().join(","))
    }),
    AGE,
];

static CONFIG_MAP: &[Column] = &[NAME, count("Data", |it, _| json!(entries(&it["data"]))), AGE];

static SECRET: &[Column] =
    &[NAME, column("Type", |it, _| json!(text(it, "/type"))), count("Data", |it, _| json!(entries(&it["data"]))), AGE];

static SERVICE_ACCOUNT: &[Column] = &[NAME, count("Secrets", |it, _| json!(list(it, "/secrets").len())), AGE];

static EVENT: &[Column] = &[
    column("Last Seen", |it, now| age::since(it, "/lastTimestamp", now)),
    column("Type", |it, _| json!(text(it, "/type"))),
    column("Reason", |it, _| json!(text(it, "/reason"))),
    column("Object", |it, _| {
        let kind = text(it, "/involvedObject/kind").to_lowercase();
        json!(format!("{kind}/{}", text(it, "/involvedObject/name")))
    }),
    wide("Subobject", |it, _| json!(text(it, "/involvedObject/fieldPath"))),
    wide("Source", |it, _| json!(text(it, "/source/component"))),
    column("Message", |it, _| json!(text(it, "/message").trim())),
    wide("First Seen", |it, now| age::since(it, "/firstTimestamp", now)),
    Column { name: "Count", kind: "integer", priority: 1, cell: |it, _| json!(number(it, "/count").unwrap_or(1)) },
    wide("Name", |it, _| json!(object::name(it))),
];

static DISRUPTION_BUDGET: &[Column] = &[
    NAME,
    column("Min Available", |it, _| or_not_applicable(&it["spec"]["minAvailable"])),
    column("Max Unavailable", |it, _| or_not_applicable(&it["spec"]["maxUnavailable"])),
    count("Allowed Disruptions", |it, _| json!(amount(it, "/status/disruptionsAllowed"))),
    AGE,
];

static OTHERS: &[Column] = &[NAME, AGE];

/// `printPod`: what the pod as a whole waits for or ended with.
fn pod_status(pod: &Value) -> String {
    let mut status = match text(pod, "/status/reason") {
        "" => text(pod, "/status/phase"),
        reason => reason,
    }
    .to_owned();
    for container in list(pod, "/status/containerStatuses").iter().rev() {
        let (waiting, ended) = (text(container, "/state/waiting/reason"), container["state"].get("terminated"));
        match ended {
            _ if !waiting.is_empty() => status = waiting.to_owned(),
            Some(ended) if !text(ended, "/reason").is_empty() => status = text(ended, "/reason").to_owned(),
            Some(ended) => status = format!("ExitCode:{}", ended["exitCode"]),
            None => {}
        }
    }
    if object::is_deleting(pod) { "Terminating".to_owned() } else { status }
}

fn restarts(pod: &Value, now: Timestamp) -> Value {
    let containers = list(pod, "/status/containerStatuses");
    let total: i64 = containers.iter().filter_map(|it| it["restartCount"].as_i64()).sum();
    let ends = containers.iter().filter_map(|it| object::time_at(it, "/lastState/terminated/finishedAt"));
    match ends.max().filter(|_| total > 0) {
        Some(last) => json!(format!("{total} ({} ago)", age::short(now.as_second() - last.as_second()))),
        None => json!(total.to_string()),
    }
}

fn template(object: &Value, field: &str) -> Value {
    let containers = list(object, "/spec/template/spec/containers").iter();
    json!(containers.map(|it| it[field].as_str().unwrap_or("")).collect::<Vec<_>>().join(","))
}

fn subjects(binding: &Value, kind: &str) -> Value {
    let of_kind = list(binding, "/subjects").iter().filter(|it| text(it, "/kind") == kind);
    let names = of_kind.map(|it| match text(it, "/namespace") {
        "" => text(it, "/name").to_owned(),
        namespace => format!("{namespace}/{}", text(it, "/name")),
    });
    json!(names.collect::<Vec<_>>().join(", "))
}

fn labels(pairs: &Value) -> Value {
    let pairs = pairs.as_object().into_iter().flatten();
    let all: Vec<String> = pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or(""))).collect();
    or_none(&all.join(","))
}

fn address(node: &Value, kind: &str) -> Value {
    let found = list(node, "/status/addresses").iter().find(|it| text(it, "/type") == kind);
    or_none(found.map_or("", |it| text(it, "/address")))
}

fn amount(object: &Value, pointer: &str) -> i64 {
    number(object, pointer).unwrap_or(0)
}

fn entries(map: &Value) -> usize {
    map.as_object().map_or(0, serde_json::Map::len)
}

fn or_none(text: &str) -> Value {
    json!(if text.is_empty() { "<none>" } else { text })
}

fn or_not_applicable(value: &Value) -> Value {
    match value {
        Value::Null => json!("N/A"),
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    }
}

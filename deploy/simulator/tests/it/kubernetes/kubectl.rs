//! What `kubectl` asks beyond what the `kube` client does: tables, the description of the API, protobuf, evictions.
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::Error;
use serde_json::{Value, json};

use super::{ECHO, Shop, web, within};

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

impl Shop {
    async fn ask(&self, method: &str, path: &str, header: (&str, &str), body: Vec<u8>) -> Result<Value, Error> {
        let request = http::Request::builder().method(method).uri(path).header(header.0, header.1);
        self.client.request(request.body(body).unwrap()).await
    }

    async fn get(&self, path: &str, accept: &str) -> Value {
        self.ask("GET", path, ("accept", accept), Vec::new()).await.unwrap()
    }

    async fn evict(&self, pod: &str) -> Result<Value, Error> {
        let body = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}});
        let path = format!("/api/v1/namespaces/default/pods/{pod}/eviction");
        self.ask("POST", &path, ("content-type", "application/json"), serde_json::to_vec(&body).unwrap()).await
    }
}

/// The cells of a table's rows.
fn cells(table: &Value) -> Vec<&Value> {
    table["rows"].as_array().unwrap().iter().map(|row| &row["cells"]).collect()
}

#[tokio::test]
async fn objects_are_shown_as_a_table_where_one_is_asked_for() {
    let shop = Shop::open().await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.rolled_out().await;
    let table = shop.get("/apis/apps/v1/namespaces/default/deployments", TABLE).await;
    assert_eq!((&table["kind"], &table["apiVersion"]), (&json!("Table"), &json!("meta.k8s.io/v1")));
    let names: Vec<&str> =
        table["columnDefinitions"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names[..5], ["Name", "Ready", "Up-to-date", "Available", "Age"]);
    assert_eq!(cells(&table)[0].as_array().unwrap()[..4], [json!("web"), json!("2/2"), json!(2), json!(2)]);
    assert_eq!(table["rows"][0]["object"]["metadata"]["name"], "web");
    assert!(table["rows"][0]["object"].get("spec").is_none());

    let path = "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb&includeObject=Object";
    let pods = shop.get(path, TABLE).await;
    assert_eq!(pods["rows"][0]["object"]["kind"], "Pod");
    for row in cells(&pods) {
        assert_eq!(row.as_array().unwrap()[1..4], [json!("1/1"), json!("Running"), json!("0")]);
    }
    let one = shop.get("/api/v1/namespaces/default", TABLE).await;
    assert_eq!(cells(&one)[0].as_array().unwrap()[..2], [json!("default"), json!("Active")]);
    assert_eq!(shop.get("/api/v1/nodes", "application/json").await["kind"], "NodeList");
}

#[tokio::test]
async fn the_api_is_described_as_far_as_clients_decide_by_it() {
    let shop = Shop::open().await;
    let index = shop.get("/openapi/v3", "application/json").await;
    for path in ["api/v1", "apis/apps/v1", "apis/policy/v1"] {
        let address = index["paths"][path]["serverRelativeURL"].as_str().unwrap();
        let description = shop.get(address, "application/json").await;
        assert!(description["openapi"].as_str().unwrap().starts_with("3."), "{path}");
    }
    let apps = shop.get("/openapi/v3/apis/apps/v1", "application/json").await;
    let patch = &apps["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
    assert_eq!(patch["x-kubernetes-group-version-kind"]["kind"], "Deployment");
    assert!(patch["parameters"].as_array().unwrap().iter().any(|it| it["name"] == "fieldValidation"));
    let core = shop.get("/api/v1", "application/json").await;
    let eviction = core["resources"].as_array().unwrap().iter().find(|it| it["name"] == "pods/eviction").unwrap();
    assert_eq!((&eviction["group"], &eviction["version"]), (&json!("policy"), &json!("v1")));
}

#[tokio::test]
async fn a_body_in_protobuf_is_read() {
    let shop = Shop::open().await;
    // `kubectl create serviceaccount reader`, without the fields that it leaves empty.
    let mut body = b"k8s\0\x0a\x14\x0a\x02v1\x12\x0eServiceAccount\x12\x0a\x0a\x08\x0a\x06reader".to_vec();
    let path = "/api/v1/namespaces/default/serviceaccounts";
    let kind = ("content-type", "application/vnd.kubernetes.protobuf");
    shop.ask("POST", path, kind, body.clone()).await.unwrap();
    shop.api::<ServiceAccount>().get("reader").await.unwrap();
    body.truncate(30);
    let cut = shop.ask("POST", path, kind, body).await.unwrap_err();
    assert!(matches!(&cut, Error::Api(status) if status.code == 415), "{cut}");
}

#[tokio::test]
async fn an_eviction_takes_from_the_budget_at_once() {
    let shop = Shop::open().await;
    // Pods that nobody replaces and whose readiness nobody asks for: what changes the budget is the evictions alone.
    let spec = json!({"terminationGracePeriodSeconds": 2,
        "containers": [{"name": "web", "image": ECHO, "args": ["echo"],
            "env": [{"name": "HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]}]});
    let start = async |name: &str| {
        let body = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "web"}},
            "spec": spec});
        shop.apply::<Pod>(body).await;
    };
    for name in ["one", "two", "three"] {
        start(name).await;
    }
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}});
    shop.apply::<PodDisruptionBudget>(budget).await;
    let budgets = shop.api::<PodDisruptionBudget>();
    let allowed = || async {
        let status = budgets.get("web").await.unwrap().status;
        status.filter(|status| status.disruptions_allowed == 1).map(drop)
    };
    within(10, allowed).await;
    let (one, two, three) = tokio::join!(shop.evict("one"), shop.evict("two"), shop.evict("three"));
    let all = [one, two, three];
    assert_eq!(all.iter().filter(|it| it.is_ok()).count(), 1, "{all:?}");
    let refused = all.into_iter().find_map(Result::err).unwrap();
    let Error::Api(status) = refused else { panic!("{refused}") };
    assert_eq!(status.code, 429);
    assert_eq!(status.message, "Cannot evict pod as it would violate the pod's disruption budget.");
    let why = &status.details.unwrap().causes[0];
    assert!(why.message.starts_with("The disruption budget web needs 2 healthy pods and has "), "{}", why.message);
    start("four").await;
    within(20, allowed).await;
}

#[tokio::test]
async fn a_field_that_the_kind_does_not_have_is_refused_where_the_caller_asks_for_it() {
    let shop = Shop::open().await;
    let mut typed = web(ECHO);
    typed["spec"]["template"]["spec"]["containers"][0]["requests"] = json!({"cpu": "50m"});
    let path = "/apis/apps/v1/namespaces/default/deployments?dryRun=All&fieldValidation=";
    let kind = ("content-type", "application/json");
    let body = serde_json::to_vec(&typed).unwrap();
    let refused = shop.ask("POST", &format!("{path}Strict"), kind, body.clone()).await.unwrap_err();
    let Error::Api(status) = refused else { panic!("{refused}") };
    assert_eq!((status.code, status.reason.as_str()), (400, "BadRequest"));
    assert!(
        status.message.ends_with("strict decoding error: unknown field \"spec.template.spec.containers[0].requests\""),
        "{}",
        status.message
    );
    shop.ask("POST", &format!("{path}Ignore"), kind, body).await.unwrap();
}

#[tokio::test]
async fn a_closed_node_is_tainted_and_takes_only_who_tolerates_it() {
    let shop = Shop::open().await;
    let nodes: kube::Api<k8s_openapi::api::core::v1::Node> = kube::Api::all(shop.client.clone());
    let all = nodes.list(&kube::api::ListParams::default()).await.unwrap();
    let names: Vec<String> = all.into_iter().map(|node| node.metadata.name.unwrap()).collect();
    let taints = async |name: &str| {
        let taints = nodes.get(name).await.unwrap().spec.unwrap().taints.unwrap_or_default();
        taints.into_iter().map(|taint| taint.key).collect::<Vec<_>>()
    };
    for name in &names {
        nodes.cordon(name).await.unwrap();
        within(10, || async { (taints(name).await == ["node.kubernetes.io/unschedulable"]).then_some(()) }).await;
    }
    shop.apply::<Deployment>(web(ECHO)).await;
    within(10, || async {
        let pods = shop.pods().await;
        let message = pods.first()?["status"]["conditions"][0]["message"].as_str()?.to_owned();
        (message == "0/2 nodes are available: 2 node(s) were unschedulable.").then_some(())
    })
    .await;
    let mut tolerant = web(ECHO);
    tolerant["spec"]["template"]["spec"]["tolerations"] = json!([{"operator": "Exists"}]);
    shop.apply::<Deployment>(tolerant).await;
    shop.rolled_out().await;
    nodes.uncordon(&names[0]).await.unwrap();
    within(10, || async { taints(&names[0]).await.is_empty().then_some(()) }).await;
}

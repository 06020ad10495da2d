//! What Azure offers a subscription: cores, sizes of machines, Kubernetes versions.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{CLUSTER, body, done, make, register, visitor};
use crate::visitor::{Visitor, eventually};

const OTHER: &str = "/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/other";

async fn limit(visitor: &Visitor, family: &str, limit: i64) {
    let quota = json!({"location": "westeurope", "family": family, "limit": limit});
    assert_eq!(visitor.control(Method::POST, "/quotas", quota).await.status, StatusCode::NO_CONTENT);
}

fn other() -> Value {
    let mut other = body();
    other["properties"]["dnsPrefix"] = json!("other");
    other
}

async fn usage(visitor: &Visitor, family: &str) -> (i64, i64) {
    let path = "/providers/Microsoft.Compute/locations/westeurope/usages";
    let usages = visitor.arm(Method::GET, path, Value::Null).await.body;
    let found = usages["value"].as_array().unwrap().iter().find(|one| one["name"]["value"] == family).unwrap();
    (found["currentValue"].as_i64().unwrap(), found["limit"].as_i64().unwrap())
}

#[tokio::test]
async fn a_cluster_beyond_the_cores_that_are_left_is_refused() {
    let visitor = visitor().await;
    make(&visitor, body()).await;
    limit(&visitor, "standardDSv5Family", 6).await;
    assert_eq!(usage(&visitor, "standardDSv5Family").await, (4, 6));
    let refused = visitor.arm(Method::PUT, OTHER, other()).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "ErrCode_InsufficientVCPUQuota"));
    assert_eq!(
        refused.message(),
        "Insufficient vcpu quota requested 4, remaining 2 for family standardDSv5Family for region westeurope."
    );
    limit(&visitor, "standardDSv5Family", 100).await;
    limit(&visitor, "cores", 5).await;
    assert_eq!(usage(&visitor, "cores").await, (4, 5));
    let refused = visitor.arm(Method::PUT, OTHER, other()).await;
    assert!(
        refused.message().starts_with("Insufficient regional vcpu quota left for location westeurope."),
        "{}",
        refused.message()
    );
    let wrong = json!({"location": "westeurope", "family": "standardXFamily", "limit": 1});
    assert_eq!(visitor.control(Method::POST, "/quotas", wrong).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn two_clusters_that_fit_alone_but_not_together_end_with_one_failed() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::POST, "/providers/Microsoft.ContainerService/register", Value::Null).await;
    visitor.advance(60);
    register(&visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    limit(&visitor, "standardDSv5Family", 6).await;
    let begun = [visitor.arm(Method::PUT, CLUSTER, body()).await, visitor.arm(Method::PUT, OTHER, other()).await];
    visitor.advance(400);
    let mut states = Vec::new();
    for asked in &begun {
        assert_eq!(asked.status, StatusCode::CREATED, "both were asked before either had nodes: {}", asked.body);
        let ended = eventually(|| async {
            let state = visitor.arm(Method::GET, asked.header("azure-asyncoperation"), Value::Null).await.body;
            (state["status"] != "InProgress").then_some(state)
        });
        states.push(ended.await);
    }
    states.sort_by_key(|state| state["status"].as_str().map(str::to_owned));
    assert_eq!((&states[0]["status"], &states[1]["status"]), (&json!("Failed"), &json!("Succeeded")));
    assert_eq!(states[0]["error"]["code"], "ErrCode_InsufficientVCPUQuota");
    let listed = "/providers/Microsoft.ContainerService/managedClusters";
    let clusters = visitor.arm(Method::GET, listed, Value::Null).await.body;
    let failed =
        clusters["value"].as_array().unwrap().iter().find(|it| it["properties"]["provisioningState"] == "Failed");
    let why = &failed.unwrap()["properties"]["status"]["provisioningError"]["code"];
    assert_eq!(why, "ErrCode_InsufficientVCPUQuota");
}

#[tokio::test]
async fn an_upgrade_needs_room_for_its_surge_nodes() {
    let visitor = visitor().await;
    let mut old = body();
    old["properties"]["kubernetesVersion"] = json!("1.35");
    make(&visitor, old).await;
    limit(&visitor, "standardDSv5Family", 5).await;
    let mut newer = body();
    newer["properties"]["kubernetesVersion"] = json!("1.36");
    let refused = visitor.arm(Method::PUT, CLUSTER, newer.clone()).await;
    assert_eq!(refused.code(), "ErrCode_InsufficientVCPUQuota", "{}", refused.body);
    let image = format!("{CLUSTER}/agentPools/system/upgradeNodeImageVersion");
    let image = visitor.arm(Method::POST, &image, Value::Null).await;
    assert_eq!(image.code(), "ErrCode_InsufficientVCPUQuota");
    limit(&visitor, "standardDSv5Family", 6).await;
    let asked = visitor.arm(Method::PUT, CLUSTER, newer).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    done(&visitor, &asked).await;
    let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(cluster["properties"]["currentKubernetesVersion"], "1.36.0");
    assert_eq!(usage(&visitor, "standardDSv5Family").await.0, 4, "the surge nodes are gone again");
}

#[tokio::test]
async fn a_restricted_size_is_told_and_refused_where_it_is_restricted() {
    let visitor = visitor().await;
    register(&visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let restriction = json!({"name": "Standard_D2s_v5", "location": "westeurope"});
    visitor.control(Method::POST, "/sizes", restriction).await;
    let zones = json!({"name": "Standard_D4s_v5", "location": "westeurope", "zones": ["3"]});
    visitor.control(Method::POST, "/sizes", zones).await;

    let path = "/providers/Microsoft.Compute/skus?$filter=location%20eq%20'westeurope'";
    let skus = visitor.arm(Method::GET, path, Value::Null).await.body;
    let sku = |name: &str| skus["value"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(
        sku("Standard_D2s_v5")["restrictions"],
        json!([{"type": "Location", "values": ["westeurope"], "reasonCode": "NotAvailableForSubscription",
            "restrictionInfo": {"locations": ["westeurope"]}}])
    );
    assert_eq!(sku("Standard_D4s_v5")["restrictions"][0]["restrictionInfo"]["zones"], json!(["3"]));
    assert_eq!(sku("Standard_E2s_v5")["restrictions"], json!([]));

    let refused = visitor.arm(Method::PUT, CLUSTER, body()).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "BadRequest"));
    let begins = "The VM size of Standard_D2s_v5 is not allowed in your subscription in location 'westeurope'. The available VM sizes are '";
    assert!(refused.message().starts_with(begins), "{}", refused.message());
    assert!(!refused.message().contains("standard_d2s_v5"), "{}", refused.message());
    let mut zoned = body();
    zoned["properties"]["agentPoolProfiles"][0]["vmSize"] = json!("Standard_D4s_v5");
    zoned["properties"]["agentPoolProfiles"][0]["availabilityZones"] = json!(["1", "3"]);
    assert_eq!(visitor.arm(Method::PUT, CLUSTER, zoned.clone()).await.code(), "AvailabilityZoneNotSupported");
    zoned["properties"]["agentPoolProfiles"][0]["availabilityZones"] = json!(["1"]);
    assert_eq!(visitor.arm(Method::PUT, CLUSTER, zoned).await.status, StatusCode::CREATED);

    visitor.control(Method::DELETE, "/sizes", Value::Null).await;
    assert_eq!(visitor.arm(Method::PUT, OTHER, other()).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_version_out_of_support_is_told_and_refused() {
    let visitor = visitor().await;
    register(&visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let path = "/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions";
    let plans = async |version: &str| {
        let list = visitor.arm(Method::GET, path, Value::Null).await.body;
        let found = list["values"].as_array().unwrap().iter().find(|one| one["version"] == version).cloned();
        found.map(|found| found["capabilities"]["supportPlan"].clone())
    };
    assert_eq!(plans("1.36").await, Some(json!(["KubernetesOfficial", "AKSLongTermSupport"])));
    assert_eq!(plans("1.33").await, Some(json!(["AKSLongTermSupport"])));
    let set = async |state: &str| {
        visitor.control(Method::POST, "/versions", json!({"version": "1.36", "state": state})).await.status
    };
    let mut wanted = body();
    wanted["properties"]["kubernetesVersion"] = json!("1.36");
    assert_eq!(set("long_term").await, StatusCode::NO_CONTENT);
    let refused = visitor.arm(Method::PUT, CLUSTER, wanted.clone()).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "K8sVersionNotSupported"));
    assert!(
        refused.message().contains("Managed cluster shop is on version 1.36, which is only available for Long-Term")
    );
    assert_eq!(set("gone").await, StatusCode::NO_CONTENT);
    assert_eq!(plans("1.36").await, None);
    assert!(visitor.arm(Method::PUT, CLUSTER, wanted.clone()).await.message().contains("not supported in this region"));
    assert_eq!(set("supported").await, StatusCode::NO_CONTENT);
    assert_eq!(visitor.arm(Method::PUT, CLUSTER, wanted).await.status, StatusCode::CREATED);
    let unknown = visitor.control(Method::POST, "/versions", json!({"version": "1.3", "state": "gone"})).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
}

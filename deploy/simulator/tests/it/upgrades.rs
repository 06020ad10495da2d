//! Nodes that are replaced, clusters that are stopped and started, and what AKS does by itself.
use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Node};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::Api;
use kube::api::ListParams;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{self, CLUSTER, body, done, make};
use crate::kubernetes::{ECHO, Shop, web, within};
use crate::visitor::{Reply, Visitor, eventually};

const POOL: &str = "/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop/agentPools/system";
const IMAGE: &str = "kubernetes.azure.com/node-image-version";

/// A pool that gives a drain so many minutes, which pass in no time.
fn patient(minutes: i64) -> Value {
    let mut body = body();
    body["properties"]["agentPoolProfiles"][0]["upgradeSettings"] = json!({"drainTimeoutInMinutes": minutes});
    body
}

impl Shop {
    async fn nodes(&self) -> Vec<Value> {
        let all: Api<Node> = Api::all(self.client.clone());
        let mut all: Vec<Value> = all
            .list(&ListParams::default())
            .await
            .unwrap()
            .into_iter()
            .map(|node| serde_json::to_value(node).unwrap())
            .collect();
        all.sort_by_key(|node| node["metadata"]["name"].as_str().unwrap().to_owned());
        all
    }

    /// The images of the nodes, by the end of their names.
    async fn images(&self) -> Vec<(String, String)> {
        let nodes = self.nodes().await;
        let each = nodes.iter().map(|node| {
            let name = node["metadata"]["name"].as_str().unwrap();
            let image = node["metadata"]["labels"][IMAGE].as_str().unwrap().rsplit('-').next().unwrap().to_owned();
            (name[name.len() - 2..].to_owned(), image)
        });
        each.collect()
    }

    async fn release(&self, image: &str) {
        let told = self.visitor.control(Method::POST, "/images", json!({ "version": image })).await;
        assert_eq!(told.status, StatusCode::NO_CONTENT);
    }

    async fn renew(&self) -> Reply {
        let path = format!("{POOL}/upgradeNodeImageVersion");
        let asked = self.visitor.arm(Method::POST, &path, Value::Null).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
        asked
    }

    /// What the events say, in the order in which they came.
    async fn reasons(&self) -> Vec<String> {
        let events: Api<Event> = Api::default_namespaced(self.client.clone());
        let mut all = events.list(&ListParams::default()).await.unwrap().items;
        all.sort_by_key(|event| event.metadata.resource_version.as_ref().unwrap().parse::<u64>().unwrap());
        all.into_iter()
            .map(|event| format!("{} {}", event.reason.unwrap_or_default(), event.message.unwrap_or_default()))
            .collect()
    }

    /// Has `web` run on these nodes alone, by the ends of their names; afterwards all take pods again.
    async fn put_web_on(&self, nodes: &[&str]) {
        let all: Api<Node> = Api::all(self.client.clone());
        let names = self.nodes().await.into_iter().map(|node| node["metadata"]["name"].as_str().unwrap().to_owned());
        let others: Vec<String> = names.filter(|name| !nodes.iter().any(|end| name.ends_with(end))).collect();
        for name in &others {
            all.cordon(name).await.unwrap();
        }
        self.apply::<Deployment>(web(ECHO)).await;
        self.rolled_out().await;
        for name in &others {
            all.uncordon(name).await.unwrap();
        }
    }

    async fn budget(&self, least: i64) {
        let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
            "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": "web"}}}});
        self.apply::<PodDisruptionBudget>(budget).await;
        let budgets = self.api::<PodDisruptionBudget>();
        within(10, || async {
            let status = budgets.get("web").await.unwrap().status;
            status.filter(|status| status.current_healthy == 2).map(drop)
        })
        .await;
    }
}

/// What an operation ended with.
async fn ended(visitor: &Visitor, asked: &Reply) -> Value {
    let address = asked.header("azure-asyncoperation").to_owned();
    eventually(|| async {
        let state = visitor.arm(Method::GET, &address, Value::Null).await.body;
        (state["status"] != "InProgress").then_some(state)
    })
    .await
}

#[tokio::test]
async fn nodes_are_replaced_one_after_another_and_their_pods_go_on_elsewhere() {
    let shop = Shop::with(patient(1440)).await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.rolled_out().await;
    shop.budget(1).await;
    let before = shop.pods().await;
    assert_eq!(
        shop.images().await,
        [("00".to_owned(), shop.images().await[0].1.clone()), ("01".to_owned(), shop.images().await[0].1.clone())]
    );
    shop.release("209901.01.0").await;
    let asked = shop.renew().await;
    let pool = shop.visitor.arm(Method::GET, POOL, Value::Null).await.body;
    assert_eq!(pool["properties"]["provisioningState"], "UpgradingNodeImageVersion");
    within(20, || async { (shop.nodes().await.len() == 3).then_some(()) }).await;
    let sets = "/resourceGroups/MC_rg_shop_westeurope/providers/Microsoft.Compute/virtualMachineScaleSets";
    let sets = shop.visitor.arm(Method::GET, sets, Value::Null).await.body;
    assert_eq!(sets["value"][0]["sku"]["capacity"], 3, "the node beside the others takes its cores");
    let end = ended(&shop.visitor, &asked).await;
    assert_eq!(end["status"], "Succeeded", "{end}");
    let new = |name: &str| (name.to_owned(), "209901.01.0".to_owned());
    assert_eq!(shop.images().await, [new("00"), new("01")]);
    shop.rolled_out().await;
    let after = shop.pods().await;
    assert_eq!(after.len(), 2);
    for pod in &before {
        let uid = &pod["metadata"]["uid"];
        assert!(after.iter().all(|it| it["metadata"]["uid"] != *uid), "every pod was started elsewhere");
    }
    let reasons = shop.reasons().await;
    for told in ["Surge Created a surge node", "Drain Draining node", "Upgrade Successfully upgraded", "RemovingNode"] {
        assert!(reasons.iter().any(|reason| reason.starts_with(told)), "{told}: {reasons:?}");
    }
    assert!(shop.nodes().await.iter().all(|node| node["spec"]["unschedulable"] != true));
}

/// Four nodes, and how they are replaced.
fn four(settings: Value) -> Value {
    let mut body = body();
    let pool = &mut body["properties"]["agentPoolProfiles"][0];
    (pool["count"], pool["upgradeSettings"]) = (json!(4), settings);
    body
}

/// How many nodes were being replaced at the same time, from what the events tell in their order.
fn most_at_once(told: &[String]) -> usize {
    let (mut open, mut most) = (BTreeSet::new(), 0);
    for event in told {
        if let Some(node) = event.strip_prefix("Drain Draining node: ") {
            open.insert(node);
        } else if let Some(node) = event.strip_prefix("Upgrade Successfully upgraded node: ") {
            open.remove(node);
        }
        most = most.max(open.len());
    }
    most
}

#[tokio::test]
async fn several_nodes_are_replaced_at_once_and_a_budget_holds_across_all_of_them() {
    let shop = Shop::with(four(json!({"maxSurge": "50%", "drainTimeoutInMinutes": 1440}))).await;
    shop.put_web_on(&["00", "01"]).await;
    shop.budget(1).await;
    shop.release("209901.01.0").await;
    let asked = shop.renew().await;
    let end = ended(&shop.visitor, &asked).await;
    assert_eq!(end["status"], "Succeeded", "{end}");
    let new = |name: &str| (name.to_owned(), "209901.01.0".to_owned());
    assert_eq!(shop.images().await, ["00", "01", "02", "03"].map(new), "both that stood beside them are gone");
    let told = shop.reasons().await;
    assert_eq!(most_at_once(&told), 2, "{told:?}");
    assert_eq!(told.iter().filter(|event| event.starts_with("Surge Created")).count(), 2, "{told:?}");
    let held = told.iter().any(|event| event.starts_with("Drain Eviction blocked by Too many Requests"));
    assert!(held, "of two nodes emptied at once, one waits for the pod of the other: {told:?}");
    shop.rolled_out().await;
}

#[tokio::test]
async fn a_pool_that_may_shrink_replaces_several_nodes_without_any_beside_them() {
    let shop = Shop::with(four(json!({"maxSurge": "0", "maxUnavailable": "75%"}))).await;
    shop.release("209901.01.0").await;
    let asked = shop.renew().await;
    let end = ended(&shop.visitor, &asked).await;
    assert_eq!(end["status"], "Succeeded", "{end}");
    let new = |name: &str| (name.to_owned(), "209901.01.0".to_owned());
    assert_eq!(shop.images().await, ["00", "01", "02", "03"].map(new));
    let told = shop.reasons().await;
    assert_eq!(most_at_once(&told), 3, "{told:?}");
    assert!(!told.iter().any(|event| event.starts_with("Surge")), "{told:?}");
}

#[tokio::test]
async fn one_of_several_nodes_that_cannot_be_emptied_ends_the_upgrade_with_the_others_done() {
    let shop = Shop::with(four(json!({"maxSurge": "2", "drainTimeoutInMinutes": 30}))).await;
    shop.put_web_on(&["00"]).await;
    shop.budget(2).await;
    let old = shop.images().await[0].1.clone();
    shop.release("209901.01.0").await;
    let asked = shop.renew().await;
    let end = ended(&shop.visitor, &asked).await;
    assert_eq!((&end["status"], &end["error"]["code"]), (&json!("Failed"), &json!("UpgradeFailed")), "{end}");
    let message = end["error"]["message"].as_str().unwrap();
    assert!(message.contains("000000 failed when evicting pod web-"), "{message}");
    assert!(message.contains(" blocked by pdb web (MinAvailable: 2) (CurrentHealthy: 2)"), "{message}");
    let images: Vec<String> = shop.images().await.into_iter().map(|(_, image)| image).collect();
    let new = "209901.01.0";
    assert_eq!(images, [&old, new, new, new, new, new], "three are done, and two stand beside them still");
    assert!(shop.nodes().await.iter().all(|node| node["spec"]["unschedulable"] != true), "all take pods again");
}

#[tokio::test]
async fn a_drain_that_a_budget_forbids_ends_the_upgrade_half_way_and_a_later_one_goes_on() {
    let shop = Shop::with(patient(30)).await;
    let nodes: Api<Node> = Api::all(shop.client.clone());
    let names: Vec<String> =
        shop.nodes().await.iter().map(|node| node["metadata"]["name"].as_str().unwrap().to_owned()).collect();
    nodes.cordon(&names[0]).await.unwrap();
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.rolled_out().await;
    nodes.uncordon(&names[0]).await.unwrap();
    shop.budget(2).await;
    let old = shop.images().await[0].1.clone();
    shop.release("209901.01.0").await;
    let asked = shop.renew().await;
    let end = ended(&shop.visitor, &asked).await;
    assert_eq!((&end["status"], &end["error"]["code"]), (&json!("Failed"), &json!("UpgradeFailed")), "{end}");
    let message = end["error"]["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("Drain node {} failed when evicting pod web-", names[1])), "{message}");
    assert!(message.contains(" blocked by pdb web (MinAvailable: 2) (CurrentHealthy: 2)"), "{message}");
    let pool = shop.visitor.arm(Method::GET, POOL, Value::Null).await.body;
    assert_eq!(pool["properties"]["provisioningState"], "Failed");
    let cluster = shop.visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(cluster["properties"]["status"]["provisioningError"]["code"], "UpgradeFailed");
    let images: Vec<String> = shop.images().await.into_iter().map(|(_, image)| image).collect();
    assert_eq!(images, ["209901.01.0", &old, "209901.01.0"], "one is done, and the one beside them still stands");
    assert!(shop.nodes().await.iter().all(|node| node["spec"]["unschedulable"] != true), "all take pods again");

    shop.api::<PodDisruptionBudget>().delete("web", &kube::api::DeleteParams::default()).await.unwrap();
    let more_patient = json!({"properties": {"count": 2, "mode": "System", "vmSize": "Standard_D2s_v5",
        "upgradeSettings": {"drainTimeoutInMinutes": 1440}}});
    let asked = shop.visitor.arm(Method::PUT, POOL, more_patient).await;
    let end = ended(&shop.visitor, &asked).await;
    assert_eq!(end["status"], "Succeeded", "{end}");
    assert_eq!(shop.images().await.len(), 2);
    assert!(shop.images().await.iter().all(|(_, image)| image == "209901.01.0"));
    let cluster = shop.visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(cluster["properties"]["provisioningState"], "Succeeded");
    assert!(cluster["properties"]["status"].is_null());
}

#[tokio::test]
async fn a_node_that_cannot_be_emptied_is_left_closed_where_the_pool_says_so() {
    let mut cordons = patient(10);
    cordons["properties"]["agentPoolProfiles"][0]["upgradeSettings"]["undrainableNodeBehavior"] = json!("Cordon");
    let shop = Shop::with(cordons).await;
    let nodes: Api<Node> = Api::all(shop.client.clone());
    let last = shop.nodes().await[1]["metadata"]["name"].as_str().unwrap().to_owned();
    nodes.cordon(&last).await.unwrap();
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.rolled_out().await;
    nodes.uncordon(&last).await.unwrap();
    shop.budget(2).await;
    let old = shop.images().await[0].1.clone();
    shop.release("209901.01.0").await;
    let asked = shop.renew().await;
    let end = ended(&shop.visitor, &asked).await;
    assert_eq!(end["error"]["code"], "UpgradeFailed", "{end}");
    let images: Vec<String> = shop.images().await.into_iter().map(|(_, image)| image).collect();
    assert_eq!(images, [&old, "209901.01.0", "209901.01.0"], "the others are done, and one stands for it");
    let closed = &shop.nodes().await[0];
    assert_eq!(closed["spec"]["unschedulable"], true);
    assert_eq!(closed["metadata"]["labels"]["kubernetes.azure.com/upgrade-status"], "Quarantined");
}

/// Whether the proxy leads anywhere under that name. Its certificate is another authority's.
async fn resolves(visitor: &Visitor, url: &str) -> bool {
    let error = visitor.anybody().get(url).send().await.unwrap_err();
    !format!("{error:?}").to_lowercase().contains("tunnel")
}

/// A world whose clock the test moves, with a cluster in it.
async fn slow(body: Value) -> Visitor {
    let visitor = Visitor::arrive().await;
    aks::register_slowly(&visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let asked = visitor.arm(Method::PUT, CLUSTER, body).await;
    visitor.advance(400);
    done(&visitor, &asked).await;
    visitor
}

async fn moved(visitor: &Visitor, asked: &Reply) {
    let address = asked.header("azure-asyncoperation").to_owned();
    eventually(|| async {
        visitor.advance(30);
        let state = visitor.arm(Method::GET, &address, Value::Null).await.body;
        assert_ne!(state["status"], "Failed", "{state}");
        (state["status"] == "Succeeded").then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_upgrade_goes_on_after_the_simulator_was_started_anew() {
    let visitor = slow(body()).await;
    visitor.control(Method::POST, "/images", json!({"version": "209901.01.0"})).await;
    let asked = visitor.arm(Method::POST, &format!("{POOL}/upgradeNodeImageVersion"), Value::Null).await;
    let capacity = async |visitor: &Visitor| {
        let sets = "/resourceGroups/MC_rg_shop_westeurope/providers/Microsoft.Compute/virtualMachineScaleSets";
        visitor.arm(Method::GET, sets, Value::Null).await.body["value"][0]["sku"]["capacity"].clone()
    };
    visitor.advance(90);
    eventually(|| async { (capacity(&visitor).await == 3).then_some(()) }).await;
    let visitor = visitor.again().await;
    assert_eq!(capacity(&visitor).await, 3);
    moved(&visitor, &asked).await;
    assert_eq!(capacity(&visitor).await, 2);
}

#[tokio::test]
async fn a_stopped_cluster_has_no_nodes_and_takes_nothing_but_a_start() {
    let visitor = aks::visitor().await;
    let cluster = make(&visitor, body()).await;
    let host = format!("https://{}/version", cluster["properties"]["fqdn"].as_str().unwrap());
    assert!(resolves(&visitor, &host).await);
    let early = visitor.arm(Method::POST, &format!("{CLUSTER}/start"), Value::Null).await;
    assert_eq!(
        early.message(),
        "managed cluster is in Provisioning State(Succeeded) and Power State(Running), starting cannot be performed"
    );
    let asked = visitor.arm(Method::POST, &format!("{CLUSTER}/stop"), Value::Null).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
    assert!(!asked.header("location").is_empty());
    done(&visitor, &asked).await;
    let stopped = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(stopped["properties"]["powerState"]["code"], "Stopped");
    assert_eq!(stopped["properties"]["agentPoolProfiles"][0]["powerState"]["code"], "Stopped");
    assert_eq!(stopped["properties"]["provisioningState"], "Succeeded");
    assert!(!resolves(&visitor, &host).await);
    let usages = "/providers/Microsoft.Compute/locations/westeurope/usages";
    let used = visitor.arm(Method::GET, usages, Value::Null).await.body["value"][0]["currentValue"].clone();
    assert_eq!(used, 0);
    let again = visitor.arm(Method::POST, &format!("{CLUSTER}/stop"), Value::Null).await;
    assert_eq!((again.status, again.code()), (StatusCode::BAD_REQUEST, "BadRequest"));
    assert_eq!(
        again.message(),
        "managed cluster is in Provisioning State(Succeeded) and Power State(Stopped), stopping cannot be performed"
    );
    let pool = json!({"properties": {"count": 3, "mode": "System", "vmSize": "Standard_D2s_v5"}});
    assert_eq!(visitor.arm(Method::PUT, CLUSTER, body()).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(visitor.arm(Method::PUT, POOL, pool).await.status, StatusCode::BAD_REQUEST);

    let quota = |limit: Value| json!({"location": "westeurope", "family": "cores", "limit": limit});
    visitor.control(Method::POST, "/quotas", quota(json!(2))).await;
    let refused = visitor.arm(Method::POST, &format!("{CLUSTER}/start"), Value::Null).await;
    assert_eq!(refused.code(), "ErrCode_InsufficientVCPUQuota");
    visitor.control(Method::POST, "/quotas", quota(Value::Null)).await;
    visitor.control(Method::POST, "/faults", json!({"named": "allocation-failed", "verb": "start"})).await;
    let asked = visitor.arm(Method::POST, &format!("{CLUSTER}/start"), Value::Null).await;
    let end = ended(&visitor, &asked).await;
    assert_eq!(end["error"]["code"], "AllocationFailed", "{end}");
    let failed = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(failed["properties"]["provisioningState"], "Failed");
    let visitor = visitor.again().await;
    let asked = visitor.arm(Method::POST, &format!("{CLUSTER}/start"), Value::Null).await;
    done(&visitor, &asked).await;
    let started = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(started["properties"]["powerState"]["code"], "Running");
    assert!(resolves(&visitor, &host).await);
    let used = visitor.arm(Method::GET, usages, Value::Null).await.body["value"][0]["currentValue"].clone();
    assert_eq!(used, 4);
}

#[tokio::test]
async fn a_cluster_that_is_stopped_can_be_deleted() {
    let visitor = aks::visitor().await;
    make(&visitor, body()).await;
    let asked = visitor.arm(Method::POST, &format!("{CLUSTER}/stop"), Value::Null).await;
    done(&visitor, &asked).await;
    let asked = visitor.arm(Method::DELETE, CLUSTER, Value::Null).await;
    done(&visitor, &asked).await;
    assert!(visitor.world().state.list("kubernetes").is_empty(), "its objects go with it");
}

#[tokio::test]
async fn aks_goes_on_with_a_new_cluster_where_the_settings_say_so() {
    let visitor = Visitor::arrive().await;
    visitor.control(Method::PATCH, "/settings", json!({"background_operation": true})).await;
    aks::register_slowly(&visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let asked = visitor.arm(Method::PUT, CLUSTER, body()).await;
    visitor.advance(400);
    done(&visitor, &asked).await;
    let busy = visitor.arm(Method::PUT, CLUSTER, body()).await;
    assert_eq!((busy.status, busy.code()), (StatusCode::CONFLICT, "OperationNotAllowed"));
    assert!(busy.message().contains("PutExtensionAddonHandler.PUT"), "{}", busy.message());
    visitor.advance(60);
    assert_eq!(visitor.arm(Method::PUT, CLUSTER, body()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn node_images_change_in_the_window_of_their_channel() {
    let visitor = slow(body()).await;
    visitor.control(Method::PATCH, "/settings", json!({"maintenance": true})).await;
    let window = json!({"properties": {"maintenanceWindow": {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Wednesday"}},
        "durationHours": 4, "startTime": "02:00", "utcOffset": "+00:00"}}});
    let path = format!("{CLUSTER}/maintenanceConfigurations/aksManagedNodeOSUpgradeSchedule");
    visitor.arm(Method::PUT, &path, window).await;
    let image = async || {
        let pool = visitor.arm(Method::GET, POOL, Value::Null).await.body;
        pool["properties"]["nodeImageVersion"].as_str().unwrap().rsplit('-').next().unwrap().to_owned()
    };
    assert_eq!(image().await, "202611.16.0");
    // From Monday to the next: there is a newer image, and the window is closed.
    visitor.advance(7 * 24 * 3600);
    let newest = visitor.arm(Method::GET, &format!("{POOL}/upgradeProfiles/default"), Value::Null).await.body;
    assert!(newest["properties"]["latestNodeImageVersion"].as_str().unwrap().ends_with("202611.23.0"));
    assert_eq!(image().await, "202611.16.0");
    // Into the night of Wednesday, in which it is open.
    visitor.advance(41 * 3600);
    eventually(|| async {
        let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
        (cluster["properties"]["provisioningState"] == "Upgrading").then_some(())
    })
    .await;
    assert_eq!(image().await, "202611.23.0");
    eventually(|| async {
        visitor.advance(30);
        let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
        (cluster["properties"]["provisioningState"] == "Succeeded").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_pool_grows_while_pods_find_no_place_and_shrinks_again() {
    let mut scaled = body();
    let pool = &mut scaled["properties"]["agentPoolProfiles"][0];
    (pool["enableAutoScaling"], pool["count"], pool["maxPods"]) = (json!(true), json!(1), json!(10));
    let visitor = aks::visitor().await;
    aks::register(&visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    assert_eq!(visitor.arm(Method::PUT, CLUSTER, scaled.clone()).await.code(), "InvalidParameter");
    let pool = &mut scaled["properties"]["agentPoolProfiles"][0];
    (pool["minCount"], pool["maxCount"]) = (json!(1), json!(2));
    let shop = Shop::with(scaled).await;
    let mut many = web(ECHO);
    many["spec"]["replicas"] = json!(11);
    shop.apply::<Deployment>(many).await;
    let count = async || {
        let pool = shop.visitor.arm(Method::GET, POOL, Value::Null).await.body;
        pool["properties"]["count"].as_i64().unwrap()
    };
    within(20, || async { (count().await == 2 && shop.nodes().await.len() == 2).then_some(()) }).await;
    within(30, || async {
        let placed = shop.pods().await.iter().filter(|pod| pod["spec"]["nodeName"].is_string()).count();
        (placed == 11).then_some(())
    })
    .await;
    shop.api::<Deployment>().delete("web", &kube::api::DeleteParams::default()).await.unwrap();
    within(30, || async { (count().await == 1 && shop.nodes().await.len() == 1).then_some(()) }).await;
}

//! What runs: rollouts, services, images that cannot be had, programs that end, budgets, and the start after an end.
use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Node, Pod, Service};
use kube::Api;
use kube::api::{EvictParams, ListParams, LogParams};
use serde_json::{Value, json};

use super::{ECHO, Shop, web, within};

#[tokio::test]
async fn a_deployment_runs_real_programs_that_answer_through_service_and_proxy() {
    let shop = Shop::open().await;
    assert_eq!(Api::<Node>::all(shop.client.clone()).list(&ListParams::default()).await.unwrap().items.len(), 2);
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.apply::<Service>(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {
        "type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 8099, "targetPort": "http"}]}}))
        .await;
    shop.rolled_out().await;
    let pods = shop.pods().await;
    let addresses: Vec<&str> = pods.iter().map(|pod| pod["status"]["podIP"].as_str().unwrap()).collect();
    assert_eq!(addresses.len(), 2);
    assert_ne!(addresses[0], addresses[1]);

    let address = within(10, || async {
        let service = serde_json::to_value(shop.api::<Service>().get("web").await.unwrap()).unwrap();
        service["status"]["loadBalancer"]["ingress"][0]["ip"].as_str().map(str::to_owned)
    })
    .await;
    assert!(address.starts_with("127.0.3."), "{address}");
    let direct = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let mut answered = BTreeMap::new();
    for _ in 0..4 {
        let name = direct.get(format!("http://{address}:8099/")).send().await.unwrap().text().await.unwrap();
        *answered.entry(name).or_insert(0) += 1;
    }
    assert_eq!(answered.len(), 2, "both pods take their turn: {answered:?}");

    let name = pods[0]["metadata"]["name"].as_str().unwrap();
    assert_eq!(shop.through_proxy(name, "/env/COLOUR").await.unwrap(), "green");
    let log = shop.api::<Pod>().logs(name, &LogParams::default()).await.unwrap();
    assert!(log.starts_with("listening on 127."), "{log}");
    let events = shop.api::<Event>().list(&ListParams::default()).await.unwrap();
    let reasons: Vec<String> = events.into_iter().filter_map(|event| event.reason).collect();
    for reason in ["ScalingReplicaSet", "SuccessfulCreate", "Scheduled", "Pulled", "Started", "EnsuredLoadBalancer"] {
        assert!(reasons.iter().any(|it| it == reason), "{reason} in {reasons:?}");
    }
}

#[tokio::test]
async fn a_broken_image_stops_the_rollout_and_leaves_the_old_pods_alone() {
    let shop = Shop::open().await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.rolled_out().await;
    let mut broken = web("shop.example/none:2");
    broken["spec"]["progressDeadlineSeconds"] = json!(2);
    shop.apply::<Deployment>(broken).await;
    let waiting = |pod: &Value| {
        let state = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
        (state["reason"].as_str().unwrap_or("").to_owned(), state["message"].as_str().unwrap_or("").to_owned())
    };
    let message = within(20, || async {
        let pods = shop.pods().await;
        pods.iter().map(waiting).find(|(reason, _)| reason == "ImagePullBackOff").map(|(_, message)| message)
    })
    .await;
    assert!(message.contains("shop.example/none:2: not found"), "{message}");
    within(20, || async {
        let conditions = shop.deployment().await["status"]["conditions"].clone();
        let stuck = conditions.as_array().unwrap().iter().any(|it| it["reason"] == "ProgressDeadlineExceeded");
        stuck.then_some(())
    })
    .await;
    assert_eq!(shop.deployment().await["status"]["availableReplicas"], 2, "the old pods still serve");

    let mut mended = web(ECHO);
    mended["spec"]["template"]["metadata"]["annotations"] = json!({"turn": "2"});
    shop.apply::<Deployment>(mended).await;
    shop.rolled_out().await;
    let pods = within(10, || async { Some(shop.pods().await).filter(|pods| pods.len() == 2) }).await;
    assert!(pods.iter().all(|pod| pod["metadata"]["annotations"]["turn"] == "2"));
}

#[tokio::test]
async fn a_program_that_ends_is_started_again_and_then_waits_longer_and_longer() {
    let shop = Shop::open().await;
    let mut one = web(ECHO);
    one["spec"]["replicas"] = json!(1);
    shop.apply::<Deployment>(one).await;
    shop.rolled_out().await;
    let name = shop.pods().await[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let restarts = |pods: &[Value]| pods[0]["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap();
    for turn in 1..=2 {
        // The program ends before it can answer.
        let _ = shop.through_proxy(&name, "/exit/3").await;
        within(10, || async {
            let pods = shop.pods().await;
            let ready = pods[0]["status"]["containerStatuses"][0]["ready"] == true;
            (restarts(&pods) == turn && ready).then_some(())
        })
        .await;
    }
    let pods = shop.pods().await;
    let last = &pods[0]["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!((last["exitCode"].as_i64(), last["reason"].as_str()), (Some(3), Some("Error")));
    let parameters = LogParams { previous: true, ..LogParams::default() };
    let log = shop.api::<Pod>().logs(&name, &parameters).await.unwrap();
    assert!(log.contains("ending with 3"), "{log}");
    let events = shop.api::<Event>().list(&ListParams::default()).await.unwrap();
    assert!(events.into_iter().any(|event| event.reason.as_deref() == Some("BackOff")));
}

#[tokio::test]
async fn a_budget_keeps_the_last_pod_from_being_evicted() {
    let shop = Shop::open().await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.apply::<k8s_openapi::api::policy::v1::PodDisruptionBudget>(json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
        "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "web"}}}}))
        .await;
    shop.rolled_out().await;
    let name = shop.pods().await[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let refused = shop.api::<Pod>().evict(&name, &EvictParams::default()).await.unwrap_err();
    let kube::Error::Api(status) = refused else { panic!("{refused}") };
    assert_eq!(status.code, 429);
    assert_eq!(status.message, "Cannot evict pod as it would violate the pod's disruption budget.");
}

#[tokio::test]
async fn after_a_restart_the_pods_run_again_behind_the_same_address() {
    let shop = Shop::open().await;
    shop.apply::<Deployment>(web(ECHO)).await;
    shop.apply::<Service>(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {
        "type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 8098, "targetPort": 8080}]}}))
        .await;
    shop.rolled_out().await;
    let address = within(10, || async {
        let service = serde_json::to_value(shop.api::<Service>().get("web").await.unwrap()).unwrap();
        service["status"]["loadBalancer"]["ingress"][0]["ip"].as_str().map(str::to_owned)
    })
    .await;
    let Shop { visitor, .. } = shop;
    let visitor = visitor.again().await;
    let patience = std::time::Duration::from_secs(5);
    let direct = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(patience).build().unwrap();
    within(15, || async {
        let answer = direct.get(format!("http://{address}:8098/")).send().await.ok()?.text().await.ok()?;
        answer.starts_with("web-").then_some(())
    })
    .await;
    visitor.simulator.stop().await;
    assert!(direct.get(format!("http://{address}:8098/")).send().await.is_err(), "an orderly stop ends everything");
}

//! What can be made to go wrong besides refusals: nodes, lags, waits, delays, and faults that are made up.
mod catalogue;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks;
use crate::visitor::{Visitor, eventually};

#[tokio::test]
async fn a_node_that_never_becomes_ready_is_there_and_takes_no_pod() {
    let visitor = aks::visitor().await;
    visitor.control(Method::POST, "/faults", json!({"named": "node-not-ready", "path": "agentPools/system"})).await;
    let cluster = aks::make(&visitor, aks::body()).await;
    assert_eq!(cluster["properties"]["provisioningState"], "Succeeded", "AKS does not wait for it");
    let nodes =
        azure_simulator::kubernetes::inventory::objects(visitor.world(), cluster["id"].as_str().unwrap(), "nodes");
    let ready = |node: &Value| {
        let conditions = node["status"]["conditions"].as_array().unwrap();
        conditions.iter().find(|condition| condition["type"] == "Ready").unwrap()["status"] == "True"
    };
    assert_eq!((nodes.len(), nodes.iter().filter(|node| ready(node)).count()), (2, 1));
}

#[tokio::test]
async fn answers_break_off_and_reads_lag_behind_writes() {
    let visitor = Visitor::arrive().await;
    visitor.control(Method::POST, "/faults", json!({"path": "/resourceGroups/rg", "lag_ms": 3000})).await;
    let made = visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    for _ in 0..2 {
        let early = visitor.arm(Method::GET, "/resourcegroups/RG", Value::Null).await;
        assert_eq!((early.status, early.code()), (StatusCode::NOT_FOUND, "ResourceGroupNotFound"));
    }
    visitor.advance(3);
    assert_eq!(visitor.arm(Method::GET, "/resourceGroups/rg", Value::Null).await.status, StatusCode::OK);

    visitor.control(Method::POST, "/faults", json!({"method": "GET", "truncate": 10})).await;
    let token = visitor.owner("https://management.azure.com").await;
    let url =
        format!("https://management.azure.com{}/resourceGroups/rg?api-version=2024-11-01", visitor.subscription());
    let whole = async || visitor.anybody().get(&url).bearer_auth(&token).send().await?.text().await;
    assert!(whole().await.is_err(), "the body never ends");
    assert!(whole().await.unwrap().contains("Succeeded"));
}

#[tokio::test]
async fn an_answer_that_is_made_to_wait_lets_others_pass() {
    let visitor = Visitor::arrive().await;
    let token = visitor.owner("https://management.azure.com").await;
    visitor.control(Method::POST, "/faults", json!({"path": "/resourceGroups/slow", "delay_ms": 400})).await;
    let ended = std::sync::Mutex::new(Vec::new());
    let ask = async |name: &'static str| {
        let answer = visitor.ask(&token, Method::GET, &format!("/resourceGroups/{name}"), Value::Null).await;
        ended.lock().unwrap().push((name, answer.code().to_owned()));
    };
    tokio::join!(ask("slow"), async {
        eventually(|| async { visitor.world().faults.left().is_empty().then_some(()) }).await;
        ask("quick").await;
    });
    let not_there = "ResourceGroupNotFound".to_owned();
    assert_eq!(ended.into_inner().unwrap(), [("quick", not_there.clone()), ("slow", not_there)]);
}

#[tokio::test]
async fn waits_take_longer_for_as_many_as_they_are_told() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let slower = json!({"slower": {"what": "propagation", "factor": 4}, "times": 1});
    assert_eq!(visitor.control(Method::POST, "/faults", slower).await.status, StatusCode::CREATED);
    let reads = async |principal: &azure_simulator::directory::Principal| {
        visitor.ask(&visitor.token_of(principal), Method::GET, "/resourceGroups/rg", Value::Null).await.status
    };
    let (first, second) = (visitor.newcomer().await, visitor.newcomer().await);
    let reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    visitor.give(&first, reader, "/resourceGroups/rg", Value::Null).await;
    assert_eq!(reads(&first).await, StatusCode::FORBIDDEN, "30 seconds are not enough this time");
    visitor.give(&second, reader, "/resourceGroups/rg", Value::Null).await;
    assert_eq!(reads(&second).await, StatusCode::OK, "the next is as usual");
    visitor.advance(60);
    assert_eq!(reads(&first).await, StatusCode::OK);

    let slower = json!({"slower": {"what": "operation", "ms": 100_000}, "kind": "Microsoft.Resources/resourceGroups"});
    visitor.control(Method::POST, "/faults", slower).await;
    let begun = visitor.arm(Method::DELETE, "/resourceGroups/rg", Value::Null).await;
    visitor.advance(99);
    let poll = visitor.arm(Method::GET, begun.header("location"), Value::Null).await;
    assert_eq!(poll.status, StatusCode::ACCEPTED);
    visitor.advance(1);
    eventually(|| async {
        let poll = visitor.arm(Method::GET, begun.header("location"), Value::Null).await;
        (poll.status == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test]
async fn random_faults_repeat_with_their_seed_and_spare_the_control_routes() {
    let mut runs = Vec::new();
    for seed in [5, 5, 6] {
        let visitor = Visitor::arrive().await;
        let token = visitor.owner("https://management.azure.com").await;
        let plan = json!({"seed": seed, "rate": 0.3, "kinds": ["server_error", "throttled", "drop_before"],
            "hosts": ["management.azure.com"]});
        let set = visitor.control(Method::POST, "/faults/random", plan).await;
        assert_eq!(set.status, StatusCode::CREATED, "{}", set.body);
        let mut seen = Vec::new();
        for number in 0..40 {
            let url = format!(
                "https://management.azure.com{}/resourceGroups/rg-{}?api-version=2024-11-01",
                visitor.subscription(),
                number % 4
            );
            let reply = visitor.anybody().get(&url).bearer_auth(&token).send().await;
            seen.push(reply.map_or(0, |reply| reply.status().as_u16()));
        }
        let ended = visitor.control(Method::DELETE, "/faults/random", Value::Null).await;
        let made_up: u64 = ended.body["made_up"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
        assert!(made_up >= u64::try_from(seen.iter().filter(|status| **status != 404).count()).unwrap());
        assert!(seen.iter().any(|status| *status != 404) && seen.contains(&404), "{seen:?}");
        assert_eq!(visitor.arm(Method::GET, "/resourceGroups/rg-1", Value::Null).await.status, StatusCode::NOT_FOUND);
        runs.push(seen);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let visitor = Visitor::arrive().await;
    let wrong = visitor.control(Method::POST, "/faults/random", json!({"seed": 1, "rate": 7})).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

//! What the proxy lets through, what it refuses, and what can be made to go wrong.
use azure_simulator::faults::{Drop, Fault};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::visitor::Visitor;

#[tokio::test]
async fn a_name_that_is_not_azures_is_refused_and_the_refusal_says_so() {
    let visitor = Visitor::arrive().await;
    let plain = visitor.anybody().get("http://example.org/").send().await.unwrap();
    assert_eq!(plain.status(), StatusCode::BAD_GATEWAY);
    assert!(plain.text().await.unwrap().contains("example.org is none of the names"));
    assert!(visitor.anybody().get("https://example.org/").send().await.is_err());
}

#[tokio::test]
async fn credentials_that_belong_to_no_machine_are_refused() {
    let visitor = Visitor::arrive().await;
    let client = visitor.client(&format!("http://portal:wrong@localhost:{}", visitor.world().door_port));
    let reply = client.get("http://169.254.169.254/metadata/identity/oauth2/token").send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::PROXY_AUTHENTICATION_REQUIRED);
}

#[tokio::test]
async fn a_fault_hits_the_next_request_that_matches_and_then_is_over() {
    let visitor = Visitor::arrive().await;
    let faults = &visitor.world().faults;
    faults.add(Fault {
        path: Some("/resourceGroups/rg".into()),
        status: Some(503),
        code: "ServerBusy".into(),
        message: "later".into(),
        ..Fault::default()
    });
    let first = visitor.arm(Method::GET, "/resourceGroups/rg", Value::Null).await;
    assert_eq!((first.status, first.code(), first.message()), (StatusCode::SERVICE_UNAVAILABLE, "ServerBusy", "later"));
    let second = visitor.arm(Method::GET, "/resourceGroups/rg", Value::Null).await;
    assert_eq!(second.code(), "ResourceGroupNotFound");
}

#[tokio::test]
async fn a_lost_answer_leaves_what_was_asked_done() {
    let visitor = Visitor::arrive().await;
    let token = visitor.owner("https://management.azure.com").await;
    visitor.world().faults.add(Fault { method: Some("PUT".into()), drop: Some(Drop::After), ..Fault::default() });
    let url =
        format!("https://management.azure.com{}/resourceGroups/rg?api-version=2024-11-01", visitor.subscription());
    let body = serde_json::json!({"location": "westeurope"});
    assert!(visitor.anybody().put(&url).bearer_auth(&token).json(&body).send().await.is_err());
    assert_eq!(visitor.arm(Method::GET, "/resourceGroups/rg", Value::Null).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_second_simulator_on_the_same_folder_is_refused() {
    let visitor = Visitor::arrive().await;
    let clock = visitor.world().clock.clone();
    let second = azure_simulator::Simulator::start(crate::visitor::options(&visitor.folder, clock)).await;
    let error = second.err().unwrap().to_string();
    assert!(error.contains("another simulator serves it already"), "{error}");
}

#[tokio::test]
async fn what_is_waited_for_is_told_to_whoever_measures() {
    let visitor = Visitor::arrive().await;
    crate::vaults::settled(&visitor, "kv-one").await;
    let waits: Value =
        visitor.anybody().get("http://control.simulator/waits").send().await.unwrap().json().await.unwrap();
    let wait =
        waits.as_array().unwrap().iter().find(|it| it["of"].as_str().unwrap().ends_with("/vaults/kv-one")).unwrap();
    let at = |field: &str| wait[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(wait["why"], "create");
    assert_eq!(at("until").duration_since(at("from")).as_secs(), 30, "{wait}");
}

#[tokio::test]
async fn faults_can_be_set_from_outside_through_the_proxy() {
    let visitor = Visitor::arrive().await;
    let body = serde_json::json!({"host": "management.azure.com", "times": 1, "status": 429, "code": "Throttled", "retry_after": 7});
    let set = visitor.anybody().post("http://control.simulator/faults").json(&body).send().await.unwrap();
    assert_eq!(set.status(), StatusCode::CREATED);
    let reply = visitor.arm(Method::GET, "/resourceGroups", Value::Null).await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "7"));
}

//! How often one may ask: what is left is told, and who has used it up waits.
use std::time::Duration;

use azure_simulator::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{self, CLUSTER};
use crate::visitor::Visitor;

const ARM: &str = "https://management.azure.com";

#[tokio::test]
async fn reads_run_out_and_come_back_and_others_have_their_own() {
    let visitor = Visitor::arrive().await;
    let token = visitor.owner(ARM).await;
    let read = async || visitor.ask(&token, Method::GET, "/resourceGroups", Value::Null).await;
    let first = read().await;
    assert_eq!(first.header("x-ms-ratelimit-remaining-subscription-reads"), "249");
    assert_eq!(first.header("x-ms-ratelimit-remaining-subscription-global-reads"), "3749");
    for _ in 1..250 {
        assert_eq!(read().await.status, StatusCode::OK);
    }
    let refused = read().await;
    assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, "SubscriptionRequestsThrottled"));
    assert_eq!((refused.header("retry-after"), refused.header("retry-after-ms")), ("1", "40"));
    assert_eq!(refused.header("x-ms-ratelimit-remaining-subscription-reads"), "0");
    assert!(refused.message().starts_with("Number of 'read' requests for subscription '"), "{}", refused.message());

    let portal = visitor.managed(ARM).await;
    let other = visitor.ask(&portal, Method::GET, "/resourceGroups", Value::Null).await;
    assert_eq!(other.header("x-ms-ratelimit-remaining-subscription-reads"), "249");
    assert_eq!(other.header("x-ms-ratelimit-remaining-subscription-global-reads"), "3499");
    let write = visitor.ask(&token, Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    assert_eq!(write.header("x-ms-ratelimit-remaining-subscription-writes"), "199");
    assert_eq!(write.header("x-ms-ratelimit-remaining-subscription-global-writes"), "2999");
    let tenant = visitor.ask(&token, Method::GET, "https://management.azure.com/tenants", Value::Null).await;
    assert_eq!(tenant.header("x-ms-ratelimit-remaining-tenant-reads"), "249");

    visitor.world().clock.advance(Duration::from_millis(40));
    assert_eq!(read().await.status, StatusCode::OK);
    assert_eq!(read().await.status, StatusCode::TOO_MANY_REQUESTS);
    visitor.advance(2);
    assert_eq!(read().await.header("x-ms-ratelimit-remaining-subscription-reads"), "49");
}

#[tokio::test]
async fn who_is_not_known_is_told_what_there_is_and_takes_nothing_of_it() {
    let visitor = Visitor::arrive().await;
    for _ in 0..3 {
        let stranger = visitor.ask("nonsense", Method::GET, "/resourceGroups", Value::Null).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
        assert_eq!(stranger.header("x-ms-ratelimit-remaining-subscription-reads"), "250");
    }
}

#[tokio::test]
async fn aks_counts_each_cluster_by_itself() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let token = visitor.owner(ARM).await;
    let put = async |name: &str| visitor.ask(&token, Method::PUT, &CLUSTER.replace("shop", name), aks::body()).await;
    for _ in 0..20 {
        assert_eq!(put("shop").await.code(), "MissingSubscriptionRegistration");
    }
    let refused = put("shop").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::TOO_MANY_REQUESTS, "Throttled"));
    assert_eq!(refused.header("retry-after"), "60");
    assert!(refused.message().starts_with("The PutManagedClusterHandler.PUT request limit"), "{}", refused.message());
    assert_eq!(put("other").await.status, StatusCode::CONFLICT);
    visitor.advance(60);
    assert_eq!(put("shop").await.status, StatusCode::CONFLICT);
    assert_eq!(put("shop").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn limits_fill_with_the_speed_and_can_be_switched_off() {
    let fast = Visitor::with(Clock::wall(1000.0)).await;
    let token = fast.owner(ARM).await;
    for _ in 0..300 {
        let reply = fast.ask(&token, Method::GET, "/resourceGroups", Value::Null).await;
        assert_eq!(reply.status, StatusCode::OK, "25,000 a second come back");
    }
    let visitor = Visitor::arrive().await;
    let off = visitor.control(Method::PATCH, "/settings", json!({"rate_limits": false})).await;
    assert_eq!(off.body["rate_limits"], false, "{}", off.body);
    let token = visitor.owner(ARM).await;
    for _ in 0..260 {
        let reply = visitor.ask(&token, Method::GET, "/resourceGroups", Value::Null).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.header("x-ms-ratelimit-remaining-subscription-reads"), "250");
    }
    let told = visitor.control(Method::GET, "/limits", Value::Null).await;
    assert!(told.body.get("read").is_none(), "nothing was counted: {}", told.body);
}

#[tokio::test]
async fn what_was_taken_is_told_by_sort() {
    let visitor = Visitor::arrive().await;
    let token = visitor.owner(ARM).await;
    for _ in 0..3 {
        visitor.ask(&token, Method::GET, "/resourceGroups", Value::Null).await;
    }
    let told = visitor.control(Method::GET, "/limits", Value::Null).await;
    assert_eq!(told.body["read"], json!({"taken": 3, "most": 250.0, "each_second": 25.0}));
}

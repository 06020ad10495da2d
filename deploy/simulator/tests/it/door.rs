//! What the proxy lets through, what it refuses, and what can be made to go wrong.
use azure_simulator::faults::{Drop, Fault};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

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
    for name in ["x-ms-request-id", "x-ms-correlation-request-id", "x-ms-ratelimit-remaining-subscription-reads"] {
        assert!(!first.header(name).is_empty(), "{name}");
    }
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

/// A server of the world outside: it answers one request with its first line.
async fn outside() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = vec![0; 4096];
            let length = stream.read(&mut asked).await.unwrap_or(0);
            let asked = String::from_utf8_lossy(&asked[..length]).into_owned();
            let line = asked.lines().next().unwrap_or_default();
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{line}", line.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

#[tokio::test]
async fn other_names_are_passed_on_only_where_told_so() {
    let visitor = Visitor::arrive().await;
    let port = outside().await;
    let url = format!("http://127.0.0.1:{port}/there?a=b");
    let refused = visitor.anybody().get(&url).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_GATEWAY);
    visitor.world().pass_through(true);
    let passed = visitor.anybody().get(&url).send().await.unwrap();
    assert_eq!((passed.status(), passed.text().await.unwrap().as_str()), (StatusCode::OK, "GET /there?a=b HTTP/1.1"));

    let mut tunnel = TcpStream::connect(("127.0.0.1", visitor.world().door_port)).await.unwrap();
    let connect = format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n");
    tunnel.write_all(connect.as_bytes()).await.unwrap();
    let mut opened = [0; 12];
    tunnel.read_exact(&mut opened).await.unwrap();
    assert_eq!(&opened, b"HTTP/1.1 200");
    let mut rest = Vec::new();
    while !rest.ends_with(b"\r\n\r\n") {
        rest.push(tunnel.read_u8().await.unwrap());
    }
    tunnel.write_all(b"GET /inside HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    tunnel.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("GET /inside HTTP/1.1"), "{answer}");

    // What is simulated and not there now is nobody's outside.
    assert!(visitor.anybody().get("https://kv-none.vault.azure.net/secrets").send().await.is_err());
    let nowhere = visitor.anybody().get("http://127.0.0.1:1/").send().await.unwrap();
    assert_eq!(nowhere.status(), StatusCode::BAD_GATEWAY);
    assert!(nowhere.text().await.unwrap().contains("is not reached"));
}

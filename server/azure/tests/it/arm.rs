//! Resources: read, written, followed to their end, and refused.
use crate::stage::{GROUP, Stage, ok, refusal};
use azure::{Answer, Kind, Operation, Progress, ResourceId};
use serde_json::{Value, json};
use std::time::Duration;
use wiremock::{MockServer, ResponseTemplate};

const STATUS: &str = "/subscriptions/s-1/providers/Microsoft.ContainerService/locations/eastus/operations/op-1";

fn group() -> ResourceId {
    GROUP.parse().unwrap()
}

fn cluster() -> ResourceId {
    group().child("Microsoft.ContainerService/managedClusters", "aks")
}

fn accepted(answer: Answer) -> Operation {
    match answer {
        Answer::Accepted(operation) => operation,
        Answer::Done(body) => panic!("done at once: {body}"),
    }
}

#[tokio::test]
async fn what_is_not_there_is_none_and_what_is_there_comes_with_our_token() {
    let stage = Stage::with_identity().await;
    stage
        .answer_once("GET", GROUP, refusal(404, "ResourceGroupNotFound", "Resource group 'rg' could not be found."))
        .await;
    let azure = stage.azure();
    assert_eq!(azure.arm().get(&group()).await.unwrap(), None);
    stage.answer("GET", GROUP, 1, ok(json!({"name": "rg"}))).await;
    assert_eq!(azure.arm().get(&group()).await.unwrap(), Some(json!({"name": "rg"})));
    let (_, _, authorization) = stage.arrived().await.pop().unwrap();
    assert!(authorization.starts_with("Bearer e30."), "{authorization}");
}

#[tokio::test]
async fn a_cluster_is_followed_from_the_write_over_a_stored_operation_to_what_was_made() {
    let stage = Stage::with_identity().await;
    let place = cluster().to_string();
    let status = format!("{}{STATUS}?api-version=2016-03-30&t=1&c=x", stage.wire.uri());
    let creating = ResponseTemplate::new(201)
        .insert_header("azure-asyncoperation", status.as_str())
        .insert_header("retry-after", "2")
        .set_body_json(json!({"properties": {"provisioningState": "Creating"}}));
    stage.answer("PUT", &place, 1, creating).await;
    stage.answer_once("GET", STATUS, ok(json!({"status": "InProgress"})).insert_header("retry-after-ms", "70")).await;

    let operation = accepted(stage.azure().arm().put(&cluster(), &json!({"location": "eastus"})).await.unwrap());
    assert_eq!(operation.first_look(), Duration::from_secs(2));
    let stored = serde_json::to_string(&operation).unwrap();

    // Another process takes the job over.
    let azure = stage.azure();
    let operation: Operation = serde_json::from_str(&stored).unwrap();
    let after = Duration::from_millis(70);
    assert_eq!(azure.arm().poll(&operation).await.unwrap(), Progress::Running { after, moved: None });
    stage.answer("GET", STATUS, 1, ok(json!({"status": "Succeeded"}))).await;
    let made = json!({"name": "aks", "properties": {"provisioningState": "Succeeded"}});
    stage.answer("GET", &place, 1, ok(made.clone())).await;
    assert_eq!(azure.arm().poll(&operation).await.unwrap(), Progress::Succeeded(made));
}

#[tokio::test]
async fn a_group_is_gone_when_its_location_says_so_and_deleting_it_again_is_done() {
    let stage = Stage::with_identity().await;
    let place = "/subscriptions/s-1/operationresults/op-2";
    let location = format!("{}{place}?api-version=2024-11-01", stage.wire.uri());
    let going = ResponseTemplate::new(202).insert_header("location", location.as_str());
    stage.answer_once("DELETE", GROUP, going.clone()).await;
    stage.answer_once("GET", place, going).await;
    let azure = stage.azure();
    let operation = accepted(azure.arm().delete(&group()).await.unwrap());
    assert!(matches!(azure.arm().poll(&operation).await.unwrap(), Progress::Running { moved: None, .. }));
    stage.answer("GET", place, 1, ResponseTemplate::new(200)).await;
    assert_eq!(azure.arm().poll(&operation).await.unwrap(), Progress::Succeeded(Value::Null));
    stage.answer("DELETE", GROUP, 1, refusal(404, "ResourceGroupNotFound", "gone")).await;
    assert_eq!(azure.arm().delete(&group()).await.unwrap(), Answer::Done(Value::Null));
}

#[tokio::test]
async fn nothing_is_tried_again_by_itself() {
    let stage = Stage::with_identity().await;
    stage.answer("PUT", GROUP, 1, refusal(503, "ServiceUnavailable", "later")).await;
    stage.answer("GET", GROUP, 1, refusal(429, "Throttled", "too many").insert_header("retry-after", "17")).await;
    let azure = stage.azure();
    let error = azure.arm().put(&group(), &json!({})).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    let error = azure.arm().get(&group()).await.unwrap_err();
    let after = Duration::from_secs(17);
    assert_eq!(error.kind(), Kind::Throttled { after });
}

#[tokio::test]
async fn a_token_that_ended_on_the_way_is_not_sent_again() {
    let stage = Stage::with_identity().await;
    let ended = refusal(401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now.");
    stage.answer_once("GET", GROUP, ended).await;
    let azure = stage.azure();
    assert_eq!(azure.arm().get(&group()).await.unwrap_err().kind(), Kind::Denied);
    stage.answer("GET", GROUP, 1, ok(json!({"name": "rg"}))).await;
    azure.arm().get(&group()).await.unwrap();
    let asked = stage.arrived().await.iter().filter(|(_, path, _)| path.starts_with("/metadata/identity")).count();
    assert_eq!(asked, 2, "the next call brings a new one");
}

#[tokio::test]
async fn a_write_names_the_version_that_it_replaces() {
    let stage = Stage::with_identity().await;
    let place = cluster().to_string();
    stage.answer("PUT", &place, 1, refusal(412, "PreconditionFailed", "another eTag")).await;
    let error = stage.azure().arm().put_if_match(&cluster(), &json!({}), "e-1").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    let sent = stage.wire.received_requests().await.unwrap().pop().unwrap();
    assert_eq!(sent.headers.get("if-match").unwrap(), "e-1");
    assert_eq!(sent.url.query(), Some("api-version=2026-05-01"));
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page_under_either_name() {
    let stage = Stage::with_identity().await;
    let list = "/subscriptions/s-1/resourceGroups";
    let next = format!("{}{list}?page=2", stage.wire.uri());
    stage.answer_once("GET", list, ok(json!({"value": [1, 2], "nextLink": next}))).await;
    let azure = stage.azure();
    let last = "/subscriptions/s-1/providers/Microsoft.ContainerService/locations/eastus/kubernetesVersions";
    stage.answer("GET", last, 1, ok(json!({"values": [{"version": "1.35"}]}))).await;
    stage.answer("GET", list, 1, ok(json!({"value": [3], "nextLink": ""}))).await;
    assert_eq!(azure.arm().list(list, None).await.unwrap(), [1, 2, 3]);
    assert_eq!(azure.arm().list(last, None).await.unwrap(), [json!({"version": "1.35"})]);
}

#[tokio::test]
async fn a_gateways_page_is_neither_a_resource_nor_an_empty_list() {
    let stage = Stage::with_identity().await;
    let page = ResponseTemplate::new(200).set_body_string("<html>Sign in to the guest network</html>");
    let list = "/subscriptions/s-1/resourceGroups";
    stage.answer("GET", GROUP, 1, page.clone()).await;
    stage.answer_once("GET", list, page).await;
    let azure = stage.azure();
    assert_eq!(azure.arm().get(&group()).await.unwrap_err().code(), "NotUnderstood");
    assert_eq!(azure.arm().list(list, None).await.unwrap_err().code(), "NotUnderstood");
    stage.answer("GET", list, 1, ok(json!({"error": null}))).await;
    assert_eq!(azure.arm().list(list, None).await.unwrap_err().code(), "NotUnderstood");
}

#[tokio::test]
async fn our_token_follows_no_address_that_is_not_azures() {
    let stage = Stage::with_identity().await;
    let stranger = MockServer::builder().listener(std::net::TcpListener::bind("127.0.0.8:0").unwrap()).start().await;
    let list = "/subscriptions/s-1/resourceGroups";
    let links = [stranger.uri(), "https://example.com/next".to_owned(), "//example.com/next".to_owned()];
    let azure = stage.azure();
    for link in links {
        stage.answer_once("GET", list, ok(json!({"value": [], "nextLink": link}))).await;
        let error = azure.arm().list(list, None).await.unwrap_err();
        assert_eq!(error.code(), "ForeignAddress", "{link}");
    }
    let arrived = stage.arrived().await;
    assert!(arrived.iter().all(|(_, path, _)| path != "/next"), "{arrived:?}");
    assert!(stranger.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_call_for_a_question_of_a_trace_is_told_to_azure_as_its_part() {
    let stage = Stage::with_identity().await;
    stage.answer("GET", GROUP, 2, ok(json!({"name": "rg"}))).await;
    let azure = stage.azure();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced =
        azure::trace::within(http::HeaderValue::from_str(trace).ok(), async { azure.arm().get(&group()).await });
    traced.await.unwrap();
    azure.arm().get(&group()).await.unwrap();
    let arrived = stage.wire.received_requests().await.unwrap();
    let asked = arrived.iter().filter(|request| request.url.path() == GROUP);
    let told: Vec<Option<&str>> =
        asked.map(|request| request.headers.get("traceparent").map(|value| value.to_str().unwrap())).collect();
    assert_eq!(told, [Some(trace), None]);
}

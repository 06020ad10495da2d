//! Resources: read, written, followed to their end, and refused.
use crate::{
    rehearsal::{Rehearsal, cluster_body, instead, known, on},
    stage::{GROUP, Stage, ok},
};
use azure::{Answer, Azure, Config, Kind, Operation, Progress, ResourceId};
use azure_simulator::faults::Fault;
use serde_json::json;
use std::{io::ErrorKind, net::TcpListener, time::Duration};

const METADATA: &str = "/metadata/identity/oauth2/token";

fn accepted(answer: Answer) -> Operation {
    match answer {
        Answer::Accepted(operation) => operation,
        Answer::Done(body) => panic!("done at once: {body}"),
    }
}

fn groups(azure: &Azure) -> String {
    format!("/subscriptions/{}/resourceGroups", azure.subscription())
}

#[tokio::test]
async fn what_is_not_there_is_none_and_what_is_there_comes_with_our_token() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let group = ResourceId::resource_group(azure.subscription(), "rg-shop");
    assert_eq!(azure.arm().get(&group).await.unwrap(), None);
    rehearsal.group(&azure).await;
    assert_eq!(azure.arm().get(&group).await.unwrap().unwrap()["name"], "rg-shop");
    assert_eq!(rehearsal.answered("GET", &group), [404, 200]);
    let read = rehearsal.simulator.world().requests.newest().remove(0);
    assert_eq!(read.who.principal, Some(azure.me().await.unwrap().object_id));
    rehearsal.end().await;
}

#[tokio::test]
async fn what_was_just_written_may_not_be_seen_at_once() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let group = ResourceId::resource_group(azure.subscription(), "rg-shop");
    rehearsal.goes_wrong(Fault { lag_ms: Some(3_000), ..on("PUT", group.as_str()) });
    rehearsal.group(&azure).await;
    assert_eq!(azure.arm().get(&group).await.unwrap(), None);
    rehearsal.simulator.world().clock.advance(Duration::from_secs(3));
    assert!(azure.arm().get(&group).await.unwrap().is_some());
    rehearsal.end().await;
}

#[tokio::test]
async fn a_cluster_is_followed_from_the_write_over_a_stored_operation_to_what_was_made() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    rehearsal.register(&azure, "Microsoft.ContainerService").await;
    let cluster = rehearsal.group(&azure).await.child("Microsoft.ContainerService/managedClusters", "aks");
    let operation = accepted(azure.arm().put(&cluster, &cluster_body("aks")).await.unwrap());
    assert_eq!(operation.first_look(), Duration::from_secs(10));
    let stored = serde_json::to_string(&operation).unwrap();

    // Another process takes the job over.
    let azure = rehearsal.azure();
    let operation: Operation = serde_json::from_str(&stored).unwrap();
    let again_in = Fault {
        headers: [("retry-after", "1"), ("retry-after-ms", "70")]
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
        ..instead("GET", "/operations/", 200, json!({"status": "InProgress"}))
    };
    rehearsal.goes_wrong(again_in);
    let after = Duration::from_millis(70);
    assert_eq!(azure.arm().poll(&operation).await.unwrap(), Progress::Running { after, moved: None });
    rehearsal.a_while_later();
    let made = rehearsal.ended(&azure, &operation).await;
    assert_eq!((&made["name"], &made["properties"]["provisioningState"]), (&json!("aks"), &json!("Succeeded")));
    rehearsal.end().await;
}

#[tokio::test]
async fn an_operation_that_fails_is_told_in_azures_words_whichever_way_it_is_followed() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    rehearsal.register(&azure, "Microsoft.ContainerService").await;
    let group = rehearsal.group(&azure).await;
    let cluster = group.child("Microsoft.ContainerService/managedClusters", "aks");
    rehearsal.goes_wrong(known("core-quota-in-operation"));
    let operation = accepted(azure.arm().put(&cluster, &cluster_body("aks")).await.unwrap());
    rehearsal.a_while_later();
    match rehearsal.end_of(&azure, &operation).await {
        Ok(Progress::Failed { code, message }) => {
            assert_eq!(code, "ErrCode_InsufficientVCPUQuota");
            assert!(message.starts_with("Insufficient vcpu quota requested 2, remaining 0"), "{message}");
        }
        other => panic!("{other:?}"),
    }

    rehearsal.goes_wrong(known("group-deletion-failed"));
    let operation = accepted(azure.arm().delete(&group).await.unwrap());
    assert!(matches!(azure.arm().poll(&operation).await.unwrap(), Progress::Running { moved: None, .. }));
    rehearsal.a_while_later();
    let error = rehearsal.end_of(&azure, &operation).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "ResourceGroupDeletionBlocked"));
    assert!(error.message().starts_with("Deletion of resource group 'rg-shop' failed"), "{error}");
    rehearsal.end().await;
}

#[tokio::test]
async fn nothing_is_tried_again_by_itself() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let group = ResourceId::resource_group(azure.subscription(), "rg-shop");
    rehearsal.goes_wrong(known("service-unavailable"));
    let error = azure.arm().put(&group, &json!({"location": "westeurope"})).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unreachable, "ServerBusy"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(5)));
    rehearsal.goes_wrong(Fault { truncate: Some(10), ..on("PUT", group.as_str()) });
    let error = azure.arm().put(&group, &json!({"location": "westeurope"})).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (Kind::Unreachable, None), "the answer broke off: {error}");
    assert_eq!(rehearsal.answered("PUT", &group), [503, 201]);
    rehearsal.goes_wrong(known("throttled"));
    let error = azure.arm().get(&group).await.unwrap_err();
    let after = Duration::from_secs(10);
    assert_eq!(error.kind(), Kind::Throttled { after });
    assert_eq!(rehearsal.answered("GET", &group), [429]);
    rehearsal.end().await;
}

#[tokio::test]
async fn a_token_that_ended_on_the_way_is_not_sent_again() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let group = rehearsal.group(&azure).await;
    let tokens = rehearsal.answered("GET", METADATA).len();
    rehearsal.goes_wrong(known("token-expired"));
    let error = azure.arm().get(&group).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Denied, "ExpiredAuthenticationToken"));
    azure.arm().get(&group).await.unwrap();
    assert_eq!(rehearsal.answered("GET", &group), [401, 200]);
    assert_eq!(rehearsal.answered("GET", METADATA).len(), tokens + 1, "the next call brings a new one");
    rehearsal.end().await;
}

#[tokio::test]
async fn a_write_names_the_version_that_it_replaces() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let cluster = rehearsal.cluster(&azure, "aks").await;
    let standing = azure.arm().get(&cluster).await.unwrap().unwrap();
    let error = azure.arm().put_if_match(&cluster, &standing, "e-1").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "PreconditionFailed"));
    assert!(error.message().contains("'e-1'"), "{error}");
    rehearsal.goes_wrong(known("etag-mismatch"));
    let etag = standing["eTag"].as_str().unwrap();
    let error = azure.arm().put_if_match(&cluster, &standing, etag).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "EtagMismatch"), "as AKS itself says it");
    accepted(azure.arm().put_if_match(&cluster, &standing, etag).await.unwrap());
    rehearsal.end().await;
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page_under_either_name() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let list = groups(&azure);
    for name in ["rg-1", "rg-2", "rg-3"] {
        let group = ResourceId::resource_group(azure.subscription(), name);
        rehearsal.make(&azure, &group, &json!({"location": "westeurope"})).await;
    }
    rehearsal.cut_lists_after(2).await;
    let found = azure.arm().list(&list, None).await.unwrap();
    let names: Vec<_> = found.iter().map(|group| group["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["rg-1", "rg-2", "rg-3"]);
    assert_eq!(rehearsal.answered("GET", &list), [200, 200], "page after page");

    let versions = format!(
        "/subscriptions/{}/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions",
        azure.subscription()
    );
    let found = azure.arm().list(&versions, None).await.unwrap();
    assert!(found.iter().any(|row| row["version"] == "1.35"), "{found:?}");
    rehearsal.end().await;
}

#[tokio::test]
async fn what_holds_no_list_is_not_an_empty_one_and_what_breaks_off_is_no_answer() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let (group, list) = (rehearsal.group(&azure).await, groups(&azure));
    rehearsal.goes_wrong(instead("GET", &list, 200, json!({"error": null})));
    assert_eq!(azure.arm().list(&list, None).await.unwrap_err().code(), "NotUnderstood");
    for fault in [
        Fault { truncate: Some(10), ..on("GET", group.as_str()) },
        Fault { truncate: Some(0), ..on("GET", group.as_str()) },
    ] {
        rehearsal.goes_wrong(fault);
        let error = azure.arm().get(&group).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (Kind::Unreachable, None), "{error}");
    }
    rehearsal.end().await;
}

#[tokio::test]
async fn a_gateways_page_is_neither_a_resource_nor_an_empty_list() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let page = Fault {
        status: Some(200),
        text: "<html>Sign in to the guest network</html>".to_owned(),
        times: 2,
        ..on("GET", "/resourceGroups")
    };
    rehearsal.goes_wrong(page);
    let group = ResourceId::resource_group(azure.subscription(), "rg-shop");
    assert_eq!(azure.arm().get(&group).await.unwrap_err().code(), "NotUnderstood");
    assert_eq!(azure.arm().list(&groups(&azure), None).await.unwrap_err().code(), "NotUnderstood");
    rehearsal.end().await;
}

#[tokio::test]
async fn our_token_follows_no_address_that_is_not_azures() {
    let rehearsal = Rehearsal::start().await;
    let stranger = TcpListener::bind("127.0.0.8:0").unwrap();
    stranger.set_nonblocking(true).unwrap();
    let no_proxy = vec!["127.0.0.8".to_owned()];
    let azure = Azure::connect(Config { no_proxy, ..rehearsal.config() }).unwrap();
    let list = groups(&azure);
    let at_the_strangers = format!("{}/next", stranger.local_addr().unwrap());
    for link in [
        format!("https://{at_the_strangers}"),
        format!("http://{at_the_strangers}"),
        "https://graph.microsoft.com/next".to_owned(),
        "//graph.microsoft.com/next".to_owned(),
        "http://management.azure.com/next".to_owned(),
        "https://management.azure.com.example.com/next".to_owned(),
    ] {
        rehearsal.goes_wrong(instead("GET", &list, 200, json!({"value": [], "nextLink": link})));
        let error = azure.arm().list(&list, None).await.unwrap_err();
        assert_eq!(error.code(), "ForeignAddress", "{link}");
    }
    assert_eq!(rehearsal.answered("GET", "/next"), [0; 0]);
    assert_eq!(stranger.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "nobody came");
    rehearsal.end().await;
}

/// On a wire of our own: the simulator keeps no header of a request.
#[tokio::test]
async fn a_call_for_a_question_of_a_trace_is_told_to_azure_as_its_part() {
    let stage = Stage::with_identity().await;
    stage.answer("GET", GROUP, 2, ok(json!({"name": "rg"}))).await;
    let azure = stage.azure();
    let group: ResourceId = GROUP.parse().unwrap();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let traced = azure::trace::within(http::HeaderValue::from_str(trace).ok(), async { azure.arm().get(&group).await });
    traced.await.unwrap();
    azure.arm().get(&group).await.unwrap();
    let arrived = stage.wire.received_requests().await.unwrap();
    let asked = arrived.iter().filter(|request| request.url.path() == GROUP);
    let told: Vec<Option<&str>> =
        asked.map(|request| request.headers.get("traceparent").map(|value| value.to_str().unwrap())).collect();
    assert_eq!(told, [Some(trace), None]);
}

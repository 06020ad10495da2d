//! Who did what: the activity log, which a person looks into after something changed.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks;
use crate::visitor::{Reply, Visitor};

const IDENTITY: &str = "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app";

/// The events since the morning that match, newest first.
async fn events(visitor: &Visitor, filter: &str, more: &str) -> Vec<Value> {
    let reply = ask(visitor, &format!("eventTimestamp ge '2026-11-23T00:00:00Z' and {filter}"), more).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    reply.body["value"].as_array().cloned().unwrap()
}

async fn ask(visitor: &Visitor, filter: &str, more: &str) -> Reply {
    let filter: String = form_urlencoded(filter);
    let path = format!("/providers/Microsoft.Insights/eventtypes/management/values?$filter={filter}{more}");
    visitor.arm(Method::GET, &path, Value::Null).await
}

fn form_urlencoded(text: &str) -> String {
    text.replace(' ', "%20").replace('\'', "%27")
}

fn told(events: &[Value]) -> Vec<(&str, &str)> {
    let each = events
        .iter()
        .map(|event| (event["operationName"]["value"].as_str().unwrap(), event["status"]["value"].as_str().unwrap()));
    each.collect()
}

const WRITE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/write";
const DELETE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/delete";

#[tokio::test]
async fn every_change_is_told_with_who_made_it_after_a_while() {
    let visitor = Visitor::arrive().await;
    let subscription = visitor.subscription();
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let portal = visitor.managed("https://management.azure.com").await;
    let made = visitor.ask(&portal, Method::PUT, IDENTITY, json!({"location": "westeurope"})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    visitor.arm(Method::GET, IDENTITY, Value::Null).await;
    visitor.advance(60);
    let of_resource = format!("resourceUri eq '{subscription}{IDENTITY}'");
    assert_eq!(events(&visitor, &of_resource, "").await, Vec::<Value>::new(), "the log is late");
    visitor.advance(60);
    let found = events(&visitor, &of_resource, "").await;
    assert_eq!(told(&found), [(WRITE, "Succeeded"), (WRITE, "Started")]);
    let last = &found[0];
    let oid = azure_simulator::seed::id_of("identity/portal").to_string();
    assert_eq!(last["claims"]["http://schemas.microsoft.com/identity/claims/objectidentifier"], oid);
    assert_eq!(last["caller"], azure_simulator::seed::id_of("application/portal-identity").to_string());
    assert_eq!(last["resourceId"], format!("{subscription}{IDENTITY}"));
    assert_eq!(last["eventTimestamp"], "2026-11-23T09:00:00Z");
    assert_eq!(last["subStatus"]["value"], "Created");
    assert_eq!(last["correlationId"].as_str().unwrap(), made.header("x-ms-correlation-request-id"));
    assert_eq!(found[1]["correlationId"], last["correlationId"]);

    visitor.arm(Method::DELETE, IDENTITY, Value::Null).await;
    visitor.advance(120);
    let of_group = events(&visitor, "resourceGroupName eq 'RG'", "&$select=caller,operationName,status").await;
    assert_eq!(of_group.len(), 6, "{of_group:?}");
    assert_eq!(told(&of_group)[0], (DELETE, "Succeeded"));
    assert_eq!(of_group[0].as_object().unwrap().len(), 3, "{}", of_group[0]);
}

#[tokio::test]
async fn a_person_is_told_by_name_and_a_refusal_with_its_reason() {
    let visitor = Visitor::arrive().await;
    let member = azure_simulator::seed::id_of("user/member");
    let member = visitor.world().state.read(|draft| azure_simulator::directory::find(draft, member)).unwrap();
    let token = visitor.token_of(&member);
    let refused = visitor.ask(&token, Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "mars"})).await;
    visitor.advance(120);
    let found = events(&visitor, "resourceGroupName eq 'rg'", "").await;
    assert_eq!(
        found.iter().map(|event| event["status"]["value"].as_str().unwrap()).collect::<Vec<_>>(),
        ["Failed", "Started", "Failed"]
    );
    let by_member = found.last().unwrap();
    assert_eq!((&by_member["caller"], &by_member["level"]), (&json!("member@contoso.example"), &json!("Error")));
    assert!(by_member["properties"]["statusMessage"].as_str().unwrap().contains("AuthorizationFailed"));
}

#[tokio::test]
async fn a_long_operation_is_accepted_first_and_ends_later_also_after_a_restart() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::POST, "/providers/Microsoft.ContainerService/register", Value::Null).await;
    visitor.advance(60);
    aks::register(&visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let asked = visitor.arm(Method::PUT, aks::CLUSTER, aks::body()).await;
    let visitor = visitor.again().await;
    visitor.advance(400);
    aks::done(&visitor, &asked).await;
    visitor.advance(120);
    let of_cluster = format!("resourceUri eq '{}{}'", visitor.subscription(), aks::CLUSTER);
    let found = events(&visitor, &of_cluster, "").await;
    const WRITE: &str = "Microsoft.ContainerService/managedClusters/write";
    assert_eq!(told(&found), [(WRITE, "Succeeded"), (WRITE, "Accepted"), (WRITE, "Started")]);
    assert_eq!(found[0]["correlationId"], found[2]["correlationId"]);
    let together = format!("correlationId eq '{}'", found[0]["correlationId"].as_str().unwrap());
    assert_eq!(events(&visitor, &together, "").await.len(), 3);
}

#[tokio::test]
async fn what_the_log_cannot_answer_is_refused_and_long_answers_come_in_pages() {
    let visitor = Visitor::arrive().await;
    for filter in [
        "resourceGroupName eq 'rg'",
        "eventTimestamp ge '2026-01-01T00:00:00Z'",
        "eventTimestamp ge 'yesterday'",
        "eventTimestamp ge '2026-11-23T00:00:00Z' and color eq 'red'",
        "eventTimestamp ge '2026-11-23T00:00:00Z' or resourceGroupName eq 'rg'",
    ] {
        let refused = ask(&visitor, filter, "").await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{filter} {}", refused.body);
    }
    visitor.control(Method::PATCH, "/settings", json!({"page_size": 3})).await;
    for name in ["a", "b"] {
        visitor.arm(Method::PUT, &format!("/resourceGroups/{name}"), json!({"location": "westeurope"})).await;
    }
    visitor.advance(120);
    let first = ask(&visitor, "eventTimestamp ge '2026-11-23T00:00:00Z'", "").await;
    assert_eq!(first.body["value"].as_array().unwrap().len(), 3, "{}", first.body);
    let next = visitor.arm(Method::GET, first.body["nextLink"].as_str().unwrap(), Value::Null).await;
    assert_eq!((next.body["value"].as_array().unwrap().len(), &next.body["nextLink"]), (1, &Value::Null));
}

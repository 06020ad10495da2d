//! What Azure Monitor's logs answer: workspaces, rules, and questions in Kusto.
use k8s_openapi::api::apps::v1::Deployment;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{self, CLUSTER};
use crate::kubernetes::{ECHO, Shop, web};
use crate::visitor::{Reply, Visitor, eventually};

const LOGS: &str = "https://api.loganalytics.io";
const WORKSPACE: &str = "/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/log-one";
const RULE: &str = "/resourceGroups/rg/providers/Microsoft.Insights/dataCollectionRules/MSCI-westeurope-aks-one";

/// A visitor whose resource group has a workspace that is ready.
pub async fn with_workspace() -> (Visitor, Value) {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    for namespace in ["Microsoft.OperationalInsights", "Microsoft.Insights"] {
        visitor.arm(Method::POST, &format!("/providers/{namespace}/register"), Value::Null).await;
    }
    visitor.advance(300);
    for namespace in ["Microsoft.OperationalInsights", "Microsoft.Insights"] {
        aks::register(&visitor, namespace).await;
    }
    let workspace = make_workspace(&visitor, || visitor.advance(30)).await;
    (visitor, workspace)
}

async fn make_workspace(visitor: &Visitor, pass: impl FnOnce()) -> Value {
    let properties = json!({"sku": {"name": "PerGB2018"}, "retentionInDays": 60});
    let body = json!({"location": "westeurope", "properties": properties});
    let made = visitor.arm(Method::PUT, WORKSPACE, body).await;
    let state = &made.body["properties"]["provisioningState"];
    assert_eq!((made.status, state), (StatusCode::CREATED, &json!("Creating")), "{}", made.body);
    pass();
    eventually(|| async {
        let found = visitor.arm(Method::GET, WORKSPACE, Value::Null).await.body;
        (found["properties"]["provisioningState"] == "Succeeded").then_some(found)
    })
    .await
}

pub fn customer(workspace: &Value) -> String {
    workspace["properties"]["customerId"].as_str().unwrap().to_owned()
}

pub async fn ask(visitor: &Visitor, customer: &str, query: &str) -> Reply {
    let token = visitor.managed(LOGS).await;
    let url = format!("{LOGS}/v1/workspaces/{customer}/query");
    visitor.send(&token, Method::POST, &url, json!({"query": query, "timespan": "PT1H"})).await
}

fn rule(workspace: &Value) -> Value {
    json!({"location": "westeurope", "kind": "Linux", "properties": {
        "dataSources": {"extensions": [{"name": "ContainerInsightsExtension", "extensionName": "ContainerInsights",
            "streams": ["Microsoft-ContainerInsights-Group-Default"], "extensionSettings": {}}]},
        "dataFlows": [{"streams": ["Microsoft-ContainerInsights-Group-Default"], "destinations": ["la-workspace"]}],
        "destinations": {"logAnalytics": [{"workspaceResourceId": workspace["id"], "name": "la-workspace"}]}}})
}

#[tokio::test]
async fn a_workspace_keeps_its_own_id_when_it_is_written_again() {
    let (visitor, workspace) = with_workspace().await;
    assert_eq!(workspace["properties"]["retentionInDays"], 60);
    let again = visitor
        .arm(Method::PUT, WORKSPACE, json!({"location": "westeurope", "properties": {"retentionInDays": 90}}))
        .await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.body["properties"]["customerId"], workspace["properties"]["customerId"]);
    assert_eq!(again.body["properties"]["retentionInDays"], 90);
    let moved = visitor.arm(Method::PUT, WORKSPACE, json!({"location": "northeurope"})).await;
    assert_eq!((moved.status, moved.code()), (StatusCode::CONFLICT, "InvalidResourceLocation"));
    let short = visitor.arm(Method::PUT, &WORKSPACE.replace("log-one", "log"), json!({"location": "westeurope"})).await;
    assert_eq!(short.code(), "InvalidResourceName");
    assert_eq!(visitor.arm(Method::DELETE, WORKSPACE, Value::Null).await.status, StatusCode::OK);
    assert_eq!(visitor.arm(Method::DELETE, WORKSPACE, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(&visitor, &customer(&workspace), "KubeEvents").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_rule_is_refused_until_the_fresh_workspace_has_its_tables() {
    let (visitor, workspace) = with_workspace().await;
    let early = visitor.arm(Method::PUT, RULE, rule(&workspace)).await;
    assert_eq!((early.status, early.code()), (StatusCode::BAD_REQUEST, "InvalidPayload"));
    assert_eq!(early.body["error"]["details"][0]["code"], "InvalidOutputTable");
    visitor.advance(60);
    let made = visitor.arm(Method::PUT, RULE, rule(&workspace)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert!(made.body["properties"]["immutableId"].as_str().unwrap().starts_with("dcr-"));
    let again = visitor.arm(Method::PUT, RULE, rule(&workspace)).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.body["properties"]["immutableId"], made.body["properties"]["immutableId"]);
    let elsewhere = json!({"id": format!("{}/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/none", visitor.subscription())});
    let lost = visitor.arm(Method::PUT, RULE, rule(&elsewhere)).await;
    assert_eq!(lost.body["error"]["details"][0]["code"], "InvalidWorkspace");
}

#[tokio::test]
async fn an_association_leads_to_a_rule_that_is_there() {
    let (visitor, workspace) = with_workspace().await;
    visitor.advance(60);
    // Any resource can be associated; a workspace is at hand.
    let path =
        format!("{WORKSPACE}/providers/Microsoft.Insights/dataCollectionRuleAssociations/ContainerInsightsExtension");
    let rule_id = format!("{}{RULE}", visitor.subscription());
    let body = json!({"properties": {"dataCollectionRuleId": rule_id, "description": "reports"}});
    let early = visitor.arm(Method::PUT, &path, body.clone()).await;
    assert_eq!(early.status, StatusCode::NOT_FOUND);
    visitor.arm(Method::PUT, RULE, rule(&workspace)).await;
    let made = visitor.arm(Method::PUT, &path, body.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.body["id"], format!("{}{path}", visitor.subscription()));
    let listed = visitor.arm(Method::GET, &format!("{RULE}/associations"), Value::Null).await;
    assert_eq!(listed.body["value"][0]["id"], made.body["id"]);
    assert_eq!(visitor.arm(Method::DELETE, &path, Value::Null).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_question_to_an_empty_workspace_has_columns_and_no_rows() {
    let (visitor, workspace) = with_workspace().await;
    let reply = ask(
        &visitor,
        &customer(&workspace),
        "KubeNodeInventory | where TimeGenerated > ago(15m) | project Computer, TimeGenerated",
    )
    .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    assert_eq!(
        reply.body["tables"][0],
        json!({"name": "PrimaryResult", "rows": [],
            "columns": [{"name": "Computer", "type": "string"}, {"name": "TimeGenerated", "type": "datetime"}]})
    );
    let by_id = format!("{LOGS}/v1{}/query", workspace["id"].as_str().unwrap());
    let token = visitor.managed(LOGS).await;
    let same = visitor.send(&token, Method::POST, &by_id, json!({"query": "KubeEvents | count"})).await;
    assert_eq!(same.body["tables"][0]["rows"], json!([[0]]));
}

#[tokio::test]
async fn a_wrong_question_is_answered_with_what_is_wrong() {
    let (visitor, workspace) = with_workspace().await;
    for (query, code, said) in [
        ("KubeEvents | join KubeEvents on Name", "UnsupportedOperator", "the operator 'join' is not supported"),
        ("Heartbeat | take 1", "SemanticError", "A semantic error occurred."),
        ("KubeEvents | where", "SyntaxError", "A recognition error occurred in the query."),
    ] {
        let reply = ask(&visitor, &customer(&workspace), query).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::BAD_REQUEST, "BadArgumentError"), "{query}");
        let inner = &reply.body["error"]["innererror"];
        assert_eq!(inner["code"], code, "{query}");
        assert!(inner["message"].as_str().unwrap().contains(said), "{query}: {inner}");
    }
}

#[tokio::test]
async fn only_who_may_read_the_workspace_is_answered() {
    let (visitor, workspace) = with_workspace().await;
    let customer = customer(&workspace);
    let url = format!("{LOGS}/v1/workspaces/{customer}/query");
    let query = json!({"query": "KubeEvents"});
    let nobody = visitor.send("", Method::POST, &url, query.clone()).await;
    assert_eq!((nobody.status, nobody.code()), (StatusCode::UNAUTHORIZED, "AuthorizationRequiredError"));
    let arm = visitor.managed("https://management.azure.com").await;
    let other = visitor.send(&arm, Method::POST, &url, query.clone()).await;
    assert_eq!((other.status, other.code()), (StatusCode::UNAUTHORIZED, "InvalidTokenError"));

    assert_eq!(ask(&visitor, &customer, "KubeEvents").await.status, StatusCode::OK);
    let assignments = visitor.arm(Method::GET, "/providers/Microsoft.Authorization/roleAssignments", Value::Null).await;
    for assignment in assignments.body["value"].as_array().unwrap() {
        // The caller of these deletions is the owner and stays.
        let owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
        if !assignment["properties"]["roleDefinitionId"].as_str().unwrap().ends_with(owner) {
            visitor.arm(Method::DELETE, assignment["id"].as_str().unwrap(), Value::Null).await;
        }
    }
    visitor.advance(600);
    let refused = ask(&visitor, &customer, "KubeEvents").await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "InsufficientAccessError"));
}

#[tokio::test]
async fn what_runs_in_a_cluster_is_found_in_its_workspace() {
    let shop = Shop::open().await;
    let visitor = &shop.visitor;
    for namespace in ["Microsoft.OperationalInsights", "Microsoft.Insights"] {
        aks::register(visitor, namespace).await;
    }
    let _: Deployment = shop.apply(web(ECHO)).await;
    shop.rolled_out().await;
    let mut broken = web("nowhere.example/none:1");
    broken["metadata"]["name"] = json!("broken");
    let _: Deployment = shop.apply(broken).await;

    let workspace = make_workspace(visitor, || {}).await;
    let customer = customer(&workspace);
    eventually(|| async {
        let made = visitor.arm(Method::PUT, RULE, rule(&workspace)).await;
        (made.status == StatusCode::CREATED).then_some(())
    })
    .await;
    let association =
        format!("{CLUSTER}/providers/Microsoft.Insights/dataCollectionRuleAssociations/ContainerInsightsExtension");
    let rule_id = format!("{}{RULE}", visitor.subscription());
    let made = visitor.arm(Method::PUT, &association, json!({"properties": {"dataCollectionRuleId": rule_id}})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let mut cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    let config = json!({"logAnalyticsWorkspaceResourceID": workspace["id"], "useAADAuth": "true"});
    cluster["properties"]["addonProfiles"] = json!({"omsagent": {"enabled": true, "config": config}});
    let asked = visitor.arm(Method::PUT, CLUSTER, cluster).await;
    aks::done(visitor, &asked).await;

    let id = shop.cluster["id"].as_str().unwrap();
    let of_cluster = format!("| where TimeGenerated > ago(15m) and ClusterId =~ '{}'", id.to_uppercase());
    let rows = |query: String| {
        let customer = customer.clone();
        async move {
            let reply = ask(visitor, &customer, &query).await;
            assert_eq!(reply.status, StatusCode::OK, "{query}: {}", reply.body);
            reply.body["tables"][0]["rows"].as_array().unwrap().clone()
        }
    };
    let nodes =
        format!("KubeNodeInventory {of_cluster} | summarize arg_max(TimeGenerated, *) by Computer | project Status");
    let nodes = eventually(|| async { Some(rows(nodes.clone()).await).filter(|rows| !rows.is_empty()) }).await;
    assert_eq!(nodes, [json!(["Ready"]), json!(["Ready"])]);

    let pods = format!(
        "KubePodInventory {of_cluster} and Namespace == 'default' | summarize arg_max(TimeGenerated, *) by Name | summarize count() by PodStatus | order by PodStatus asc"
    );
    let pods = rows(pods).await;
    assert!(pods.contains(&json!(["Running", 2])), "{pods:?}");
    assert!(pods.iter().any(|row| row[0] == "ImagePullBackOff" || row[0] == "ErrImagePull"), "{pods:?}");
    let ready = "InsightsMetrics | where Name == 'kube_deployment_status_replicas_ready' and Tags has 'web' | summarize avg(Val) by bin(TimeGenerated, 5m) | project avg_Val | take 1";
    assert_eq!(rows(ready.to_owned()).await, [json!([2.0])]);
    let controllers =
        format!("KubePodInventory {of_cluster} and Name startswith 'web-' | distinct ControllerKind, ServiceName");
    assert_eq!(rows(controllers).await, [json!(["ReplicaSet", ""])]);

    // Lines are collected from the moment on at which the agents run.
    let _: Deployment = shop
        .apply({
            let mut changed = web(ECHO);
            changed["spec"]["template"]["metadata"]["annotations"] = json!({"round": "two"});
            changed
        })
        .await;
    shop.rolled_out().await;
    let lines = "ContainerLogV2 | where PodNamespace == 'default' and PodName startswith 'web-' | take 1 | project ContainerName, LogSource".to_owned();
    let lines = eventually(|| async { Some(rows(lines.clone()).await).filter(|rows| !rows.is_empty()) }).await;
    assert_eq!(lines[0][0], "web");
    let events = format!(
        "KubeEvents {of_cluster} | where KubeEventType != 'Normal' | distinct ObjectKind, Name | where Name startswith 'broken'"
    );
    eventually(|| async { Some(rows(events.clone()).await).filter(|rows| !rows.is_empty()) }).await;

    // Without its association a cluster falls silent, from the round on that has noticed.
    visitor.arm(Method::DELETE, &association, Value::Null).await;
    eventually(|| async { visitor.world().state.list("reportingClusters").is_empty().then_some(()) }).await;
    let noticed = visitor.world().clock.now();
    let later = format!("KubeNodeInventory | where TimeGenerated > datetime({noticed}) | count");
    assert_eq!(rows(later).await, [json!([0])]);
}

#[tokio::test]
async fn a_deleted_workspace_comes_back_with_its_id_for_fourteen_days_and_not_after_force() {
    let (visitor, workspace) = with_workspace().await;
    let deleted = "/providers/Microsoft.OperationalInsights/deletedWorkspaces";
    let in_the_bin = async || {
        let list = visitor.arm(Method::GET, deleted, Value::Null).await.body;
        list["value"].as_array().unwrap().len()
    };
    assert_eq!(visitor.arm(Method::DELETE, WORKSPACE, Value::Null).await.status, StatusCode::OK);
    assert_eq!(visitor.arm(Method::GET, WORKSPACE, Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(in_the_bin().await, 1);
    let elsewhere = visitor.arm(Method::PUT, WORKSPACE, json!({"location": "eastus", "properties": {}})).await;
    assert_eq!(elsewhere.code(), "InvalidResourceLocation", "{}", elsewhere.body);
    let back = make_workspace(&visitor, || visitor.advance(30)).await;
    assert_eq!(customer(&back), customer(&workspace));
    assert_eq!(in_the_bin().await, 0);

    let forced = format!("{WORKSPACE}?force=true");
    assert_eq!(visitor.arm(Method::DELETE, &forced, Value::Null).await.status, StatusCode::OK);
    assert_eq!(in_the_bin().await, 0);
    let new = make_workspace(&visitor, || visitor.advance(30)).await;
    assert_ne!(customer(&new), customer(&workspace));

    visitor.arm(Method::DELETE, "/resourceGroups/rg", Value::Null).await;
    visitor.advance(60);
    eventually(|| async { (in_the_bin().await == 1).then_some(()) }).await;
    visitor.advance(14 * 24 * 3600);
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let newer = make_workspace(&visitor, || visitor.advance(30)).await;
    assert_ne!(customer(&newer), customer(&new));
}

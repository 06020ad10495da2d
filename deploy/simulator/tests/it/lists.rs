//! What a picture of the subscription is made of: lists of everything, of each kind, in pages.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{self, CLUSTER};
use crate::visitor::Visitor;

const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

fn identity(name: &str) -> String {
    format!("/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}")
}

async fn names(visitor: &Visitor, path: &str) -> Vec<String> {
    let reply = visitor.arm(Method::GET, &path.replace(' ', "%20").replace('\'', "%27"), Value::Null).await;
    assert_eq!(reply.status, StatusCode::OK, "{path} {}", reply.body);
    reply.body["value"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

async fn with_identities(names: &[(&str, Value)]) -> Visitor {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    for (name, tags) in names {
        visitor.arm(Method::PUT, &identity(name), json!({"location": "westeurope", "tags": tags})).await;
        visitor.advance(10);
    }
    visitor
}

#[tokio::test]
async fn everything_is_listed_with_filters_and_times() {
    let visitor = with_identities(&[("one", json!({"team": "shop"})), ("two", json!({})), ("other", json!({}))]).await;
    let workspace = "/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs-1";
    visitor.arm(Method::PUT, workspace, json!({"location": "westeurope", "properties": {}})).await;
    visitor.arm(Method::PUT, &identity("one"), json!({"location": "westeurope", "tags": {"team": "else"}})).await;
    for (filter, expected) in [
        ("resourceType eq 'microsoft.managedidentity/userassignedidentities'", vec!["one", "other", "two"]),
        ("resourceType ne 'Microsoft.ManagedIdentity/userAssignedIdentities'", vec!["logs-1"]),
        ("name eq 'one' or name eq 'two'", vec!["one", "two"]),
        ("tagName eq 'team' and tagValue eq 'else'", vec!["one"]),
        ("substringof('o', name) and location eq 'westeurope'", vec!["one", "other", "two", "logs-1"]),
        ("resourceGroup eq 'none'", vec![]),
    ] {
        assert_eq!(names(&visitor, &format!("/resources?$filter={filter}")).await, expected, "{filter}");
    }
    let refused = visitor.arm(Method::GET, "/resources?$filter=color%20eq%20'red'", Value::Null).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "InvalidFilterInQueryString"));

    let path = "/resourceGroups/rg/resources?$expand=createdTime,changedTime,provisioningState";
    let all = visitor.arm(Method::GET, path, Value::Null).await.body;
    let found = |name: &str| all["value"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(found("one")["createdTime"], "2026-11-23T09:00:00Z");
    assert_eq!(found("one")["changedTime"], "2026-11-23T09:00:30Z");
    assert_eq!(found("two")["changedTime"], "2026-11-23T09:00:10Z");
    assert_eq!(found("two")["provisioningState"], "Succeeded");
    assert_eq!(found("logs-1")["provisioningState"], "Creating");
}

#[tokio::test]
async fn who_may_read_one_group_sees_only_what_is_in_it() {
    let visitor = with_identities(&[("one", json!({}))]).await;
    visitor.arm(Method::PUT, "/resourceGroups/more", json!({"location": "westeurope"})).await;
    let elsewhere = "/resourceGroups/more/providers/Microsoft.ManagedIdentity/userAssignedIdentities/away";
    visitor.arm(Method::PUT, elsewhere, json!({"location": "westeurope"})).await;
    let fresh = visitor.newcomer().await;
    visitor.give(&fresh, READER, "/resourceGroups/rg", Value::Null).await;
    let seen = visitor.ask(&visitor.token_of(&fresh), Method::GET, "/resources", Value::Null).await;
    assert_eq!(seen.body["value"].as_array().unwrap().len(), 1, "{}", seen.body);
    let groups = visitor.ask(&visitor.token_of(&fresh), Method::GET, "/resourcegroups", Value::Null).await;
    assert_eq!(groups.body["value"].as_array().unwrap().len(), 1, "{}", groups.body);
}

#[tokio::test]
async fn long_lists_come_in_pages_that_show_everything_once() {
    let names: Vec<String> = (0..7).map(|number| format!("app-{number}")).collect();
    let made: Vec<(&str, Value)> = names.iter().map(|name| (name.as_str(), json!({}))).collect();
    let visitor = with_identities(&made).await;
    visitor.control(Method::PATCH, "/settings", json!({"page_size": 3})).await;
    for list in ["/resources", "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"] {
        let mut seen = Vec::new();
        let mut next = Some(list.to_owned());
        while let Some(path) = next {
            let page = visitor.arm(Method::GET, &path, Value::Null).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.body);
            let value = page.body["value"].as_array().unwrap().clone();
            assert!(value.len() <= 3);
            seen.extend(value.iter().map(|one| one["name"].as_str().unwrap().to_owned()));
            next = page.body["nextLink"].as_str().map(str::to_owned);
            if seen.len() == 3 {
                // What goes meanwhile takes nothing else with it.
                visitor.arm(Method::DELETE, &identity("app-2"), Value::Null).await;
            }
        }
        assert_eq!(seen, names, "{list}");
        visitor.arm(Method::PUT, &identity("app-2"), json!({"location": "westeurope"})).await;
    }
    let top = visitor.arm(Method::GET, "/resources?$top=2", Value::Null).await;
    assert_eq!(top.body["value"].as_array().unwrap().len(), 2);
    let wrong = visitor.control(Method::PATCH, "/settings", json!({"pages": 3})).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn every_kind_is_listed_for_the_subscription_and_for_a_group() {
    let visitor = aks::visitor().await;
    aks::make(&visitor, aks::body()).await;
    visitor.arm(Method::PUT, &identity("app"), json!({"location": "westeurope"})).await;
    let vault = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-one";
    let body = json!({"location": "westeurope", "properties": {"tenantId": visitor.world().tenant,
        "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}});
    visitor.arm(Method::PUT, vault, body).await;
    let registry = "/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/images";
    visitor
        .arm(Method::PUT, registry, json!({"location": "westeurope", "sku": {"name": "Basic"}, "properties": {}}))
        .await;
    let workspace = "/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs-1";
    visitor.arm(Method::PUT, workspace, json!({"location": "westeurope", "properties": {}})).await;
    let rule = "/resourceGroups/rg/providers/Microsoft.Insights/dataCollectionRules/rule";
    visitor.arm(Method::PUT, rule, json!({"location": "westeurope", "properties": {}})).await;
    for (kind, name) in [
        ("Microsoft.ContainerService/managedClusters", "shop"),
        ("Microsoft.KeyVault/vaults", "kv-one"),
        ("Microsoft.ManagedIdentity/userAssignedIdentities", "app"),
        ("Microsoft.ContainerRegistry/registries", "images"),
        ("Microsoft.OperationalInsights/workspaces", "logs-1"),
        ("Microsoft.Insights/dataCollectionRules", "rule"),
    ] {
        for scope in ["", "/resourceGroups/rg"] {
            let found = names(&visitor, &format!("{scope}/providers/{kind}")).await;
            assert!(found.contains(&name.to_owned()), "{scope} {kind} {found:?}");
        }
        assert_eq!(
            names(&visitor, &format!("/resourceGroups/MC_rg_shop_westeurope/providers/{kind}")).await.len(),
            usize::from(kind.ends_with("Identities")),
            "{kind}"
        );
    }
    assert_eq!(names(&visitor, &format!("{CLUSTER}/agentPools")).await, ["system"]);
}

#[tokio::test]
async fn assignments_are_found_at_a_scope_by_principal_and_through_groups() {
    let visitor = with_identities(&[("one", json!({}))]).await;
    let fresh = visitor.newcomer().await;
    let own = visitor.give(&fresh, READER, "/resourceGroups/rg", Value::Null).await.body["name"].clone();
    let below = visitor.give(&fresh, READER, &identity("one"), Value::Null).await.body["name"].clone();
    let (own, below) = (own.as_str().unwrap().to_owned(), below.as_str().unwrap().to_owned());
    let team = azure_simulator::seed::group_of(&azure_simulator::seed::TEAMS[0]);
    let member = azure_simulator::seed::id_of("user/member");
    let role = format!("{}/providers/Microsoft.Authorization/roleDefinitions/{READER}", visitor.subscription());
    let through = uuid::Uuid::from_u128(7).to_string();
    let path = format!("/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/{through}");
    let properties = json!({"roleDefinitionId": role, "principalId": team, "principalType": "Group"});
    let given = visitor.arm(Method::PUT, &path, json!({"properties": properties})).await;
    assert_eq!(given.status, StatusCode::CREATED, "{}", given.body);

    let list = "/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments?$filter=";
    let oid = fresh.object_id;
    for (filter, inside, outside) in [
        (format!("principalId eq '{oid}'"), vec![&own, &below], vec![&through]),
        (format!("atScope() and assignedTo('{oid}')"), vec![&own], vec![&below, &through]),
        (format!("assignedTo('{member}')"), vec![&through], vec![&own]),
        ("atScope()".to_owned(), vec![&own, &through], vec![&below]),
    ] {
        let found = names(&visitor, &format!("{list}{filter}")).await;
        assert!(inside.iter().all(|one| found.contains(one)), "{filter} {found:?}");
        assert!(!outside.iter().any(|one| found.contains(one)), "{filter} {found:?}");
    }
}

#[tokio::test]
async fn a_subscription_that_is_switched_off_takes_no_write() {
    let visitor = with_identities(&[("one", json!({}))]).await;
    let set = visitor.control(Method::PATCH, "/settings", json!({"subscription": "Disabled"})).await;
    assert_eq!(set.body["subscription"], "Disabled", "{}", set.body);
    assert_eq!(visitor.arm(Method::GET, &visitor.subscription(), Value::Null).await.body["state"], "Disabled");
    let refused = visitor.arm(Method::PUT, &identity("two"), json!({"location": "westeurope"})).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::CONFLICT, "ReadOnlyDisabledSubscription"));
    assert_eq!(visitor.arm(Method::DELETE, &identity("one"), Value::Null).await.status, StatusCode::OK);
    visitor.control(Method::PATCH, "/settings", json!({"subscription": "Enabled"})).await;
    let made = visitor.arm(Method::PUT, &identity("two"), json!({"location": "westeurope"})).await;
    assert_eq!(made.status, StatusCode::CREATED);
}

#[tokio::test]
async fn what_azure_changes_by_itself_has_no_author() {
    let visitor = aks::visitor().await;
    let cluster = aks::make(&visitor, aks::body()).await;
    let mut pools = cluster["properties"]["agentPoolProfiles"].clone();
    pools[0]["nodeImageVersion"] = json!("AKSUbuntu-2404gen2containerd-202611.23.0");
    let change = json!({"resource": cluster["id"], "merge": {"properties": {"agentPoolProfiles": pools}}});
    assert_eq!(visitor.control(Method::POST, "/changes", change).await.status, StatusCode::NO_CONTENT);
    let found = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(found["properties"]["agentPoolProfiles"], pools);
    let none = json!({"resource": "/subscriptions/s/resourceGroups/none", "merge": {}});
    assert_eq!(visitor.control(Method::POST, "/changes", none).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn groups_are_filtered_by_tag() {
    let visitor = Visitor::arrive().await;
    for (name, tags) in
        [("one", json!({"team": "payments"})), ("two", json!({"team": "catalogue"})), ("three", json!({}))]
    {
        let body = json!({"location": "westeurope", "tags": tags});
        visitor.arm(Method::PUT, &format!("/resourceGroups/{name}"), body).await;
    }
    let path = "/resourceGroups?$filter=tagName%20eq%20'team'%20and%20tagValue%20eq%20'payments'";
    let found = visitor.arm(Method::GET, path, Value::Null).await;
    let names: Vec<&str> =
        found.body["value"].as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["one"]);
}

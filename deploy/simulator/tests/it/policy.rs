//! What a company's policies refuse, and that they can be asked beforehand.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks;
use crate::visitor::{Reply, Visitor, eventually};

const ALLOWED_LOCATIONS: &str =
    "/providers/Microsoft.Authorization/policyDefinitions/e56962a6-4747-49cd-b67b-bf8b01975c4c";
const IDENTITY: &str = "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app";

async fn with_group() -> Visitor {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    visitor
}

/// Writes a definition of the subscription; its id.
async fn define(visitor: &Visitor, name: &str, rule: Value) -> Reply {
    let path = format!("/providers/Microsoft.Authorization/policyDefinitions/{name}");
    let body = json!({"properties": {"displayName": "No such things", "mode": "All",
        "policyRule": {"if": rule, "then": {"effect": "deny"}}}});
    visitor.arm(Method::PUT, &path, body).await
}

/// Assigns a definition and waits until it counts.
async fn assign(visitor: &Visitor, scope: &str, name: &str, definition: &str, more: Value) -> Reply {
    let mut properties = json!({"displayName": "Company rules", "policyDefinitionId": definition});
    properties.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    let path = format!("{scope}/providers/Microsoft.Authorization/policyAssignments/{name}");
    let reply = visitor.arm(Method::PUT, &path, json!({"properties": properties})).await;
    visitor.advance(300);
    reply
}

fn only_in(places: &[&str]) -> Value {
    json!({"parameters": {"listOfAllowedLocations": {"value": places}}})
}

#[tokio::test]
async fn a_place_that_is_not_allowed_is_refused_with_who_says_so() {
    let visitor = with_group().await;
    let assigned = assign(&visitor, "", "places", ALLOWED_LOCATIONS, only_in(&["northeurope"])).await;
    assert_eq!(assigned.status, StatusCode::CREATED, "{}", assigned.body);
    let refused = visitor.arm(Method::PUT, IDENTITY, json!({"location": "westeurope"})).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "RequestDisallowedByPolicy"));
    let id = format!("{}/providers/Microsoft.Authorization/policyAssignments/places", visitor.subscription());
    let begins = format!(
        "Resource 'app' was disallowed by policy. Policy identifiers: '[{{\"policyAssignment\":{{\"id\":\"{id}\",\"name\":\"Company rules\"}}"
    );
    assert!(refused.message().starts_with(&begins), "{}", refused.message());
    let error = &refused.body["error"];
    assert_eq!((&error["target"], &error["additionalInfo"][0]["type"]), (&json!("app"), &json!("PolicyViolation")));
    let info = &error["additionalInfo"][0]["info"];
    assert_eq!((&info["policyAssignmentId"], &info["policyDefinitionEffect"]), (&json!(id), &json!("deny")));
    let told = &info["evaluationDetails"]["evaluatedExpressions"][0];
    assert_eq!(
        *told,
        json!({"result": "True", "expressionKind": "Field", "expression": "location", "path": "location",
            "expressionValue": "westeurope", "targetValue": ["northeurope"], "operator": "NotIn"})
    );
    let other = visitor.arm(Method::PUT, IDENTITY, json!({"location": "North Europe"})).await;
    assert_eq!(other.status, StatusCode::CREATED, "{}", other.body);
    let group = visitor.arm(Method::PUT, "/resourceGroups/more", json!({"location": "westeurope"})).await;
    assert_eq!(group.status, StatusCode::CREATED, "this definition is not about groups");
}

#[tokio::test]
async fn an_assignment_counts_after_a_while_where_it_is_meant_and_until_it_goes() {
    let visitor = with_group().await;
    let path = "/resourceGroups/rg/providers/Microsoft.Authorization/policyAssignments/places";
    let body = json!({"properties": {"policyDefinitionId": ALLOWED_LOCATIONS,
        "parameters": {"listOfAllowedLocations": {"value": ["eastus"]}},
        "nonComplianceMessages": [{"message": "Only in the east."}]}});
    visitor.arm(Method::PUT, path, body.clone()).await;
    let early = visitor.arm(Method::PUT, IDENTITY, json!({"location": "westeurope"})).await;
    assert_eq!(early.status, StatusCode::CREATED);
    visitor.advance(300);
    let refused = visitor.arm(Method::PATCH, "/resourceGroups/rg", json!({"tags": {"a": "b"}})).await;
    assert_eq!(refused.status, StatusCode::OK, "this definition is not about groups");
    let refused = visitor.arm(Method::PUT, IDENTITY, json!({"location": "westeurope"})).await;
    assert_eq!(
        refused.message(),
        "Resource 'app' was disallowed by policy. Reasons: 'Only in the east.'. See error details for policy resource IDs."
    );
    let mut off = body;
    off["properties"]["enforcementMode"] = json!("DoNotEnforce");
    visitor.arm(Method::PUT, path, off.clone()).await;
    assert_eq!(visitor.arm(Method::PUT, IDENTITY, json!({"location": "westeurope"})).await.status, StatusCode::OK);
    off["properties"]["enforcementMode"] = json!("Default");
    off["properties"]["notScopes"] = json!([format!("{}{IDENTITY}", visitor.subscription())]);
    visitor.arm(Method::PUT, path, off).await;
    assert_eq!(visitor.arm(Method::PUT, IDENTITY, json!({"location": "westeurope"})).await.status, StatusCode::OK);
    assert_eq!(visitor.arm(Method::DELETE, path, Value::Null).await.status, StatusCode::OK);
    assert_eq!(visitor.arm(Method::DELETE, path, Value::Null).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn rules_of_the_subscription_decide_by_type_tag_and_sku() {
    let visitor = with_group().await;
    let rule = json!({"anyOf": [
        {"allOf": [
            {"field": "type", "equals": "Microsoft.Resources/subscriptions/resourceGroups"},
            {"field": "tags['team']", "exists": "false"},
        ]},
        {"field": "Microsoft.KeyVault/vaults/sku.name", "notEquals": "standard"},
    ]});
    let rule = json!({"allOf": [{"field": "type", "in": ["Microsoft.Resources/subscriptions/resourceGroups",
        "Microsoft.KeyVault/vaults"]}, {"anyOf": [rule["anyOf"][0], {"allOf": [
        {"field": "type", "equals": "Microsoft.KeyVault/vaults"}, rule["anyOf"][1]]}]}]});
    let defined = define(&visitor, "rules", rule).await;
    assert_eq!(defined.status, StatusCode::CREATED, "{}", defined.body);
    assign(&visitor, "", "rules", defined.body["id"].as_str().unwrap(), Value::Null).await;
    let group = |tags: Value| json!({"location": "westeurope", "tags": tags});
    let refused = visitor.arm(Method::PUT, "/resourceGroups/more", group(json!({}))).await;
    assert_eq!(refused.code(), "RequestDisallowedByPolicy", "{}", refused.body);
    let made = visitor.arm(Method::PUT, "/resourceGroups/more", group(json!({"team": "shop"}))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let vault = |sku: &str| {
        json!({"location": "westeurope", "properties": {"tenantId": visitor.world().tenant,
            "sku": {"family": "A", "name": sku}, "accessPolicies": []}})
    };
    let path = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-one";
    assert_eq!(visitor.arm(Method::PUT, path, vault("premium")).await.code(), "RequestDisallowedByPolicy");
    assert_eq!(visitor.arm(Method::PUT, path, vault("standard")).await.status, StatusCode::OK);
    let patched = visitor.arm(Method::PATCH, path, json!({"properties": {"sku": {"name": "premium"}}})).await;
    assert_eq!(patched.code(), "RequestDisallowedByPolicy", "{}", patched.body);
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_when_it_is_written() {
    let visitor = with_group().await;
    let refused = define(&visitor, "odd", json!({"field": "type", "match": "##"})).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "InvalidPolicyRule"));
    for (definition, more, code) in [
        ("/providers/Microsoft.Authorization/policyDefinitions/none", Value::Null, "PolicyDefinitionNotFound"),
        (ALLOWED_LOCATIONS, Value::Null, "MissingPolicyParameter"),
        (ALLOWED_LOCATIONS, json!({"parameters": {"other": {"value": 1}}}), "UndefinedPolicyParameter"),
    ] {
        assert_eq!(assign(&visitor, "", "odd", definition, more).await.code(), code);
    }
    let shown =
        visitor.arm(Method::GET, &format!("https://management.azure.com{ALLOWED_LOCATIONS}"), Value::Null).await;
    assert_eq!(shown.body["properties"]["displayName"], "Allowed locations", "{}", shown.body);
}

#[tokio::test]
async fn policies_are_asked_beforehand() {
    let visitor = with_group().await;
    assign(&visitor, "", "places", ALLOWED_LOCATIONS, only_in(&["northeurope", "swedencentral"])).await;
    let check = "/resourceGroups/rg/providers/Microsoft.PolicyInsights/checkPolicyRestrictions?api-version=2023-03-01";
    let content = json!({"type": "Microsoft.KeyVault/vaults", "name": "kv-one", "location": "westeurope"});
    let question = json!({"resourceDetails": {"resourceContent": content, "apiVersion": "2026-02-01"}});
    let early = visitor.arm(Method::POST, check, question.clone()).await;
    assert_eq!((early.status, early.code()), (StatusCode::CONFLICT, "MissingSubscriptionRegistration"));
    visitor.arm(Method::POST, "/providers/Microsoft.PolicyInsights/register", Value::Null).await;
    visitor.advance(60);
    aks::register(&visitor, "Microsoft.PolicyInsights").await;

    let asked = visitor.arm(Method::POST, check, question).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
    let evaluation = &asked.body["contentEvaluationResult"]["policyEvaluations"][0];
    assert_eq!(evaluation["evaluationResult"], "NonCompliant");
    assert!(evaluation["policyInfo"]["policyAssignmentId"].as_str().unwrap().ends_with("/policyAssignments/places"));

    let open = json!({
        "resourceDetails": {"resourceContent": {"type": "Microsoft.KeyVault/vaults"}},
        "pendingFields": [{"field": "location", "values": ["westeurope", "northeurope", "eastus"]}, {"field": "name"}],
    });
    let asked = visitor.arm(Method::POST, check, open).await.body;
    assert_eq!(asked["contentEvaluationResult"]["policyEvaluations"], json!([]), "the place is not known yet");
    let restriction = &asked["fieldRestrictions"][0];
    assert_eq!(restriction["field"], "location");
    assert_eq!(restriction["restrictions"][0]["result"], "Deny");
    assert_eq!(restriction["restrictions"][0]["values"], json!(["westeurope", "eastus"]));
}

#[tokio::test]
async fn a_policy_about_machines_fails_the_operation_that_makes_them() {
    let visitor = Visitor::arrive().await;
    let defined = define(
        &visitor,
        "small",
        json!({"allOf": [
            {"field": "type", "equals": "Microsoft.Compute/virtualMachineScaleSets"},
            {"field": "Microsoft.Compute/virtualMachineScaleSets/sku.name", "notEquals": "Standard_B2s_v2"},
        ]}),
    )
    .await;
    assign(&visitor, "", "small", defined.body["id"].as_str().unwrap(), Value::Null).await;
    visitor.arm(Method::POST, "/providers/Microsoft.ContainerService/register", Value::Null).await;
    visitor.advance(60);
    aks::register(&visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let asked = visitor.arm(Method::PUT, aks::CLUSTER, aks::body()).await;
    assert_eq!(asked.status, StatusCode::CREATED, "a policy about scale sets says nothing of clusters");
    visitor.advance(400);
    let ended = eventually(|| async {
        let state = visitor.arm(Method::GET, asked.header("azure-asyncoperation"), Value::Null).await.body;
        (state["status"] != "InProgress").then_some(state)
    })
    .await;
    assert_eq!(ended["error"]["code"], "RequestDisallowedByPolicy", "{ended}");
}

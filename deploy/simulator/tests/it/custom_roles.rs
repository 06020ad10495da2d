//! Roles that people make themselves: what they let one do, and where.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::visitor::{Reply, Visitor};

const ROLE: &str = "5f1c6d1b-2f0e-4a55-9d2b-7a6f0a1e7d01";

fn path(scope: &str, role: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}")
}

fn body(visitor: &Visitor, scope: &str, actions: &Value) -> Value {
    json!({"properties": {
        "roleName": "Group reader", "description": "Reads groups.", "type": "CustomRole",
        "assignableScopes": [format!("{}{scope}", visitor.subscription())],
        "permissions": [{"actions": actions, "notActions": []}],
    }})
}

async fn make(visitor: &Visitor, scope: &str, actions: Value) -> Reply {
    for group in ["rg", "other"] {
        visitor.arm(Method::PUT, &format!("/resourceGroups/{group}"), json!({"location": "westeurope"})).await;
    }
    visitor.arm(Method::PUT, &path("", ROLE), body(visitor, scope, &actions)).await
}

#[tokio::test]
async fn a_custom_role_lets_one_do_what_it_says_and_nothing_else() {
    let visitor = Visitor::arrive().await;
    let made = make(&visitor, "", json!(["Microsoft.Resources/subscriptions/resourceGroups/read"])).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.body["properties"]["permissions"][0]["dataActions"], json!([]));
    let fresh = visitor.newcomer().await;
    let token = visitor.token_of(&fresh);
    let group = async |method, name: &str| {
        visitor.ask(&token, method, &format!("/resourceGroups/{name}"), json!({"location": "westeurope"})).await.status
    };
    assert_eq!(group(Method::GET, "rg").await, StatusCode::FORBIDDEN);
    let given = visitor.give(&fresh, ROLE, "/resourceGroups/rg", Value::Null).await;
    assert_eq!(given.status, StatusCode::CREATED, "{}", given.body);
    assert_eq!(given.body["properties"]["roleDefinitionId"], made.body["id"]);
    assert_eq!(group(Method::GET, "rg").await, StatusCode::OK);
    assert_eq!(group(Method::GET, "other").await, StatusCode::FORBIDDEN);
    assert_eq!(group(Method::PUT, "rg").await, StatusCode::FORBIDDEN);
    // What the role may do can change, and counts at once.
    let more = body(&visitor, "", &json!(["Microsoft.Resources/subscriptions/resourceGroups/*"]));
    let changed = visitor.arm(Method::PUT, &path("", ROLE), more).await;
    assert_eq!(changed.body["properties"]["createdOn"], made.body["properties"]["createdOn"]);
    assert_eq!(group(Method::PUT, "rg").await, StatusCode::OK);
    let permissions = "/resourceGroups/rg/providers/Microsoft.Authorization/permissions";
    let told = visitor.ask(&token, Method::GET, permissions, Value::Null).await;
    assert_eq!(told.code(), "AuthorizationFailed", "the role does not hold that question");
    assert!(azure_simulator::picture::text(visitor.world()).contains("Group reader to fresh"));
    assert!(azure_simulator::picture::text(visitor.world()).contains("roles\n  Group reader at "));
}

#[tokio::test]
async fn a_custom_role_is_there_only_where_it_may_be_assigned() {
    let visitor = Visitor::arrive().await;
    make(&visitor, "/resourceGroups/rg", json!(["*/read"])).await;
    let list = async |scope: &str, filter: &str| {
        let path = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions?$filter={filter}");
        let reply = visitor.arm(Method::GET, &path, Value::Null).await;
        reply.body["value"].as_array().unwrap_or_else(|| panic!("{}", reply.body)).len()
    };
    assert_eq!(list("/resourceGroups/rg", "type eq 'CustomRole'").await, 1);
    assert_eq!(list("/resourceGroups/other", "type eq 'CustomRole'").await, 0);
    assert_eq!(list("", "type eq 'CustomRole'").await, 0);
    assert_eq!(list("", "atScopeAndBelow() and type eq 'CustomRole'").await, 1);
    assert_eq!(list("/resourceGroups/rg", "roleName eq 'Group reader'").await, 1);
    let fresh = visitor.newcomer().await;
    let elsewhere = visitor.give(&fresh, ROLE, "/resourceGroups/other", Value::Null).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (StatusCode::NOT_FOUND, "RoleDefinitionDoesNotExist"));
    let inside =
        visitor.give(&fresh, ROLE, "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv", Value::Null).await;
    assert_ne!(inside.code(), "RoleDefinitionDoesNotExist");
}

#[tokio::test]
async fn a_role_that_somebody_has_stays_and_a_name_is_taken_once() {
    let visitor = Visitor::arrive().await;
    make(&visitor, "", json!(["*/read"])).await;
    let fresh = visitor.newcomer().await;
    let given = visitor.give(&fresh, ROLE, "", Value::Null).await;
    let delete = async || visitor.arm(Method::DELETE, &path("", ROLE), Value::Null).await;
    assert_eq!(delete().await.code(), "RoleDefinitionHasAssignments");
    let twin =
        visitor.arm(Method::PUT, &path("", &Uuid::new_v4().to_string()), body(&visitor, "", &json!(["*"]))).await;
    assert_eq!((twin.status, twin.code()), (StatusCode::CONFLICT, "RoleDefinitionWithSameNameExists"));
    visitor.arm(Method::DELETE, given.body["id"].as_str().unwrap(), Value::Null).await;
    assert_eq!(delete().await.status, StatusCode::OK);
    assert_eq!(delete().await.status, StatusCode::NO_CONTENT);
    let gone = visitor.arm(Method::GET, &path("", ROLE), Value::Null).await;
    assert_eq!((gone.status, gone.code()), (StatusCode::NOT_FOUND, "RoleDefinitionDoesNotExist"));
}

#[tokio::test]
async fn what_makes_no_role_is_refused() {
    let visitor = Visitor::arrive().await;
    let put = async |id: &str, change: &dyn Fn(&mut Value)| {
        let mut wanted = body(&visitor, "", &json!(["*/read"]));
        change(&mut wanted["properties"]);
        visitor.arm(Method::PUT, &path("", id), wanted).await
    };
    type Change = dyn Fn(&mut Value);
    let refusals: [(&str, &Change, &str); 7] = [
        ("no-guid", &|_| {}, "InvalidRoleDefinitionId"),
        (ROLE, &|it| it["roleName"] = json!(""), "InvalidRoleDefinition"),
        (ROLE, &|it| it["permissions"] = json!([]), "InvalidRoleDefinition"),
        (ROLE, &|it| it["permissions"][0]["actions"] = json!(["everything"]), "InvalidActionOrNotAction"),
        (ROLE, &|it| it["assignableScopes"] = json!([]), "InvalidRoleDefinition"),
        (ROLE, &|it| it["assignableScopes"] = json!(["/"]), "InvalidAssignableScope"),
        ("acdd72a7-3385-48ef-bd42-f606fba81ae7", &|_| {}, "CannotDeleteBuiltInRole"),
    ];
    for (id, change, code) in refusals {
        let refused = put(id, change).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, code), "{}", refused.body);
    }
    // Who may not make roles everywhere that the role is to be assigned makes none.
    let fresh = visitor.newcomer().await;
    visitor.give(&fresh, "b24988ac-6180-42a0-ab88-20f7382dd24c", "", Value::Null).await;
    let token = visitor.token_of(&fresh);
    let refused = visitor.ask(&token, Method::PUT, &path("", ROLE), body(&visitor, "", &json!(["*/read"]))).await;
    assert_eq!(refused.code(), "AuthorizationFailed");
}

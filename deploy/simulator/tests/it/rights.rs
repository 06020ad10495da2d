//! What a caller may do, asked beforehand, and what conditions take away from it.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::visitor::Visitor;

const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const RBAC_ADMINISTRATOR: &str = "f58310d9-a9f6-439a-9e8d-f62e7b41a168";
const SECRETS_USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";

const VAULT: &str = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/not-yet";

/// What Azure's own portal writes for "only these roles to only these kinds of principals".
fn only(roles: &[&str], kinds: &[&str]) -> Value {
    let roles = roles.join(", ");
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
    let part = |verb: &str, source: &str| {
        format!(
            "(\n (\n  !(ActionMatches{{'Microsoft.Authorization/roleAssignments/{verb}'}})\n )\n OR \n (\n  \
             @{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{roles}}}\n  \
             AND\n  @{source}[Microsoft.Authorization/roleAssignments:PrincipalType] \
             ForAnyOfAnyValues:StringEqualsIgnoreCase {{{}}}\n )\n)",
            kinds.join(", ")
        )
    };
    let condition = format!("{}\nAND\n{}", part("write", "Request"), part("delete", "Resource"));
    json!({"condition": condition, "conditionVersion": "2.0"})
}

async fn with_group() -> Visitor {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    visitor
}

async fn permissions(visitor: &Visitor, token: &str, scope: &str) -> Vec<Value> {
    let path = format!("{scope}/providers/Microsoft.Authorization/permissions");
    let reply = visitor.ask(token, Method::GET, &path, Value::Null).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    reply.body["value"].as_array().cloned().unwrap()
}

#[tokio::test]
async fn what_one_may_is_told_at_every_scope_also_of_what_is_not_made_yet() {
    let visitor = with_group().await;
    let fresh = visitor.newcomer().await;
    let token = visitor.token_of(&fresh);
    let path = "/resourceGroups/rg/providers/Microsoft.Authorization/permissions";
    let stranger = visitor.ask(&token, Method::GET, path, Value::Null).await;
    assert_eq!((stranger.status, stranger.code()), (StatusCode::FORBIDDEN, "AuthorizationFailed"));
    visitor.give(&fresh, CONTRIBUTOR, "/resourceGroups/rg", Value::Null).await;
    visitor.give(&fresh, READER, "", Value::Null).await;
    let above = permissions(&visitor, &token, "").await;
    assert_eq!(above, [json!({"actions": ["*/read"], "notActions": [], "dataActions": [], "notDataActions": []})]);
    for scope in ["/resourceGroups/rg", VAULT] {
        let here = permissions(&visitor, &token, scope).await;
        assert_eq!(here.len(), 2, "{scope} {here:?}");
        let contributor = here.iter().find(|one| one["actions"] == json!(["*"])).unwrap();
        assert_eq!(contributor["notActions"][1], "Microsoft.Authorization/*/Write");
    }
    let nowhere = visitor
        .ask(&token, Method::GET, "/resourceGroups/none/providers/Microsoft.Authorization/permissions", Value::Null)
        .await;
    assert_eq!(nowhere.code(), "ResourceGroupNotFound");
}

#[tokio::test]
async fn a_condition_leaves_only_some_roles_to_give_and_to_take() {
    let visitor = with_group().await;
    let (steward, other) = (visitor.newcomer().await, visitor.newcomer().await);
    let token = visitor.token_of(&steward);
    let condition = only(&[SECRETS_USER, ACR_PULL], &["ServicePrincipal"]);
    let given = visitor.give(&steward, RBAC_ADMINISTRATOR, "", condition.clone()).await;
    assert_eq!(given.status, StatusCode::CREATED, "{}", given.body);
    assert_eq!(given.body["properties"]["condition"], condition["condition"]);
    assert_eq!(given.body["properties"]["conditionVersion"], "2.0");
    let told = permissions(&visitor, &token, "").await;
    assert_eq!((&told[0]["condition"], &told[0]["conditionVersion"]), (&condition["condition"], &json!("2.0")));

    let assign = async |role: &str, kind: &str, name: u128| {
        let role = format!("{}/providers/Microsoft.Authorization/roleDefinitions/{role}", visitor.subscription());
        let body =
            json!({"properties": {"roleDefinitionId": role, "principalId": other.object_id, "principalType": kind}});
        let path = format!(
            "/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/{}",
            uuid::Uuid::from_u128(name)
        );
        visitor.ask(&token, Method::PUT, &path, body).await
    };
    for (role, kind) in [(OWNER, "ServicePrincipal"), (SECRETS_USER, "Group")] {
        let refused = assign(role, kind, 1).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "AuthorizationFailed"));
        assert!(refused.message().contains("ABAC condition that is not fulfilled"), "{}", refused.message());
    }
    assert_eq!(assign(SECRETS_USER, "ServicePrincipal", 2).await.status, StatusCode::CREATED);

    let by_owner = visitor.give(&other, READER, "/resourceGroups/rg", Value::Null).await;
    let take = async |id: &str| visitor.ask(&token, Method::DELETE, id, Value::Null).await;
    assert_eq!(take(by_owner.body["id"].as_str().unwrap()).await.status, StatusCode::FORBIDDEN);
    let own =
        format!("/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/{}", uuid::Uuid::from_u128(2));
    assert_eq!(take(&own).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_condition_that_nobody_understands_is_refused_and_one_may_be_changed() {
    let visitor = with_group().await;
    let fresh = visitor.newcomer().await;
    for wrong in [
        json!({"condition": "@Request[x", "conditionVersion": "2.0"}),
        json!({"condition": "ActionMatches{'a'}", "conditionVersion": "1.0"}),
    ] {
        let refused = visitor.give(&fresh, RBAC_ADMINISTRATOR, "", wrong).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "InvalidCondition"));
    }
    let given = visitor.give(&fresh, RBAC_ADMINISTRATOR, "", Value::Null).await;
    assert_eq!(given.body["properties"]["condition"], Value::Null);
    let mut changed = given.body.clone();
    changed["properties"]["condition"] = only(&[ACR_PULL], &["User"])["condition"].clone();
    let again = visitor.arm(Method::PUT, given.body["id"].as_str().unwrap(), changed.clone()).await;
    assert_eq!((again.status, &again.body["properties"]["conditionVersion"]), (StatusCode::OK, &json!("2.0")));
}

#[tokio::test]
async fn who_administers_the_data_of_vaults_gives_no_other_role() {
    let visitor = with_group().await;
    let steward = visitor.newcomer().await;
    let token = visitor.token_of(&steward);
    visitor.give(&steward, "8b54135c-b56d-4d72-a534-26097cfdc8d8", "", Value::Null).await;
    let told = permissions(&visitor, &token, "").await;
    assert!(told[0]["condition"].as_str().unwrap().contains(SECRETS_USER), "{told:?}");
    let body = json!({"properties": {"roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{ACR_PULL}"),
        "principalId": steward.object_id, "principalType": "ServicePrincipal"}});
    let path =
        format!("/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/{}", uuid::Uuid::from_u128(1));
    assert_eq!(visitor.ask(&token, Method::PUT, &path, body).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_assignment_that_is_not_there_has_a_code_of_its_own() {
    let visitor = Visitor::arrive().await;
    let name = uuid::Uuid::new_v4();
    let path = format!("/providers/Microsoft.Authorization/roleAssignments/{name}");
    let missing = visitor.arm(Method::GET, &path, Value::Null).await;
    assert_eq!((missing.status, missing.code()), (StatusCode::NOT_FOUND, "RoleAssignmentNotFound"));
}

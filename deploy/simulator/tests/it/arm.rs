//! What ARM answers about groups and roles.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::visitor::{Visitor, eventually};

const ARM: &str = "https://management.azure.com";

#[tokio::test]
async fn a_group_is_made_at_once_and_found_in_any_case_of_letters() {
    let visitor = Visitor::arrive().await;
    let made = visitor
        .arm(Method::PUT, "/resourcegroups/rg-one", json!({"location": "West Europe", "tags": {"a": "b"}}))
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.body["id"], format!("{}/resourceGroups/rg-one", visitor.subscription()));
    assert_eq!(made.body["location"], "westeurope");
    for name in ["x-ms-request-id", "x-ms-correlation-request-id", "x-ms-ratelimit-remaining-subscription-writes"] {
        assert!(!made.header(name).is_empty(), "{name}");
    }
    let found = visitor.arm(Method::GET, "/RESOURCEGROUPS/RG-ONE", Value::Null).await;
    assert_eq!((found.status, &found.body), (StatusCode::OK, &made.body));
    let same = visitor.arm(Method::PUT, "/resourceGroups/rg-one", json!({"location": "westeurope"})).await;
    assert_eq!(same.status, StatusCode::OK);
    let elsewhere = visitor.arm(Method::PUT, "/resourceGroups/rg-one", json!({"location": "eastus"})).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (StatusCode::CONFLICT, "InvalidResourceGroupLocation"));
}

#[tokio::test]
async fn deleting_a_group_takes_its_time_and_survives_a_restart() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let begun = visitor.arm(Method::DELETE, "/resourceGroups/rg", Value::Null).await;
    assert_eq!((begun.status, begun.header("retry-after")), (StatusCode::ACCEPTED, "15"));
    assert_eq!(begun.header("retry-after-ms"), "15000");
    let location = begun.header("location").to_owned();
    let visitor = visitor.again().await;
    assert_eq!(visitor.arm(Method::GET, &location, Value::Null).await.status, StatusCode::ACCEPTED);
    let refused = visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    assert_eq!(refused.code(), "ResourceGroupBeingDeleted");
    visitor.advance(15);
    eventually(|| async {
        let poll = visitor.arm(Method::GET, &location, Value::Null).await;
        (poll.status == StatusCode::OK).then_some(())
    })
    .await;
    assert_eq!(visitor.arm(Method::HEAD, "/resourceGroups/rg", Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_shows_no_token_or_one_for_somebody_else_is_refused() {
    let visitor = Visitor::arrive().await;
    let nobody = visitor.ask("", Method::GET, "/resourceGroups", Value::Null).await;
    assert_eq!((nobody.status, nobody.code()), (StatusCode::UNAUTHORIZED, "AuthenticationFailed"));
    assert!(nobody.header("www-authenticate").contains("authorization_uri"));
    let vault = visitor.owner("https://vault.azure.net").await;
    let reply = visitor.ask(&vault, Method::GET, "/resourceGroups", Value::Null).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::UNAUTHORIZED, "InvalidAuthenticationTokenAudience"));
    let old = visitor.owner(ARM).await;
    visitor.advance(3600);
    let reply = visitor.ask(&old, Method::GET, "/resourceGroups", Value::Null).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::UNAUTHORIZED, "ExpiredAuthenticationToken"));
}

#[tokio::test]
async fn paths_and_versions_that_nobody_knows_are_refused_in_azures_words() {
    let visitor = Visitor::arrive().await;
    for (path, code) in [
        ("/resourceGroups?api-version=soon", "InvalidApiVersionParameter"),
        ("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups", "SubscriptionNotFound"),
        ("/resourceGroups/none/providers/Microsoft.Authorization/roleAssignments", "ResourceGroupNotFound"),
        ("/resourceGroups/rg/providers/Contoso.Nothing/things/t", "InvalidResourceNamespace"),
        ("/resourceGroups/rg/providers/Microsoft.Authorization/things/t", "InvalidResourceType"),
    ] {
        assert_eq!(visitor.arm(Method::GET, path, Value::Null).await.code(), code, "{path}");
    }
    let token = visitor.owner(ARM).await;
    let url = format!("{ARM}{}/resourceGroups", visitor.subscription());
    assert_eq!(visitor.send(&token, Method::GET, &url, Value::Null).await.code(), "MissingApiVersionParameter");
}

#[tokio::test]
async fn a_role_counts_once_it_has_propagated() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    // The portal's identity may do everything here but Owner's last word; a fresh principal may do nothing.
    let fresh = visitor.newcomer().await;
    let token = visitor.token_of(&fresh);
    let refused = visitor.ask(&token, Method::GET, "/resourceGroups/rg", Value::Null).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "AuthorizationFailed"));
    assert!(
        refused.message().contains("Microsoft.Resources/subscriptions/resourceGroups/read"),
        "{}",
        refused.message()
    );
    let reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let assigned = assign(&visitor, uuid(1), fresh.object_id, reader, Some("ServicePrincipal")).await;
    assert_eq!(assigned.status, StatusCode::CREATED, "{}", assigned.body);
    let still = visitor.ask(&token, Method::GET, "/resourceGroups/rg", Value::Null).await;
    assert_eq!(still.status, StatusCode::FORBIDDEN);
    visitor.advance(30);
    let now = visitor.ask(&token, Method::GET, "/resourceGroups/rg", Value::Null).await;
    assert_eq!(now.status, StatusCode::OK);
    let write = visitor.ask(&token, Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    assert_eq!(write.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_assignment_written_twice_is_the_same_and_never_another() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let fresh = visitor.newcomer().await;
    let (reader, contributor) = ("acdd72a7-3385-48ef-bd42-f606fba81ae7", "b24988ac-6180-42a0-ab88-20f7382dd24c");
    let unknown = assign(&visitor, uuid(1), fresh.object_id, reader, None).await;
    assert_eq!((unknown.status, unknown.code()), (StatusCode::BAD_REQUEST, "PrincipalNotFound"));
    let kind = Some("ServicePrincipal");
    assert_eq!(assign(&visitor, uuid(1), fresh.object_id, reader, kind).await.status, StatusCode::CREATED);
    assert_eq!(assign(&visitor, uuid(1), fresh.object_id, reader, kind).await.status, StatusCode::OK);
    let other = assign(&visitor, uuid(1), fresh.object_id, contributor, kind).await;
    assert_eq!((other.status, other.code()), (StatusCode::BAD_REQUEST, "RoleAssignmentUpdateNotPermitted"));
    let twice = assign(&visitor, uuid(2), fresh.object_id, reader, kind).await;
    assert_eq!((twice.status, twice.code()), (StatusCode::CONFLICT, "RoleAssignmentExists"));
    let path = format!(
        "/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments?$filter=principalId%20eq%20'{}'",
        fresh.object_id
    );
    let listed = visitor.arm(Method::GET, &path, Value::Null).await;
    assert_eq!(listed.body["value"].as_array().unwrap().len(), 1, "{}", listed.body);
    let gone = visitor.arm(Method::DELETE, &assignment(uuid(1)), Value::Null).await;
    assert_eq!(gone.status, StatusCode::OK);
    assert_eq!(visitor.arm(Method::DELETE, &assignment(uuid(1)), Value::Null).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_role_is_found_by_its_name() {
    let visitor = Visitor::arrive().await;
    let path =
        "/providers/Microsoft.Authorization/roleDefinitions?$filter=roleName%20eq%20'Key%20Vault%20Secrets%20User'";
    let found = visitor.arm(Method::GET, path, Value::Null).await;
    assert_eq!(found.body["value"][0]["name"], "4633458b-17de-408a-b874-0445c86b69e6", "{}", found.body);
}

#[tokio::test]
async fn the_portals_machine_may_make_resources_and_assign_roles_but_reads_no_secret() {
    let visitor = Visitor::arrive().await;
    let token = visitor.managed(ARM).await;
    let made = visitor.ask(&token, Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let fresh = visitor.newcomer().await;
    let body =
        assignment_body(&visitor, fresh.object_id, "acdd72a7-3385-48ef-bd42-f606fba81ae7", Some("ServicePrincipal"));
    let assigned = visitor.ask(&token, Method::PUT, &assignment(uuid(1)), body).await;
    assert_eq!(assigned.status, StatusCode::CREATED, "{}", assigned.body);
}

fn uuid(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

fn assignment(name: uuid::Uuid) -> String {
    format!("/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/{name}")
}

fn assignment_body(visitor: &Visitor, principal: uuid::Uuid, role: &str, kind: Option<&str>) -> Value {
    let role = format!("{}/providers/Microsoft.Authorization/roleDefinitions/{role}", visitor.subscription());
    json!({"properties": {"roleDefinitionId": role, "principalId": principal, "principalType": kind}})
}

async fn assign(
    visitor: &Visitor,
    name: uuid::Uuid,
    principal: uuid::Uuid,
    role: &str,
    kind: Option<&str>,
) -> crate::visitor::Reply {
    let body = assignment_body(visitor, principal, role, kind);
    visitor.arm(Method::PUT, &assignment(name), body).await
}

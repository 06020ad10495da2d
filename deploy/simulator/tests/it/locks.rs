//! What a management lock forbids, and that nobody is above it.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks;
use crate::visitor::{Reply, Visitor, eventually};

const IDENTITY: &str = "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app";
const CLUSTER: &str = aks::CLUSTER;

async fn with_identity() -> Visitor {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    visitor.arm(Method::PUT, IDENTITY, json!({"location": "westeurope"})).await;
    visitor
}

async fn lock(visitor: &Visitor, scope: &str, name: &str, level: &str) -> Reply {
    let body = json!({"properties": {"level": level, "notes": "kept on purpose"}});
    visitor.arm(Method::PUT, &format!("{scope}/providers/Microsoft.Authorization/locks/{name}"), body).await
}

fn locked(reply: &Reply, verb: &str, scope: &str) {
    assert_eq!((reply.status, reply.code()), (StatusCode::CONFLICT, "ScopeLocked"), "{}", reply.body);
    assert!(
        reply.message().contains(&format!("cannot perform {verb} operation because following scope(s) are locked"))
            && reply.message().ends_with(&format!("{scope}'. Please remove the lock and try again.")),
        "{}",
        reply.message()
    );
}

#[tokio::test]
async fn a_locked_group_keeps_what_is_in_it_until_the_lock_goes() {
    let visitor = with_identity().await;
    let made = lock(&visitor, "/resourceGroups/rg", "keep", "CanNotDelete").await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(lock(&visitor, "/resourceGroups/rg", "keep", "CanNotDelete").await.status, StatusCode::OK);
    locked(&visitor.arm(Method::DELETE, "/resourceGroups/rg", Value::Null).await, "delete", "/resourceGroups/rg");
    locked(&visitor.arm(Method::DELETE, IDENTITY, Value::Null).await, "delete", "/resourceGroups/rg");
    let written = visitor.arm(Method::PUT, IDENTITY, json!({"location": "westeurope", "tags": {"a": "b"}})).await;
    assert_eq!(written.status, StatusCode::OK);
    let path = "/resourceGroups/rg/providers/Microsoft.Authorization/locks/keep";
    assert_eq!(visitor.arm(Method::DELETE, path, Value::Null).await.status, StatusCode::OK);
    assert_eq!(visitor.arm(Method::DELETE, IDENTITY, Value::Null).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_lock_on_one_resource_holds_its_whole_group() {
    let visitor = with_identity().await;
    lock(&visitor, IDENTITY, "keep", "CanNotDelete").await;
    locked(
        &visitor.arm(Method::DELETE, "/resourceGroups/rg", Value::Null).await,
        "delete",
        "userAssignedIdentities/app",
    );
    let listed = visitor.arm(Method::GET, "/providers/Microsoft.Authorization/locks", Value::Null).await;
    assert_eq!(listed.body["value"][0]["properties"]["level"], "CanNotDelete", "{}", listed.body);
    let above =
        visitor.arm(Method::GET, "/providers/Microsoft.Authorization/locks?$filter=atScope()", Value::Null).await;
    assert_eq!(above.body["value"], json!([]));
}

#[tokio::test]
async fn a_read_only_subscription_refuses_every_write_and_every_action() {
    let visitor = with_identity().await;
    lock(&visitor, "", "frozen", "readonly").await;
    let subscription = visitor.subscription();
    let group = json!({"location": "westeurope"});
    locked(&visitor.arm(Method::PUT, "/resourceGroups/new", group).await, "write", &subscription);
    locked(&visitor.arm(Method::PUT, IDENTITY, json!({"location": "westeurope"})).await, "write", &subscription);
    locked(&visitor.arm(Method::DELETE, IDENTITY, Value::Null).await, "delete", &subscription);
    let register = "/providers/Microsoft.ContainerService/register";
    locked(&visitor.arm(Method::POST, register, Value::Null).await, "write", &subscription);
    assert_eq!(visitor.arm(Method::GET, IDENTITY, Value::Null).await.status, StatusCode::OK);
    let check = json!({"name": "kv-one", "type": "Microsoft.KeyVault/vaults"});
    let asked = visitor.arm(Method::POST, "/providers/Microsoft.KeyVault/checkNameAvailability", check).await;
    assert_eq!(asked.body["nameAvailable"], true, "a question is no write: {}", asked.body);
}

#[tokio::test]
async fn the_portals_rights_do_not_reach_to_locks() {
    let visitor = with_identity().await;
    let token = visitor.managed("https://management.azure.com").await;
    let path = "/resourceGroups/rg/providers/Microsoft.Authorization/locks/keep";
    let body = json!({"properties": {"level": "CanNotDelete"}});
    let refused = visitor.ask(&token, Method::PUT, path, body).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "AuthorizationFailed"));
    let wrong = lock(&visitor, "/resourceGroups/rg", "keep", "Never").await;
    assert_eq!((wrong.status, wrong.code()), (StatusCode::BAD_REQUEST, "InvalidLockLevel"));
}

#[tokio::test]
async fn a_lock_on_the_nodes_group_fails_the_deletion_of_the_cluster() {
    let visitor = aks::visitor().await;
    aks::make(&visitor, aks::body()).await;
    lock(&visitor, "/resourceGroups/MC_rg_shop_westeurope", "keep", "CanNotDelete").await;
    let asked = visitor.arm(Method::DELETE, CLUSTER, Value::Null).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED);
    let ended = eventually(|| async {
        let state = visitor.arm(Method::GET, asked.header("azure-asyncoperation"), Value::Null).await;
        (state.body["status"] != "InProgress").then_some(state.body)
    })
    .await;
    assert_eq!((&ended["status"], &ended["error"]["code"]), (&json!("Failed"), &json!("ScopeLocked")), "{ended}");
    let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await;
    assert_eq!(cluster.body["properties"]["provisioningState"], "Failed");
    let group = visitor.arm(Method::DELETE, "/resourceGroups/rg", Value::Null).await;
    assert_eq!(group.status, StatusCode::ACCEPTED);
    let ended = eventually(|| async {
        let poll = visitor.arm(Method::GET, group.header("location"), Value::Null).await;
        (poll.status != StatusCode::ACCEPTED).then_some(poll)
    })
    .await;
    assert_eq!((ended.status, ended.code()), (StatusCode::CONFLICT, "ScopeLocked"));
    assert_eq!(visitor.arm(Method::GET, CLUSTER, Value::Null).await.status, StatusCode::OK);
}

//! The life of a vault and of the secrets in it.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::visitor::{Reply, Visitor, eventually};

const ARM: &str = "https://management.azure.com";
const SECRETS_OFFICER: &str = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7";

fn path(group: &str, name: &str) -> String {
    format!("/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}?api-version=2026-02-01")
}

async fn put(visitor: &Visitor, group: &str, name: &str, more: Value) -> Reply {
    let mut properties = json!({
        "tenantId": visitor.world().tenant, "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": true, "softDeleteRetentionInDays": 7,
    });
    properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let body = json!({"location": "westeurope", "properties": properties});
    visitor.arm(Method::PUT, &path(group, name), body).await
}

/// A group with a vault that resolves.
pub async fn settled(visitor: &Visitor, name: &str) {
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let made = put(visitor, "rg", name, json!({})).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert_eq!(made.body["properties"]["provisioningState"], "RegisteringDns");
    visitor.advance(30);
    succeeded(visitor, name).await;
}

async fn succeeded(visitor: &Visitor, name: &str) {
    eventually(|| async {
        let found = visitor.arm(Method::GET, &path("rg", name), Value::Null).await;
        (found.body["properties"]["provisioningState"] == "Succeeded").then_some(())
    })
    .await;
}

/// Gives the subscription's owner a role on the vault.
pub async fn grant(visitor: &Visitor, name: &str, role: &str) {
    grant_on(visitor, name, role).await;
}

/// Gives it on a vault, `kv-one`, or on one secret of it, `kv-one/secrets/name`.
async fn grant_on(visitor: &Visitor, name: &str, role: &str) {
    let owner = azure_simulator::seed::id_of("service-principal/owner");
    let body = json!({"properties": {
        "roleDefinitionId": format!("{}/providers/Microsoft.Authorization/roleDefinitions/{role}", visitor.subscription()),
        "principalId": owner, "principalType": "ServicePrincipal",
    }});
    let path = format!(
        "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}/providers/Microsoft.Authorization/roleAssignments/{}",
        uuid::Uuid::new_v4()
    );
    let made = visitor.arm(Method::PUT, &path, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

async fn ask(visitor: &Visitor, method: Method, path: &str, body: Value) -> Reply {
    let token = visitor.owner("https://vault.azure.net").await;
    let sign = if path.contains('?') { '&' } else { '?' };
    visitor.send(&token, method, &format!("https://kv-one.vault.azure.net{path}{sign}api-version=7.4"), body).await
}

#[tokio::test]
async fn a_vaults_name_resolves_once_the_vault_has_succeeded() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    put(&visitor, "rg", "kv-one", json!({})).await;
    let url = "https://kv-one.vault.azure.net/secrets?api-version=7.4";
    assert!(visitor.anybody().get(url).send().await.is_err());
    visitor.advance(30);
    succeeded(&visitor, "kv-one").await;
    let challenge = visitor.anybody().get(url).send().await.unwrap();
    assert_eq!(challenge.status(), StatusCode::UNAUTHORIZED);
    let expected = format!(
        "Bearer authorization=\"https://login.microsoftonline.com/{}\", resource=\"https://vault.azure.net\"",
        visitor.world().tenant
    );
    assert_eq!(challenge.headers()["www-authenticate"].to_str().unwrap(), expected);
}

#[tokio::test]
async fn a_token_for_somebody_else_is_no_key_to_a_vault() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    let token = visitor.owner(ARM).await;
    let url = "https://kv-one.vault.azure.net/secrets?api-version=7.4";
    let reply = visitor.send(&token, Method::GET, url, Value::Null).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert!(reply.message().contains("Invalid audience"), "{}", reply.body);
}

#[tokio::test]
async fn owning_a_subscription_opens_no_secret_until_a_role_has_propagated() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    let refused = ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "v"})).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "Forbidden"));
    assert_eq!(refused.body["error"]["innererror"]["code"], "ForbiddenByRbac");
    assert!(
        refused.message().contains("Action: 'Microsoft.KeyVault/vaults/secrets/setSecret/action'"),
        "{}",
        refused.message()
    );
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    assert_eq!(ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "v"})).await.status, StatusCode::FORBIDDEN);
    visitor.advance(30);
    let set = ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "v"})).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.body);
}

#[tokio::test]
async fn a_role_on_one_secret_opens_that_one_alone() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant_on(&visitor, "kv-one/secrets/one", SECRETS_OFFICER).await;
    visitor.advance(30);
    assert_eq!(ask(&visitor, Method::PUT, "/secrets/one", json!({"value": "v"})).await.status, StatusCode::OK);
    let other = ask(&visitor, Method::PUT, "/secrets/two", json!({"value": "v"})).await;
    assert_eq!(other.body["error"]["innererror"]["code"], "ForbiddenByRbac");
    let list = |filter: &str| {
        let assignments = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-one/providers/Microsoft.Authorization/roleAssignments";
        let path = format!("{assignments}{filter}");
        let visitor = &visitor;
        async move {
            let found = visitor.arm(Method::GET, &path, Value::Null).await;
            let all = found.body["value"].as_array().unwrap().clone();
            all.iter().filter(|one| one["properties"]["scope"].as_str().unwrap().ends_with("/secrets/one")).count()
        }
    };
    assert_eq!((list("").await, list("?$filter=atScope()").await), (1, 0), "it lies below the vault");
    let nowhere = "/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-two/secrets/one/providers/Microsoft.Authorization/roleAssignments";
    assert_eq!(visitor.arm(Method::GET, nowhere, Value::Null).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_may_see_names_sees_no_value() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", "21090545-7ca7-4776-b22c-e363652d74d2").await;
    visitor.advance(30);
    assert_eq!(ask(&visitor, Method::GET, "/secrets", Value::Null).await.status, StatusCode::OK);
    let value = ask(&visitor, Method::GET, "/secrets/name", Value::Null).await;
    assert_eq!(value.body["error"]["innererror"]["code"], "ForbiddenByRbac");
}

#[tokio::test]
async fn a_backup_brings_every_version_back_and_writes_over_nothing() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", "00482a5a-887f-4fb3-b363-3b7fe8e74483").await;
    visitor.advance(30);
    for value in ["one", "two"] {
        ask(&visitor, Method::PUT, "/secrets/name", json!({"value": value})).await;
    }
    let saved = ask(&visitor, Method::POST, "/secrets/name/backup", Value::Null).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.body);
    assert!(!saved.body.to_string().contains("two"));
    let over = ask(&visitor, Method::POST, "/secrets/restore", saved.body.clone()).await;
    assert_eq!((over.status, over.code()), (StatusCode::CONFLICT, "Conflict"));
    ask(&visitor, Method::DELETE, "/secrets/name", Value::Null).await;
    visitor.advance(5);
    let purged = ask(&visitor, Method::DELETE, "/deletedsecrets/name", Value::Null).await;
    assert_eq!(purged.status, StatusCode::NO_CONTENT, "{}", purged.body);
    let back = ask(&visitor, Method::POST, "/secrets/restore", saved.body).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.body);
    assert_eq!(ask(&visitor, Method::GET, "/secrets/name", Value::Null).await.body["value"], "two");
    let versions = ask(&visitor, Method::GET, "/secrets/name/versions", Value::Null).await;
    assert_eq!(versions.body["value"].as_array().map(Vec::len), Some(2));
    let strange = ask(&visitor, Method::POST, "/secrets/restore", json!({"value": "strange"})).await;
    assert_eq!(strange.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_secret_has_versions_and_a_way_back_from_the_bin() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    visitor.advance(30);
    let first = ask(&visitor, Method::PUT, "/secrets/Name", json!({"value": "one", "tags": {"set": "1"}})).await;
    let second = ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "two"})).await;
    assert_ne!(first.body["id"], second.body["id"]);
    let latest = ask(&visitor, Method::GET, "/secrets/NAME/", Value::Null).await;
    assert_eq!((&latest.body["value"], &latest.body["id"]), (&json!("two"), &second.body["id"]));
    let version = first.body["id"].as_str().unwrap().rsplit('/').next().unwrap();
    let old = ask(&visitor, Method::GET, &format!("/secrets/name/{version}"), Value::Null).await;
    assert_eq!((&old.body["value"], &old.body["tags"]["set"]), (&json!("one"), &json!("1")));
    let versions = ask(&visitor, Method::GET, "/secrets/name/versions", Value::Null).await;
    assert_eq!(versions.body["value"].as_array().unwrap().len(), 2);
    assert!(!versions.body.to_string().contains("\"value\":\""), "{}", versions.body);
    let off = json!({"attributes": {"enabled": false}});
    assert_eq!(ask(&visitor, Method::PATCH, &format!("/secrets/name/{version}"), off).await.status, StatusCode::OK);
    let disabled = ask(&visitor, Method::GET, &format!("/secrets/name/{version}"), Value::Null).await;
    assert_eq!(disabled.body["error"]["innererror"]["code"], "SecretDisabled");

    assert_eq!(ask(&visitor, Method::DELETE, "/secrets/name", Value::Null).await.status, StatusCode::OK);
    assert_eq!(ask(&visitor, Method::GET, "/secrets/name", Value::Null).await.code(), "SecretNotFound");
    assert_eq!(ask(&visitor, Method::GET, "/deletedsecrets/name", Value::Null).await.status, StatusCode::NOT_FOUND);
    let early = ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "x"})).await;
    assert_eq!(early.body["error"]["innererror"]["code"], "ObjectIsBeingDeleted");
    visitor.advance(5);
    let over = ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "x"})).await;
    assert_eq!(
        (over.status, &over.body["error"]["innererror"]["code"]),
        (StatusCode::CONFLICT, &json!("ObjectIsDeletedButRecoverable"))
    );
    assert_eq!(ask(&visitor, Method::POST, "/deletedsecrets/name/recover", json!({})).await.status, StatusCode::OK);
    assert_eq!(ask(&visitor, Method::GET, "/secrets/name", Value::Null).await.body["value"], "two");
    ask(&visitor, Method::DELETE, "/secrets/name", Value::Null).await;
    visitor.advance(5);
    assert_eq!(ask(&visitor, Method::DELETE, "/deletedsecrets/name", Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "new"})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    visitor.advance(30);
    for number in 0..30 {
        ask(&visitor, Method::PUT, &format!("/secrets/s{number:02}"), json!({"value": "v"})).await;
    }
    let first = ask(&visitor, Method::GET, "/secrets", Value::Null).await;
    assert_eq!(first.body["value"].as_array().unwrap().len(), 25);
    let token = visitor.owner("https://vault.azure.net").await;
    let next = visitor.send(&token, Method::GET, first.body["nextLink"].as_str().unwrap(), Value::Null).await;
    assert_eq!(next.body["value"].as_array().unwrap().len(), 5);
    assert_eq!(next.body["nextLink"], Value::Null);
}

#[tokio::test]
async fn a_name_is_taken_in_the_whole_world_and_stays_taken_in_the_bin() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    visitor.arm(Method::PUT, "/resourceGroups/other", json!({"location": "westeurope"})).await;
    let taken = put(&visitor, "other", "KV-One", json!({})).await;
    assert_eq!((taken.status, taken.code()), (StatusCode::CONFLICT, "VaultAlreadyExists"));
    let check = json!({"name": "kv-one", "type": "Microsoft.KeyVault/vaults"});
    let checked = visitor.arm(Method::POST, "/providers/Microsoft.KeyVault/checkNameAvailability", check.clone()).await;
    assert_eq!((&checked.body["nameAvailable"], &checked.body["reason"]), (&json!(false), &json!("AlreadyExists")));
    assert_eq!(visitor.arm(Method::DELETE, &path("rg", "kv-one"), Value::Null).await.status, StatusCode::OK);
    assert_eq!(visitor.arm(Method::DELETE, &path("rg", "kv-one"), Value::Null).await.status, StatusCode::NO_CONTENT);
    let binned = put(&visitor, "other", "kv-one", json!({})).await;
    assert_eq!((binned.status, binned.code()), (StatusCode::CONFLICT, "ConflictError"));
    let listed = visitor.arm(Method::GET, "/providers/Microsoft.KeyVault/deletedVaults", Value::Null).await;
    assert_eq!(listed.body["value"][0]["name"], "kv-one");
    let purge = "/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-one/purge";
    let begun = visitor.arm(Method::POST, purge, Value::Null).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.body);
    assert!(begun.header("location").contains("/providers/Microsoft.KeyVault/locations/westeurope/operationresults/"));
    visitor.advance(20);
    eventually(|| async {
        let checked =
            visitor.arm(Method::POST, "/providers/Microsoft.KeyVault/checkNameAvailability", check.clone()).await;
        (checked.body["nameAvailable"] == json!(true)).then_some(())
    })
    .await;
    assert_eq!(put(&visitor, "other", "kv-one", json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_recovered_vault_has_its_secrets_and_no_role() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    visitor.advance(30);
    ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "kept"})).await;
    // Its group goes, and the vault with it, softly.
    visitor.arm(Method::DELETE, "/resourceGroups/rg", Value::Null).await;
    visitor.advance(60);
    eventually(|| async {
        let found = visitor.arm(Method::GET, "/resourceGroups/rg", Value::Null).await;
        (found.status == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let recovered = put(&visitor, "rg", "kv-one", json!({"createMode": "recover"})).await;
    assert_eq!(recovered.status, StatusCode::OK, "{}", recovered.body);
    visitor.advance(30);
    succeeded(&visitor, "kv-one").await;
    assert_eq!(ask(&visitor, Method::GET, "/secrets/name", Value::Null).await.status, StatusCode::FORBIDDEN);
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    visitor.advance(30);
    assert_eq!(ask(&visitor, Method::GET, "/secrets/name", Value::Null).await.body["value"], "kept");
}

#[tokio::test]
async fn what_a_vault_has_promised_cannot_be_taken_back() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    for (name, more, code) in [
        ("kv--one", json!({}), "VaultNameNotValid"),
        ("kv-two", json!({"softDeleteRetentionInDays": 3}), "BadRequest"),
        ("kv-one", json!({"softDeleteRetentionInDays": 30}), "BadRequest"),
        ("kv-one", json!({"enablePurgeProtection": false}), "BadRequest"),
        ("kv-one", json!({"tenantId": "00000000-0000-0000-0000-000000000000"}), "BadRequest"),
    ] {
        let reply = put(&visitor, "rg", name, more.clone()).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::BAD_REQUEST, code), "{name} {more}");
    }
}

#[tokio::test]
async fn everything_is_there_again_after_a_restart() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    visitor.advance(30);
    ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "kept"})).await;
    put(&visitor, "rg", "kv-two", json!({})).await;
    let before = visitor.simulator.ready();
    let visitor = visitor.again().await;
    let after = visitor.simulator.ready();
    for name in ["azure", "sign_in", "control"] {
        assert_eq!(before[name], after[name]);
    }
    assert_eq!(ask(&visitor, Method::GET, "/secrets/name", Value::Null).await.body["value"], "kept");
    visitor.advance(30);
    succeeded(&visitor, "kv-two").await;
}

#[tokio::test]
async fn a_deleted_vault_says_until_when_it_is_kept_and_protection_keeps_it_so_long() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let kept = json!({"enablePurgeProtection": true, "softDeleteRetentionInDays": 7});
    put(&visitor, "rg", "kv-kept", kept).await;
    visitor.arm(Method::PATCH, &path("rg", "kv-kept"), json!({"tags": {"team": "shop"}})).await;
    visitor.arm(Method::DELETE, &path("rg", "kv-kept"), Value::Null).await;
    let deleted = "/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-kept";
    let found = visitor.arm(Method::GET, deleted, Value::Null).await;
    let properties = &found.body["properties"];
    assert_eq!(properties["deletionDate"], "2026-11-23T09:00:00Z", "{}", found.body);
    assert_eq!(properties["scheduledPurgeDate"], "2026-11-30T09:00:00Z");
    assert_eq!((&properties["purgeProtectionEnabled"], &properties["tags"]["team"]), (&json!(true), &json!("shop")));
    assert!(
        properties["vaultId"]
            .as_str()
            .unwrap()
            .ends_with("/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-kept")
    );
    let purge = visitor.arm(Method::POST, &format!("{deleted}/purge"), Value::Null).await;
    assert_eq!((purge.status, purge.code()), (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"));
    let elsewhere = deleted.replace("westeurope", "eastus");
    assert_eq!(visitor.arm(Method::GET, &elsewhere, Value::Null).await.code(), "DeletedVaultNotFound");
    visitor.advance(7 * 24 * 3600);
    assert_eq!(visitor.arm(Method::GET, deleted, Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(put(&visitor, "rg", "kv-kept", json!({})).await.status, StatusCode::OK, "its name is free again");
}

#[tokio::test]
async fn a_recovered_vault_is_the_old_one_without_its_assignments() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    let roles = format!(
        "{}/providers/Microsoft.Authorization/roleAssignments?$filter=atScope()",
        path("rg", "kv-one").split('?').next().unwrap()
    );
    let own = async || {
        let found = visitor.arm(Method::GET, &roles, Value::Null).await.body;
        found["value"].as_array().unwrap().iter().filter(|one| one["id"].as_str().unwrap().contains("/vaults/")).count()
    };
    assert_eq!(own().await, 1);
    visitor.arm(Method::DELETE, &path("rg", "kv-one"), Value::Null).await;
    let elsewhere = json!({"createMode": "recover"});
    visitor.arm(Method::PUT, "/resourceGroups/other", json!({"location": "westeurope"})).await;
    assert_eq!(put(&visitor, "other", "kv-one", elsewhere.clone()).await.code(), "ConflictError");
    assert_eq!(put(&visitor, "rg", "kv-none", elsewhere.clone()).await.code(), "VaultNotFound");
    assert_eq!(put(&visitor, "rg", "kv-one", elsewhere).await.status, StatusCode::OK);
    visitor.advance(30);
    succeeded(&visitor, "kv-one").await;
    assert_eq!(own().await, 0);
}

/// Whoever hangs up at whatever moment: what was begun comes to its end.
#[tokio::test]
async fn a_client_that_hangs_up_leaves_nothing_that_goes_on_for_ever() {
    let visitor = Visitor::arrive().await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let name = |number: u32| format!("kv-left-{number}");
    for number in 0..40 {
        let leaves = std::time::Duration::from_micros(u64::from(number) * 250);
        let _ = tokio::time::timeout(leaves, put(&visitor, "rg", &name(number), json!({}))).await;
    }
    // Whoever was heard at last was heard whole.
    settled(&visitor, "kv-stays").await;
    for number in 0..40 {
        let found = visitor.arm(Method::GET, &path("rg", &name(number)), Value::Null).await;
        if found.status == StatusCode::OK {
            succeeded(&visitor, &name(number)).await;
        }
    }
}

#[tokio::test]
async fn a_secret_that_is_not_there_has_no_versions_and_one_without_tags_tells_none() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    visitor.advance(30);
    let none = ask(&visitor, Method::GET, "/secrets/name/versions", Value::Null).await;
    assert_eq!((none.status, &none.body["value"]), (StatusCode::OK, &json!([])), "{}", none.body);
    let set = ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "v"})).await;
    assert!(set.body.get("tags").is_none(), "{}", set.body);
    let tagged = ask(&visitor, Method::PUT, "/secrets/name", json!({"value": "v", "tags": {"team": "payments"}})).await;
    assert_eq!(tagged.body["tags"], json!({"team": "payments"}));
}

#[tokio::test]
async fn a_new_role_reaches_a_vaults_front_ends_one_after_another() {
    let visitor = Visitor::arrive().await;
    settled(&visitor, "kv-one").await;
    grant(&visitor, "kv-one", SECRETS_OFFICER).await;
    let mut granted = Vec::new();
    for _ in 0..6 {
        let mut there = 0;
        for _ in 0..3 {
            let answer = ask(&visitor, Method::GET, "/secrets", Value::Null).await;
            there += usize::from(answer.status == StatusCode::OK);
        }
        granted.push(there);
        visitor.advance(6);
    }
    assert_eq!(granted, [0, 0, 0, 1, 2, 3], "of three requests, every six seconds");
}

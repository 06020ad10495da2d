//! Vaults and their secrets: roles that have to arrive, refusals in Azure's words, values that never come back.
use crate::rehearsal::Rehearsal;
use azure::{Answer, Kind, ResourceId, roles};
use secrecy::SecretString;
use serde_json::json;
use std::{collections::BTreeMap, time::Duration};

#[tokio::test]
async fn a_secret_can_be_written_once_the_role_has_arrived_and_its_value_never_comes_back() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let vault = rehearsal.vault(&azure, "kv-shop-1").await;
    let me = azure.me().await.unwrap();
    let secrets = azure.vault("kv-shop-1");
    let (password, tags) = (SecretString::from("correct horse"), BTreeMap::from([("set".to_owned(), "1".to_owned())]));

    let before = secrets.set("Webapp-DB-Password", &password, &tags).await.unwrap_err();
    assert_eq!(
        (before.kind(), before.code(), before.inner_code()),
        (Kind::Denied, "Forbidden", Some("ForbiddenByRbac"))
    );
    for words in ["Microsoft.KeyVault/vaults/secrets/setSecret/action", &me.object_id, "propagation time"] {
        assert!(before.message().contains(words), "{words}: {before}");
    }
    assert!(!format!("{before} {before:?}").contains("correct horse"));

    let role = roles::KEY_VAULT_SECRETS_OFFICER;
    let assignment = roles::assignment_id(&vault, &me.object_id, role);
    let document = roles::assignment(&vault, &me.object_id, me.kind, role);
    for _ in 0..2 {
        assert!(matches!(azure.arm().put(&assignment, &document).await.unwrap(), Answer::Done(_)));
    }
    let still = secrets.set("Webapp-DB-Password", &password, &tags).await.unwrap_err();
    assert_eq!(still.kind(), Kind::Denied, "a role takes a while to arrive");
    rehearsal.a_while_later();

    let written = secrets.set("Webapp-DB-Password", &password, &tags).await.unwrap();
    assert_eq!(written.tags, tags);
    let found = secrets.get("webapp-db-password").await.unwrap().unwrap();
    assert_eq!((found.version.clone(), found.enabled, &found.tags), (written.version.clone(), true, &tags));
    assert!(found.version.is_some() && found.created.is_some());
    assert!(!format!("{written:?} {found:?}").contains("correct horse"));

    rehearsal.simulator.world().clock.advance(Duration::from_secs(5));
    let newer = BTreeMap::from([("set".to_owned(), "2".to_owned())]);
    secrets.set("Webapp-DB-Password", &password, &newer).await.unwrap();
    assert_eq!(secrets.get("Webapp-DB-Password").await.unwrap().unwrap().tags, newer);
    let names: Vec<_> = secrets.list().await.unwrap().into_iter().map(|facts| facts.name).collect();
    assert_eq!(names, ["Webapp-DB-Password"]);

    assert_eq!(secrets.get("Webapp-DB-User").await.unwrap(), None);
    secrets.delete("Webapp-DB-Password").await.unwrap();
    secrets.delete("Webapp-DB-Password").await.unwrap();
    assert_eq!(secrets.get("Webapp-DB-Password").await.unwrap(), None);
    rehearsal.end().await;
}

#[tokio::test]
async fn the_assignments_on_a_vault_are_found_with_those_above_it() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let vault = rehearsal.vault(&azure, "kv-shop-2").await;
    let me = azure.me().await.unwrap();
    let role = roles::KEY_VAULT_READER;
    let document = roles::assignment(&vault, &me.object_id, me.kind, role);
    azure.arm().put(&roles::assignment_id(&vault, &me.object_id, role), &document).await.unwrap();
    let all = roles::assignments(azure.arm(), &vault).await.unwrap();
    let mine: Vec<_> = all
        .iter()
        .filter(|one| one["properties"]["principalId"] == me.object_id.as_str())
        .filter_map(|one| roles::Role::of_definition(one["properties"]["roleDefinitionId"].as_str()?))
        .collect();
    for expected in [role, roles::CONTRIBUTOR, roles::ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR] {
        assert!(mine.contains(&expected), "{expected:?} in {mine:?}");
    }
    rehearsal.end().await;
}

#[tokio::test]
async fn refusals_keep_azures_code_and_words() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    rehearsal.vault(&azure, "kv-shop-3").await;
    let nowhere = ResourceId::resource_group(azure.subscription(), "rg-nowhere");
    let body = json!({"location": "westeurope", "properties": {"tenantId": azure.me().await.unwrap().tenant_id,
        "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": true}});
    let vault = |group: &ResourceId, name: &str| group.child("Microsoft.KeyVault/vaults", name);

    let error = azure.arm().put(&vault(&nowhere, "kv-shop-4"), &body).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::NotFound, "ResourceGroupNotFound"));
    let group = ResourceId::resource_group(azure.subscription(), "rg-shop");
    let error = azure.arm().put(&vault(&group, "kv--wrong"), &body).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Rejected, "VaultNameNotValid"));
    assert!(error.correlation_id().is_some(), "{error:?}");

    let second = ResourceId::resource_group(azure.subscription(), "rg-second");
    rehearsal.make(&azure, &second, &json!({"location": "westeurope"})).await;
    let error = azure.arm().put(&vault(&second, "kv-shop-3"), &body).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "VaultAlreadyExists"));

    let provider = ResourceId::provider(azure.subscription(), "Microsoft.KeyVault");
    let question = json!({"name": "kv-shop-3", "type": "Microsoft.KeyVault/vaults"});
    let answer = azure.arm().post(&provider, "checkNameAvailability", &question).await.unwrap();
    match answer {
        Answer::Done(answer) => {
            assert_eq!((&answer["nameAvailable"], &answer["reason"]), (&json!(false), &json!("AlreadyExists")))
        }
        Answer::Accepted(operation) => panic!("{operation:?}"),
    }
    rehearsal.end().await;
}

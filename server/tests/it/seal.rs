//! A change of the sealing key: what is sealed is sealed anew, and servers that run go on.

use crate::support::bed::{Bed, both, number, queued, text};
use crate::support::portal::Portal;
use azure::{ResourceId, roles};
use domain::Moment;
use domain::id::RequestId;
use keystead::seal::{InVault, Seal, Sealed, Source};
use keystead::store::reseal::{self, Changed, Lost};
use keystead::store::{Store, agreed, sealed};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

async fn keep(store: &Store, job: &keystead::store::job::Job, sealed: &Sealed) {
    let mut tx = store.begin().await.unwrap();
    sealed::keep(&mut tx, &job.request, sealed, Moment(0)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_sealed_is_sealed_anew_and_every_server_opens_it() {
    both(|bed| async move {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let (command, replica) = (Seal::of_file(&path).unwrap(), Seal::of_file(&path).unwrap());
        let first = agreed::agree(&bed.store, agreed::SEAL_KEY, &command.id()).await.unwrap();
        let password = SecretString::from("correct horse");
        let mut jobs = Vec::new();
        for name in ["one", "two", "three"] {
            let job = queued(&bed.store, name, Vec::new(), Moment(0)).await;
            keep(&bed.store, &job, &replica.seal(&job.request, &password).unwrap()).await;
            jobs.push(job);
        }
        let next = command.grow().await.unwrap();
        let changed = reseal::change(&bed.store, &command, &next, Lost::Refuse, Moment(1)).await.unwrap();
        assert_eq!(changed, Changed { sealed_anew: 3, deleted: 0 });
        assert_eq!(sealed::count_by_key(&bed.store).await.unwrap(), [(next.clone(), 3)]);
        for job in &jobs {
            let kept = sealed::find(&bed.store, &job.request).await.unwrap().unwrap();
            assert_eq!(replica.open(&job.request, &kept).await.unwrap().expose_secret(), "correct horse");
        }
        // A server that has not heard of it sealed with the older key meanwhile; it hears of it before the next.
        assert_eq!(replica.id(), first);
        keep(&bed.store, &jobs[0], &replica.seal(&jobs[0].request, &password).unwrap()).await;
        let kept = sealed::find(&bed.store, &jobs[0].request).await.unwrap().unwrap();
        assert_eq!(command.open(&jobs[0].request, &kept).await.unwrap().expose_secret(), "correct horse");
        agreed::follow(&bed.store, &replica).await.unwrap();
        assert_eq!(replica.id(), next);
        let again = reseal::change(&bed.store, &replica, &next, Lost::Refuse, Moment(2)).await.unwrap();
        assert_eq!(again.sealed_anew, 1);
        let told = text(&bed.store, "select detail from audit where at = 1").await;
        assert!(told.contains(&format!("\"key_before\":\"{first}\"")) && !told.contains("horse"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn what_no_key_opens_stops_a_change_unless_it_may_be_deleted() {
    both(|bed| async move {
        let folder = tempfile::tempdir().unwrap();
        let (lost, left) = (folder.path().join("lost"), folder.path().join("left"));
        let (lost, left) = (Seal::of_file(&lost).unwrap(), Seal::of_file(&left).unwrap());
        agreed::agree(&bed.store, agreed::SEAL_KEY, &lost.id()).await.unwrap();
        for (name, seal) in [("one", &lost), ("two", &left)] {
            let job = queued(&bed.store, name, Vec::new(), Moment(0)).await;
            keep(&bed.store, &job, &seal.seal(&job.request, &SecretString::from("correct horse")).unwrap()).await;
        }
        let next = left.grow().await.unwrap();
        let refused = reseal::change(&bed.store, &left, &next, Lost::Refuse, Moment(1)).await.unwrap_err();
        assert!(refused.to_string().contains("`keystead migrate --new-seal-key` deletes"), "{refused}");
        assert_eq!(agreed::agree(&bed.store, agreed::SEAL_KEY, "").await.unwrap(), lost.id());
        assert_eq!(sealed::count_by_key(&bed.store).await.unwrap().len(), 2, "nothing was changed");
        let changed = reseal::change(&bed.store, &left, &next, Lost::Delete, Moment(1)).await.unwrap();
        assert_eq!(changed, Changed { sealed_anew: 1, deleted: 1 });
        assert_eq!(number(&bed.store, "select count(*) from sealed").await, 1);
    })
    .await;
}

/// A vault of the simulated Azure with a key in it; its address.
async fn vault_key(portal: &Portal, name: &str) -> String {
    let (azure, me) = (&portal.azure, portal.azure.me().await.unwrap());
    let group = ResourceId::resource_group(azure.subscription(), "rg-keystead");
    let vault = group.child("Microsoft.KeyVault/vaults", name);
    let properties = json!({"tenantId": me.tenant_id, "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [], "enableRbacAuthorization": true});
    azure.arm().put(&group, &json!({"location": "westeurope"})).await.unwrap();
    azure.arm().put(&vault, &json!({"location": "westeurope", "properties": properties})).await.unwrap();
    let role = roles::KEY_VAULT_CRYPTO_OFFICER;
    let document = roles::assignment(&vault, &me.object_id, me.kind, role);
    azure.arm().put(&roles::assignment_id(&vault, &me.object_id, role), &document).await.unwrap();

    let config = tokio::task::spawn_blocking(crate::support::portal::config).await.unwrap();
    let http = keystead::http::client(&config.azure).unwrap();
    let token =
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net";
    let token: Value = http.get(token).header("metadata", "true").send().await.unwrap().json().await.unwrap();
    let token = token["access_token"].as_str().unwrap();
    let key = format!("https://{name}.vault.azure.net/keys/seal");
    // The vault's name and the role take a while.
    for _ in 0..2_000 {
        let create = http.post(format!("{key}/create?api-version=7.4")).bearer_auth(token);
        if create.json(&json!({"kty": "RSA"})).send().await.is_ok_and(|made| made.status() == 200) {
            return key;
        }
        tokio::task::yield_now().await;
    }
    panic!("the key of {name} was not made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_vault_opens_what_lies_wrapped_beside_the_data() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let vault_key = vault_key(&portal, "kv-keystead-seal").await;
    let folder = tempfile::tempdir().unwrap();
    let wrapped = folder.path().join("seal.wrapped");
    let source = |key: &str| {
        let place = InVault { vault_key: key.to_owned(), wrapped: wrapped.clone() };
        Source::Vault(portal.azure.vault_keys(), place)
    };
    let first = Seal::of(source(&vault_key)).await.unwrap();
    let line = std::fs::read_to_string(&wrapped).unwrap();
    assert!(line.starts_with(&format!("{vault_key}/")) && line.lines().count() == 1, "{line}");
    let request = RequestId::new("r-1");
    let sealed = first.seal(&request, &SecretString::from("correct horse")).unwrap();
    let second = Seal::of(source(&vault_key)).await.unwrap();
    assert_eq!(second.open(&request, &sealed).await.unwrap().expose_secret(), "correct horse");

    let next = second.grow().await.unwrap();
    assert!(second.turn_to(&next).await);
    let newer = second.seal(&request, &SecretString::from("correct horse")).unwrap();
    assert_eq!(first.open(&request, &newer).await.unwrap().expose_secret(), "correct horse", "it looks again");
    assert_eq!(std::fs::read_to_string(&wrapped).unwrap().lines().count(), 2);

    let (file, moved) = (folder.path().join("seal.key"), folder.path().join("moved"));
    let before = Seal::of_file(&file).unwrap();
    let place = InVault { vault_key: vault_key.clone(), wrapped: moved.clone() };
    assert_eq!(place.take_over(&portal.azure.vault_keys(), &file).await.unwrap(), 1);
    assert!(place.take_over(&portal.azure.vault_keys(), &file).await.is_err(), "it stands");
    let after = Seal::of(Source::Vault(portal.azure.vault_keys(), place)).await.unwrap();
    assert_eq!((after.ids(), after.public_keys()), (before.ids(), before.public_keys()));

    for (key, said) in [
        ("https://evil.example/keys/seal", "is no key of a vault"),
        ("https://vault.azure.net/keys/seal", "is no key of a vault"),
    ] {
        std::fs::remove_file(&wrapped).ok();
        let refused = Seal::of(source(key)).await.unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
        assert!(!wrapped.exists());
    }
    std::fs::write(&wrapped, "no key\n").unwrap();
    assert!(Seal::of(source(&vault_key)).await.is_err());
}

//! A deleted vault that holds the name: recovered with what was in it, purged, or left alone.

use crate::support::bed::{Bed, both};
use crate::support::living::small;
use crate::support::portal::Portal;
use app::error::Code;
use app::portal::{Offers, Requests, Submission};
use domain::account::Caller;
use domain::form::Form;
use domain::plan::Verb;
use domain::wish::Wish;
use keystead::engine::place::Place;
use secrecy::SecretString;
use std::collections::BTreeMap;

/// An environment that was built and destroyed; a secret of the team's lies in its deleted vault.
async fn left_behind(portal: &Portal, member: &Caller, manager: &Caller, form: Form) -> Wish {
    let name = form.name.clone();
    let built = portal.built(member, manager, form).await;
    let vault = portal.azure.vault(&format!("kv-{name}"));
    vault.set("left-behind", &SecretString::from("x"), &BTreeMap::new()).await.unwrap();
    portal.destroyed(member, manager, &name, false).await;
    portal.clock.advance(60_000); // what a form was told before is forgotten
    built.job.wish.clone()
}

async fn secrets(portal: &Portal, name: &str) -> Vec<String> {
    let listed = portal.azure.vault(&format!("kv-{name}")).list().await.unwrap();
    listed.into_iter().map(|secret| secret.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_recovered_with_its_secrets_and_its_roles_are_made_again() {
    both(|bed: Bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let name = format!("recover-{}", bed.name);
        let wish = left_behind(&portal, &member, &manager, small(&name)).await;

        let panel = portal.service.plan(&member, &small(&name), false).await.unwrap();
        let deleted = panel.deleted_vault.unwrap();
        assert!(deleted.recover.allowed && deleted.purge.allowed && !deleted.protected, "{deleted:?}");
        assert_eq!((deleted.group, deleted.region), (format!("rg-{name}"), "westeurope".to_owned()));
        assert!(panel.plan.unwrap().denied(), "one has to choose");
        let undecided = Submission { form: small(&name), password: None, draft: None };
        let refused = portal.service.submit(&member, undecided).await.unwrap_err();
        assert_eq!((refused.code, refused.fields[0].field.as_str()), (Code::Invalid, "vault_deleted"));

        let form = Form { vault_deleted: "recover".into(), ..small(&name) };
        let plan = portal.service.plan(&member, &form, false).await.unwrap().plan.unwrap();
        assert!(!plan.denied(), "{:#?}", plan.findings);
        let line = plan.lines.iter().find(|line| line.step == "vault").unwrap();
        assert!(line.detail.ends_with("recovered from soft delete, 3 role assignments must be made again"), "{line:?}");
        let longer = Form { soft_delete_days: "9".into(), ..form.clone() };
        let findings = portal.service.plan(&member, &longer, false).await.unwrap().plan.unwrap().findings;
        assert!(findings.iter().any(|one| one.field.as_deref() == Some("soft_delete_days")), "{findings:#?}");

        let built = portal.built(&member, &manager, form).await;
        assert!(secrets(&portal, &name).await.contains(&"left-behind".to_owned()), "it came back with what was in it");
        let place = Place::new(portal.azure.subscription(), &wish);
        let vault = portal.azure.arm().get(&place.vault()).await.unwrap().unwrap();
        assert_eq!(vault["tags"]["keystead-environment-id"], built.job.environment.as_str(), "it is this one's now");
        portal.looked(&built.job.environment).await;
        use app::portal::Environments;
        let whole = portal.service.environment(&member, &name).await.unwrap();
        assert_eq!(whole.drift.map(|drift| drift.lines), Some(Vec::new()));
        assert_eq!(whole.wish.vault.deleted, None, "what has happened is not done again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_purged_and_the_vault_made_anew() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let small = |name: &str| Form { insights: "no".into(), ..small(name) };
    left_behind(&portal, &member, &manager, small("purged-first")).await;
    // In another region than the new one's, where it could not be recovered.
    let form = Form { vault_deleted: "purge".into(), region: "northeurope".into(), ..small("purged-first") };
    let plan = portal.service.plan(&member, &form, false).await.unwrap().plan.unwrap();
    let line = plan.lines.iter().find(|line| line.step == "vault").unwrap();
    assert!(line.verb == Verb::Create && line.detail.contains("purged for good"), "{line:?}");
    assert!(plan.findings.iter().any(|one| one.sentence.contains("nobody can bring back")), "{:#?}", plan.findings);
    portal.built(&member, &manager, form).await;
    assert!(!secrets(&portal, "purged-first").await.contains(&"left-behind".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_become_of_it_says_so() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let form = Form { purge_protection: "yes".into(), ..small("protected") };
    left_behind(&portal, &member, &manager, form).await;
    let form = |vault_deleted: &str, name: &str| Form {
        vault_name: "kv-protected".into(),
        vault_deleted: vault_deleted.into(),
        ..small(name)
    };
    for (choice, name, field, says) in [
        ("purge", "protected", "vault_deleted", "Purge protection is on"),
        ("recover", "protected", "purge_protection", "stays so"),
        ("recover", "elsewhere", "vault_deleted", "where it was: in the resource group rg-protected"),
    ] {
        let submission = Submission { form: form(choice, name), password: None, draft: None };
        let refused = portal.service.submit(&member, submission).await.unwrap_err();
        let error = refused.fields.iter().find(|error| error.field == field);
        assert!(error.is_some_and(|error| error.message.contains(says)), "{choice} {name}: {refused:?}");
    }
    // Of a name that nothing deleted holds there is nothing to choose.
    let free = Form { vault_deleted: "purge".into(), ..small("unheld") };
    let panel = portal.service.plan(&member, &free, false).await.unwrap();
    assert_eq!(panel.deleted_vault, None);
    let line = panel.plan.unwrap().lines.into_iter().find(|line| line.step == "vault").unwrap();
    assert!(!line.detail.contains("purged"), "{line:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_azure_does_not_answer_the_portal_remembers_what_was_kept() {
    both(|bed: Bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let name = format!("unasked-{}", bed.name);
        left_behind(&portal, &member, &manager, Form { insights: "no".into(), ..small(&name) }).await;
        let nowhere = Portal::configured(bed.store.clone(), |config| {
            config.azure.proxy = Some("http://127.0.0.1:9".parse().unwrap());
        })
        .await;
        let vault = format!("kv-{name}");
        let told = nowhere.service.vault_name(&member, &vault).await.unwrap().unwrap();
        assert!(told.starts_with("Azure keeps a deleted vault of this name until "), "{told}");
        assert!(told.ends_with("of an environment that was destroyed here. Take another one."), "{told}");
        let unknown = nowhere.service.vault_name(&member, "kv-of-nobody").await.unwrap_err();
        assert_eq!(unknown.code, Code::Unavailable);
    })
    .await;
}

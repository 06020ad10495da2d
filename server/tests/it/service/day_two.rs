//! Day two on what really stands: another node size, another identity mode, and an end that frees the vault's name.

use crate::support::bed::{Bed, sql};
use crate::support::living::small;
use crate::support::portal::Portal;
use app::portal::{Changes, Environments, Offers, Requests};
use domain::account::Caller;
use domain::environment::State;
use domain::form::Form;
use domain::plan::Verb;
use keystead::engine::place::Place;
use keystead::store::event::{self, Journal};

/// Everything is as it was approved, and nothing of an earlier wish is left in the group.
async fn as_approved(portal: &Portal, member: &Caller, journal: &Journal) {
    portal.looked(&journal.job.environment).await;
    let whole = portal.service.environment(member, &journal.job.environment_name).await.unwrap();
    assert_eq!(whole.drift.map(|drift| drift.lines), Some(Vec::new()));
}

async fn kinds(portal: &Portal, place: &Place) -> Vec<String> {
    let listed = portal.azure.arm().list(&format!("{}/resources", place.resource_group()), None).await.unwrap();
    let mut kinds: Vec<String> = listed.iter().filter_map(|one| Some(one["type"].as_str()?.to_lowercase())).collect();
    kinds.sort();
    kinds
}

#[tokio::test(flavor = "multi_thread")]
async fn another_node_size_replaces_the_cluster_and_what_hangs_on_it_is_made_anew() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let built = portal.built(&member, &manager, small("resized")).await;
    let place = Place::new(portal.azure.subscription(), &built.job.wish);
    let before = portal.azure.arm().get(&place.cluster()).await.unwrap().unwrap();

    let form = Form { node_size: "Standard_D4s_v5".into(), ..Form::default() };
    let plan = portal.service.plan_change(&member, "resized", &form).await.unwrap().plan.unwrap();
    let told = plan.findings.iter().find(|finding| finding.field.as_deref() == Some("node_size")).unwrap();
    assert!(told.sentence.contains("does not answer meanwhile"), "{told:?}");
    let verb = |step: &str| plan.lines.iter().find(|line| line.step == step).map(|line| line.verb);
    assert_eq!(verb("cluster"), Some(Verb::Replace), "{:#?}", plan.lines);
    assert_eq!(
        (verb("vault"), verb("web-app"), verb("insights")),
        (Some(Verb::Keep), Some(Verb::Create), Some(Verb::Change))
    );
    let changed = portal.changed(&member, &manager, "resized", form).await;
    let after = portal.azure.arm().get(&place.cluster()).await.unwrap().unwrap();
    assert_eq!(after["properties"]["agentPoolProfiles"][0]["vmSize"], "Standard_D4s_v5");
    let kubelet = "/properties/identityProfile/kubeletidentity/objectId";
    assert_ne!(before.pointer(kubelet), after.pointer(kubelet), "it is another cluster");
    as_approved(&portal, &member, &changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_kubernetes_comes_to_the_same_cluster_and_there_is_no_way_back() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let built = portal.built(&member, &manager, Form { kubernetes: "1.35".into(), ..small("risen") }).await;
    let place = Place::new(portal.azure.subscription(), &built.job.wish);
    let standing = async || portal.azure.arm().get(&place.cluster()).await.unwrap().unwrap();
    let before = standing().await;
    assert!(before["properties"]["currentKubernetesVersion"].as_str().unwrap().starts_with("1.35."), "{before}");

    let form = Form { kubernetes: "1.36".into(), ..Form::default() };
    let plan = portal.service.plan_change(&member, "risen", &form).await.unwrap().plan.unwrap();
    let line = plan.lines.iter().find(|line| line.step == "cluster").unwrap();
    assert_eq!(line.verb, Verb::Change, "{line:#?}");
    let changed = portal.changed(&member, &manager, "risen", form).await;
    let after = standing().await;
    let version = |of: &serde_json::Value, pointer: &str| of.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    for pointer in
        ["/properties/currentKubernetesVersion", "/properties/agentPoolProfiles/0/currentOrchestratorVersion"]
    {
        assert!(version(&after, pointer).starts_with("1.36."), "{pointer}: {after}");
    }
    for same in ["/properties/resourceUID", "/properties/fqdn", "/identity/principalId"] {
        assert_eq!(before.pointer(same), after.pointer(same), "it is the same cluster");
    }
    as_approved(&portal, &member, &changed).await;

    // There is no way back, and the form says so before anybody is asked.
    let back = Form { kubernetes: "1.35".into(), ..Form::default() };
    let panel = portal.service.plan_change(&member, "risen", &back).await.unwrap();
    let told: Vec<(&str, &str)> = panel.errors.iter().map(|it| (it.field.as_str(), it.message.as_str())).collect();
    assert_eq!(told, [("kubernetes", "Azure takes no cluster back: choose 1.36 or newer.")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_identity_mode_is_switched_there_and_back() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let built = portal.built(&member, &manager, small("switched")).await;
    let place = Place::new(portal.azure.subscription(), &built.job.wish);
    let first = kinds(&portal, &place).await;

    let form = Form { app_identity: "agent-pool".into(), ..Form::default() };
    let changed = portal.changed(&member, &manager, "switched", form).await;
    as_approved(&portal, &member, &changed).await;
    assert!(portal.azure.arm().get(&place.app_identity()).await.unwrap().is_none(), "its own identity is gone");

    let form = Form { app_identity: "workload".into(), ..Form::default() };
    let changed = portal.changed(&member, &manager, "switched", form).await;
    as_approved(&portal, &member, &changed).await;
    assert_eq!(kinds(&portal, &place).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_with_purge_leaves_nothing_and_frees_the_name() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let built = portal.built(&member, &manager, small("purged")).await;
    portal.destroyed(&member, &manager, "purged", true).await;
    let whole = portal.service.environment(&member, "purged").await.unwrap();
    assert_eq!(whole.row.state, State::Gone);
    let kept: Vec<&str> = whole.kept.iter().map(|kept| kept.kind.as_str()).collect();
    assert!(!kept.contains(&"Key Vault"), "{kept:?}");
    let place = Place::new(portal.azure.subscription(), &built.job.wish);
    assert!(portal.azure.arm().get(&place.resource_group()).await.unwrap().is_none());
    assert_eq!(portal.service.vault_name(&member, "kv-purged").await.unwrap(), None, "its name is free at once");
    let panel = portal.service.plan(&member, &small("purged"), false).await.unwrap();
    assert!(panel.deleted_vault.is_none() && !panel.plan.unwrap().denied());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_newer_than_an_environment_is_no_drift_and_comes_with_its_next_change() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let built = portal.built(&member, &manager, small("older")).await;
    let place = Place::new(portal.azure.subscription(), &built.job.wish);
    // As an earlier version left it: neither in the outline nor on Azure.
    portal.azure.arm().delete(&place.vault_audit()).await.unwrap();
    let outline: Vec<_> = built.job.outline.iter().filter(|step| step.key != "vault-audit").collect();
    let outline = serde_json::to_string(&outline).unwrap();
    sql(&bed.store, "update job set outline = $1 where id = $2", &[&outline, built.job.id.as_str()]).await;
    as_approved(&portal, &member, &built).await;

    let form = Form { nodes: "2".into(), ..Form::default() };
    let plan = portal.service.plan_change(&member, "older", &form).await.unwrap().plan.unwrap();
    let verb = |step: &str| plan.lines.iter().find(|line| line.step == step).map(|line| line.verb);
    assert_eq!((verb("vault-audit"), verb("vault")), (Some(Verb::Create), Some(Verb::Keep)), "{:#?}", plan.lines);
    let changed = portal.changed(&member, &manager, "older", form).await;
    assert!(portal.azure.arm().get(&place.vault_audit()).await.unwrap().is_some());
    as_approved(&portal, &member, &changed).await;

    // Since then, and not anew with each later change, is known who read what.
    let id = &built.job.environment;
    let since = event::stands_since(&bed.store, id, "vault-audit").await.unwrap();
    assert_eq!(since, changed.status.step("vault-audit").unwrap().ended);
    portal.changed(&member, &manager, "older", Form { nodes: "1".into(), ..Form::default() }).await;
    assert_eq!(event::stands_since(&bed.store, id, "vault-audit").await.unwrap(), since);
}

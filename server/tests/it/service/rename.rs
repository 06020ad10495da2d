//! A job that stopped at its vault's name: another name goes back to the approver, and the job goes on or stays.

use crate::support::bed::both;
use crate::support::portal::Portal;
use app::error::Code;
use app::portal::{Changes, Environments, Jobs, Requests};
use domain::account::Caller;
use domain::audit::Actor;
use domain::failure::{Failure, Mend};
use domain::id::JobId;
use domain::job::{Event, Purpose, State};
use domain::plan::Verb;
use domain::request::{Decision, Kind};
use domain::view::environment::Filter;
use keystead::store::{self, event};
use serde_json::json;

/// An approved request whose job made the resource group, asked for the cluster, and stopped at the vault.
async fn stopped(portal: &Portal, member: &Caller, manager: &Caller, name: &str) -> JobId {
    let request = portal.asked(member, name).await;
    let digest = portal.service.request(manager, &request).await.unwrap().digest;
    let decided = portal.service.decide(manager, &request, Decision::Approve, "", &digest, None).await.unwrap();
    let job = decided.job.unwrap();
    let step = |step: &str| step.to_owned();
    let failure = Failure {
        title: "Vault: its name is held".into(),
        quote: None,
        cause: "Somebody took it.".into(),
        remedy: "Give it another one.".into(),
        mend: Some(Mend::VaultName),
    };
    let told = [
        Event::Started { step: step("resource-group") },
        Event::Succeeded { step: step("resource-group"), output: json!({}) },
        Event::Started { step: step("cluster") },
        Event::Asked { step: step("cluster"), operation: json!("op"), look_again: portal.now().plus(60_000) },
        Event::Started { step: step("vault") },
        Event::Failed { step: step("vault"), failure },
    ];
    let by = Actor::keystead();
    let said = event::say::<store::Error>(&portal.store, &by, &job, portal.now(), |_| Ok(told.to_vec())).await;
    assert_eq!(said.unwrap().status.state(), State::NeedsPerson);
    job
}

#[tokio::test(flavor = "multi_thread")]
async fn the_approver_reads_which_name_it_replaces_and_lets_the_job_go_on() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let job = stopped(&portal, &member, &manager, "taken").await;
        let id = portal.service.change_vault_name(&member, &job, "kv-given").await.unwrap();
        let changed = portal.service.request(&manager, &id).await.unwrap();
        assert_eq!((changed.row.kind, changed.job.as_ref()), (Kind::Rename, Some(&job)));
        let vault = changed.plan.lines.iter().find(|line| line.step == "vault").unwrap();
        assert_eq!((vault.verb, vault.name.as_str()), (Verb::Create, "kv-given"));
        let said = &changed.plan.findings[0];
        assert_eq!(said.sentence, "The vault is to be named kv-given instead of kv-taken.");

        let own = portal.service.decide(&member, &id, Decision::Approve, "", &changed.digest, None).await.unwrap_err();
        assert_eq!(own.code, Code::Forbidden);
        let waits = portal.service.job(&member, &job).await.unwrap();
        assert_eq!((waits.held_by, waits.retry.allowed), (Some(id.clone()), false));
        portal.service.decide(&manager, &id, Decision::Approve, "", &changed.digest, None).await.unwrap();

        let goes_on = event::load(&bed.store, &job).await.unwrap().unwrap();
        assert!(goes_on.status.state().moving() && goes_on.status.held.is_none());
        assert_eq!(goes_on.job.wish.vault.name.as_str(), "kv-given");
        assert_eq!(portal.service.jobs(&manager, &Default::default()).await.unwrap().total, 1);
        let found = Filter { search: "kv-given".into(), ..Filter::default() };
        assert_eq!(portal.service.environments(&member, &found).await.unwrap().rows.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_name_that_is_not_approved_leaves_the_job_where_it_stopped() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let job = stopped(&portal, &member, &manager, "taken").await;
        let id = portal.service.change_vault_name(&member, &job, "kv-given").await.unwrap();
        portal.service.decide(&manager, &id, Decision::Reject, "Wait for the old one.", "", None).await.unwrap();
        let whole = portal.service.job(&member, &job).await.unwrap();
        assert_eq!((whole.row.state, whole.held_by, whole.retry.allowed), (State::NeedsPerson, None, true));
        assert_eq!(whole.failure.unwrap().mend, Some(Mend::VaultName));

        let again = portal.service.change_vault_name(&member, &job, "kv-given").await.unwrap();
        portal.service.withdraw(&member, &again).await.unwrap();
        let journal = event::load(&bed.store, &job).await.unwrap().unwrap();
        assert_eq!(journal.job.wish.vault.name.as_str(), "kv-taken");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_cannot_help_is_refused_beside_its_field() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let job = stopped(&portal, &member, &manager, "taken").await;
        portal.asked(&member, "other").await;
        for (name, says) in [
            ("no--good", "hyphens"),
            ("KV-taken", "the name that was refused"),
            ("kv-other", "Another environment here has this vault name"),
        ] {
            let refused = portal.service.change_vault_name(&member, &job, name).await.unwrap_err();
            assert_eq!((refused.code, refused.fields[0].field.as_str()), (Code::Invalid, "vault_name"));
            assert!(refused.fields[0].message.contains(says), "{name}: {}", refused.fields[0].message);
        }
        portal.service.change_vault_name(&member, &job, "kv-given").await.unwrap();
        let twice = portal.service.change_vault_name(&member, &job, "kv-third").await.unwrap_err();
        assert_eq!(twice.code, Code::Conflict);
    })
    .await;
}

/// A removal whose plan is approved anew stays one.
#[tokio::test(flavor = "multi_thread")]
async fn another_plan_leaves_a_job_what_it_was_for() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (service, member, manager) = (&portal.service, portal.member().await, portal.manager().await);
        stopped(&portal, &member, &manager, "leaving").await;
        let digest = service.destruction(&member, "leaving", false).await.unwrap().digest;
        let request = service.submit_destruction(&member, "leaving", false, "done", &digest).await.unwrap();
        let digest = service.request(&manager, &request).await.unwrap().digest;
        let job = service.decide(&manager, &request, Decision::Approve, "", &digest, None).await.unwrap().job.unwrap();
        let before = event::load(&bed.store, &job).await.unwrap().unwrap().job.outline.clone();
        assert_eq!(Purpose::of(&before), Purpose::Destroy);
        let step = || "as-approved".to_owned();
        let failure = Failure {
            title: "Approved plan: the world has changed since".into(),
            quote: None,
            cause: "Somebody was there.".into(),
            remedy: "Ask again.".into(),
            mend: Some(Mend::Plan),
        };
        let told = [Event::Started { step: step() }, Event::Failed { step: step(), failure }];
        event::say::<store::Error>(&portal.store, &Actor::keystead(), &job, portal.now(), |_| Ok(told.to_vec()))
            .await
            .unwrap();

        let again = service.plan_again(&member, &job).await.unwrap();
        let digest = service.request(&manager, &again).await.unwrap().digest;
        service.decide(&manager, &again, Decision::Approve, "", &digest, None).await.unwrap();
        let goes_on = event::load(&bed.store, &job).await.unwrap().unwrap();
        assert!(goes_on.status.state().moving());
        assert_eq!(goes_on.job.outline, before);
    })
    .await;
}

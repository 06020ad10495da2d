//! An environment that Keystead lets go of: Azure keeps it, its name is free here, and its history can be read.

use crate::support::bed::both;
use crate::support::living::small;
use crate::support::portal::{Portal, submission};
use app::error::Code;
use app::portal::{Changes, Environments, Jobs, Requests, Submission};
use domain::audit::Actor;
use domain::environment::State;
use domain::plan::Verb;
use domain::request::{self, Decision};
use domain::view::environment::{Filter, Show};
use keystead::store::{refold, timer};

#[tokio::test(flavor = "multi_thread")]
async fn azure_keeps_what_stands_and_keystead_looks_at_it_no_more() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let name = format!("letgo-{}", bed.name);
        let built = portal.built(&member, &manager, small(&name)).await;
        let id = built.job.environment.clone();

        let planned = portal.service.release(&member, &name).await.unwrap();
        assert!(planned.plan.lines.iter().all(|line| line.verb == Verb::Keep), "{:#?}", planned.plan.lines);
        let vault = format!("kv-{name}");
        assert!(planned.plan.lines.iter().any(|line| line.name == vault));
        assert!(
            !planned.plan.lines.iter().any(|line| line.step == "providers"),
            "what leaves nothing is no part of it"
        );

        let wordless = portal.service.submit_release(&member, &name, " ", &planned.digest).await.unwrap_err();
        assert_eq!(wordless.fields[0].field, "reason");
        let other = portal.service.submit_release(&member, &name, "Moves", "0000 0000").await.unwrap_err();
        assert_eq!(other.code, Code::Conflict);
        let request =
            portal.service.submit_release(&member, &name, "Moves to Terraform", &planned.digest).await.unwrap();
        assert_eq!(
            portal.service.environment(&member, &name).await.unwrap().row.state,
            built_state(&portal, &name).await
        );
        assert!(portal.approved(&manager, &request).await.is_none(), "no job runs");

        let whole = portal.service.environment(&member, &name).await.unwrap();
        assert_eq!((whole.row.state, whole.released.as_ref()), (State::Released, Some(&request)));
        assert!(![whole.change, whole.destroy, whole.release, whole.validate].iter().any(|can| can.allowed));
        assert_eq!((whole.jobs.len(), whole.drift), (1, None), "its history can be read");
        let kept = portal.service.request(&member, &request).await.unwrap();
        assert_eq!((kept.row.state, kept.row.reason.as_str()), (request::State::Approved, "Moves to Terraform"));
        assert_eq!(portal.service.environments(&member, &Filter::default()).await.unwrap().all, 0);
        let gone = Filter { show: Show::Gone, ..Filter::default() };
        assert_eq!(portal.service.environments(&member, &gone).await.unwrap().rows.len(), 1);

        assert_eq!(timer::next(&bed.store).await.unwrap(), None, "nothing rings for it any more");
        assert!(portal.engine.finished(&id).await.unwrap().is_none());
        assert_eq!(refold::refold(&bed.store, portal.now()).await.unwrap(), 0, "its row says so for good");
        let cluster = keystead::engine::place::Place::new(portal.azure.subscription(), &built.job.wish).cluster();
        assert!(portal.azure.arm().get(&cluster).await.unwrap().is_some(), "Azure keeps it");

        // The name is free here; on Azure it is not, and the form shows what stands there.
        portal.clock.advance(60_000);
        let panel = portal.service.plan(&member, &small(&name), false).await.unwrap();
        let plan = panel.plan.unwrap();
        let verb = |step: &str| plan.lines.iter().find(|line| line.step == step).map(|line| line.verb);
        for step in ["providers", "resource-group", "cluster", "vault", "app-identity", "workspace"] {
            assert_eq!(verb(step), Some(Verb::Keep), "{step}");
        }
        assert_eq!(verb("team-vault-role"), Some(Verb::Create));
        let again =
            portal.service.submit(&member, Submission { form: small(&name), password: None, draft: None }).await;
        let refused = again.unwrap_err();
        assert_eq!(refused.code, Code::Invalid, "{refused:?}");
        let fields: Vec<&str> = refused.fields.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["vault_name"]);
        let mut form = small(&name);
        form.vault_name = format!("kv-{name}-2");
        let refused =
            portal.service.submit(&member, Submission { form, password: None, draft: None }).await.unwrap_err();
        assert_eq!((refused.code, refused.fields[0].field.as_str()), (Code::Invalid, "name"), "{refused:?}");
        assert!(refused.fields[0].message.contains("stands on Azure already"), "{refused:?}");
    })
    .await;
}

async fn built_state(portal: &Portal, name: &str) -> State {
    portal.service.environment(&portal.member().await, name).await.unwrap().row.state
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_job_stopped_is_let_go_of_and_its_job_goes_on_no_more() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let asked = portal.service.submit(&member, submission("halfway")).await.unwrap();
        let job = portal.approved(&manager, &asked).await.unwrap();
        let told = ["resource-group"].map(|step| domain::job::Event::Started { step: step.into() });
        keystead::store::event::say::<keystead::store::Error>(
            &bed.store,
            &Actor::keystead(),
            &job,
            portal.now(),
            |_| Ok(told.to_vec()),
        )
        .await
        .unwrap();
        let busy = portal.service.release(&member, "halfway").await.unwrap_err();
        assert_eq!(busy.code, Code::Conflict);
        portal.service.cancel(&member, &job, "No longer wanted.").await.unwrap();
        let by = Actor::keystead();
        let failed = keystead::store::event::say::<keystead::store::Error>(&bed.store, &by, &job, portal.now(), |_| {
            let output = serde_json::json!({});
            Ok(vec![domain::job::Event::Succeeded { step: "resource-group".into(), output }])
        });
        failed.await.unwrap();
        let digest = portal.service.release(&member, "halfway").await.unwrap().digest;
        let request =
            portal.service.submit_release(&member, "halfway", "Somebody else goes on", &digest).await.unwrap();
        portal
            .service
            .decide(&manager, &request, Decision::Approve, "", &digest_of(&portal, &request).await, None)
            .await
            .unwrap();
        let whole = portal.service.job(&member, &job).await.unwrap();
        assert!(!whole.retry.allowed && !whole.roll_back.allowed && !whole.cancel.allowed);
        assert_eq!(portal.service.environment(&member, "halfway").await.unwrap().row.state, State::Released);
    })
    .await;
}

async fn digest_of(portal: &Portal, request: &domain::id::RequestId) -> String {
    portal.service.request(&portal.manager().await, request).await.unwrap().digest
}

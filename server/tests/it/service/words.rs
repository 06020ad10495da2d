//! Words to a job: who says one says why, and whoever reads the job, its environment or its log reads it too.

use crate::support::bed::both;
use crate::support::portal::Portal;
use app::error::Code;
use app::portal::{Environments, Jobs, Requests};
use domain::account::Role;
use domain::job::SILENT_MILLIS;
use domain::request::Decision;
use keystead::store::lease;

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_is_read_wherever_the_word_is() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (service, member, manager) = (&portal.service, portal.member().await, portal.manager().await);
        let request = portal.asked(&member, "mistaken").await;
        let digest = service.request(&manager, &request).await.unwrap().digest;
        let job = service.decide(&manager, &request, Decision::Approve, "", &digest, None).await.unwrap().job.unwrap();
        let first = service.job(&member, &job).await.unwrap();
        assert_eq!(first.turn.map(|turn| turn.place), Some(1), "no worker is there");

        let unsaid = service.cancel(&member, &job, "  ").await.unwrap_err();
        assert_eq!((unsaid.code, unsaid.fields[0].field.as_str()), (Code::Invalid, "reason"));
        let long = service.cancel(&member, &job, &"x".repeat(301)).await.unwrap_err();
        assert_eq!(long.code, Code::Invalid);
        service.cancel(&member, &job, "wrong\nregion").await.unwrap();
        service.retry(&member, &job, None, "").await.unwrap();
        service.roll_back(&manager, &job, "wrong region after all").await.unwrap();

        let told: Vec<String> =
            service.job(&member, &job).await.unwrap().words.iter().map(|word| word.sentence()).collect();
        let last = "manager rolled it back: “wrong region after all”";
        assert_eq!(told, ["member cancelled it: “wrong region”", "member let it go on", last]);
        let lines = service.lines(&member, &job, 0).await.unwrap();
        assert!(lines.iter().any(|line| line.text.starts_with("member cancelled (“wrong region”)")), "{lines:?}");
        let environment = service.environment(&member, "mistaken").await.unwrap();
        assert_eq!(environment.jobs[0].word.as_ref().map(|word| word.sentence()).as_deref(), Some(last));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_engineer_takes_over_a_job_only_from_a_worker_that_hangs() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (service, member, manager) = (&portal.service, portal.member().await, portal.manager().await);
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let request = portal.asked(&member, "stuck").await;
        let digest = service.request(&manager, &request).await.unwrap().digest;
        let job = service.decide(&manager, &request, Decision::Approve, "", &digest, None).await.unwrap().job.unwrap();
        let nobody = service.take_over(&engineer, &job, "hangs").await.unwrap_err();
        assert_eq!(nobody.code, Code::Conflict, "no worker has it");

        let claim = lease::claim(&portal.store, "hangs", portal.now(), portal.now()).await.unwrap().unwrap();
        assert!(!service.job(&engineer, &job).await.unwrap().take_over.allowed, "its worker may be alive");
        portal.clock.advance(SILENT_MILLIS);
        assert!(service.job(&engineer, &job).await.unwrap().take_over.allowed);
        let refused = service.take_over(&manager, &job, "hangs").await.unwrap_err();
        assert_eq!(refused.code, Code::Forbidden);
        assert_eq!(service.take_over(&engineer, &job, "").await.unwrap_err().code, Code::Invalid);
        service.take_over(&engineer, &job, "hangs").await.unwrap();
        assert!(!lease::renew(&portal.store, &claim, portal.now()).await.unwrap(), "it is the worker's no more");
        let told = service.job(&member, &job).await.unwrap();
        assert_eq!(told.words[0].sentence(), "platform-engineer took it from its worker: “hangs”");
        assert!(!told.take_over.allowed);
    })
    .await;
}

//! Every step fails once, in each way there is.

use super::*;
use crate::support::bed::{both, text};
use crate::support::wire::Fault;

#[tokio::test]
async fn every_step_fails_in_each_way_and_the_job_is_finished_after_all() {
    for key in ["group", "cluster", "vault", "secrets", "app"] {
        for fault in [Fault::Retry, Fault::AnswerLost, Fault::Person, Fault::Fail, Fault::Panic] {
            let story = Story::diamond(Bed::sqlite().await).await;
            story.wire.fault(key, &[fault]);
            let _worker = story.worker();
            if matches!(fault, Fault::Person | Fault::Fail | Fault::Panic) {
                let stopped = story.until_state(State::NeedsPerson).await;
                let (step, failure) = stopped.status.failure(&story.job.outline).unwrap();
                assert_eq!(step.key, key);
                assert!(!failure.remedy.is_empty());
                story.retry().await;
            }
            story.until_state(State::Succeeded).await;
            story.made_once().await;
        }
    }
}

#[tokio::test]
async fn a_stopped_job_says_so_everywhere_and_keeps_its_password_for_seven_days() {
    both(|bed| async move {
        let story = Story::diamond(bed).await;
        let store = &story.bed.store;
        story.wire.fault("vault", &[Fault::Person]);
        let _worker = story.worker();
        story.until_state(State::NeedsPerson).await;
        assert_eq!(text(store, "select state from environment").await, "needs-person");
        assert_eq!(text(store, "select detail from environment").await, "Step “vault” stopped");
        assert_eq!(
            text(store, "select arch from environment").await,
            r#"["stands","loose","not-there","not-there","not-there"]"#
        );
        let due = number(store, "select due_at from timer where kind = 'sealed'").await;
        assert_eq!(due, number(store, "select updated_at from job").await + 7 * 86_400_000);
        story.retry().await;
        story.until_state(State::Succeeded).await;
        assert_eq!(text(store, "select min(kind) from timer").await, "drift", "nothing but the looks that are to come");
    })
    .await;
}

#[tokio::test]
async fn an_undo_that_fails_needs_a_person_and_goes_on_when_retried() {
    let story = Story::diamond(Bed::sqlite().await).await;
    story.wire.fault("app", &[Fault::Person]);
    let _worker = story.worker();
    story.until_state(State::NeedsPerson).await;
    story.wire.fault("vault", &[Fault::Retry, Fault::Fail]);
    story.say(Event::RollBackAsked { by: MEMBER.into(), why: None }).await;
    story.until_state(State::NeedsPerson).await;
    assert_eq!(story.wire.there(), ["group-checkout-loadtest", "vault-checkout-loadtest"]);
    story.retry().await;
    story.until_state(State::RolledBack).await;
    assert!(story.wire.there().is_empty());
    story.copies_hold().await;
}

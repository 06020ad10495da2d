//! Two versions of Keystead on one database: what each leaves to the other, and what it carries on.

use super::*;
use crate::support::bed::{both, queued, wish};

#[tokio::test]
async fn a_job_of_a_newer_version_is_left_alone_by_an_older_and_finished_by_a_newer() {
    both(|bed| async move {
        let wire = Wire::new();
        let (older, newer) = (wire.diamond(), wire.newer_diamond());
        let clock = Clock::manual(START);
        let job = queued(&bed.store, "ledger-dev", newer.outline(&wish("ledger-dev")), START).await;
        let story = Story { bed, wire, recipe: older, clock, job };
        let _older = story.worker();
        let left = async {
            while number(&story.bed.store, "select due_at from job").await == START.0 {
                let _ = tokio::time::timeout(Duration::from_millis(10), std::future::pending::<()>()).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), left).await.expect("the older version leaves it");
        assert_eq!(story.journal().await.status.position, 0, "it has not begun");
        story.clock.advance(60_000);
        let newer = engine(&story.bed.store, &story.clock, &newer, Pace::default());
        let _newer = AbortOnDropHandle::new(tokio::spawn(newer.run(CancellationToken::new())));
        story.until_state(State::Succeeded).await;
        story.made_once().await;
    })
    .await;
}

#[tokio::test]
async fn a_job_begun_by_an_older_version_is_finished_by_a_newer() {
    both(|bed| async move {
        let mut story = Story::diamond(bed).await;
        let mut effects = story.wire.effects();
        let older = story.worker();
        effects.wait_for(|count| *count >= 2).await.unwrap();
        drop(older);
        story.recipe = story.wire.newer_diamond();
        let _newer = story.worker();
        story.until_taken_over().await;
        story.until_state(State::Succeeded).await;
        story.made_once().await;
    })
    .await;
}

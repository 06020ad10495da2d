//! The worker is lost at every position of the log and after every change at the wire; another one takes over.

use super::*;
use crate::support::bed::both;

#[tokio::test]
async fn lost_at_every_position_of_the_log_nothing_is_made_twice() {
    both(|bed| async move {
        let name = bed.name;
        drop(bed);
        for appends in 1..60 {
            let bed = if name == "sqlite" { Bed::sqlite().await } else { Bed::postgres().await };
            let story = Story::diamond(bed).await;
            if !strike_after_appends(&story, appends).await {
                assert!(appends >= 10, "the job was over after {appends} appends");
                return;
            }
            taken_over(&story).await;
        }
    })
    .await;
}

#[tokio::test]
async fn lost_between_a_change_at_the_wire_and_its_answer_nothing_is_made_twice() {
    for effect in 1..=5 {
        let story = Story::diamond(Bed::sqlite().await).await;
        let mut effects = story.wire.effects();
        let worker = story.worker();
        effects.wait_for(|count| *count >= effect).await.unwrap();
        drop(worker);
        taken_over(&story).await;
    }
}

/// When the lease has lapsed, another worker finishes the job.
async fn taken_over(story: &Story) {
    let _second = story.worker();
    story.until_taken_over().await;
    story.until_state(State::Succeeded).await;
    story.made_once().await;
}

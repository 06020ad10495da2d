//! Those who watch a job are told everything once, in order, and come back where they left.

use super::*;
use crate::support::bed::{both, queued};
use crate::support::wire::Fault;
use futures::{Stream, StreamExt};
use keystead::engine::{Heard, Live};
use keystead::store::{Use, lease, queue};

/// Numbers of the lines heard and the last state, until the end or until `enough` lines.
async fn listen(stream: impl Stream<Item = Heard>, enough: usize) -> (Vec<i64>, Option<State>, bool) {
    let mut stream = std::pin::pin!(stream);
    let (mut lines, mut state, mut ended) = (Vec::new(), None, false);
    while lines.len() < enough {
        let heard = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("nothing more is heard");
        match heard {
            Some(Heard::Now(journal)) => state = Some(journal.status.state()),
            Some(Heard::Line(line)) => lines.push(line.number),
            Some(Heard::End) => ended = true,
            None => break,
        }
    }
    (lines, state, ended)
}

#[tokio::test]
async fn watchers_hear_every_line_once_and_the_end() {
    both(|bed| async move {
        let story = Story::diamond(bed).await;
        let live = Live::new(story.bed.store.clone(), story.clock.clone());
        let early = live.follow(&story.job.id, 0).await.unwrap();
        let left = live.follow(&story.job.id, 0).await.unwrap();
        let _worker = story.worker();
        let (first, _, _) = listen(left, 3).await;
        let back = live.follow(&story.job.id, 3).await.unwrap();
        let (lines, state, ended) = listen(early, usize::MAX).await;
        let (rest, _, _) = listen(back, usize::MAX).await;
        assert!(ended && state == Some(State::Succeeded));
        assert_eq!(lines, (1..=lines.len() as i64).collect::<Vec<_>>());
        assert_eq!([first, rest].concat(), lines, "who comes back hears the rest");
        let late = live.follow(&story.job.id, 0).await.unwrap();
        assert_eq!(listen(late, usize::MAX).await, (lines, Some(State::Succeeded), true));
    })
    .await;
}

/// The clock stands still, so that nobody looks by himself: what is heard, another replica has told.
#[tokio::test]
async fn watchers_on_another_replica_hear_the_same() {
    let story = Story::diamond(Bed::postgres().await).await;
    let other = Store::open(&story.bed.url, Use::Server).await.unwrap();
    let live = Live::new(other, story.clock.clone());
    let watching = live.follow(&story.job.id, 0).await.unwrap();
    let _worker = story.worker();
    let (lines, state, ended) = listen(watching, usize::MAX).await;
    assert!(ended && state == Some(State::Succeeded));
    assert_eq!(lines, (1..=lines.len() as i64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stopped_job_keeps_its_watchers() {
    let story = Story::diamond(Bed::sqlite().await).await;
    story.wire.fault("vault", &[Fault::Person]);
    let _worker = story.worker();
    story.until_state(State::NeedsPerson).await;
    let live = Live::new(story.bed.store.clone(), story.clock.clone());
    let watching = tokio::spawn(listen(live.follow(&story.job.id, 0).await.unwrap(), usize::MAX));
    story.retry().await;
    let (_, state, ended) = watching.await.unwrap();
    assert!(ended && state == Some(State::Succeeded));
}

#[tokio::test]
async fn who_watches_a_job_that_waits_for_its_turn_hears_when_it_comes_nearer() {
    both(|bed| async move {
        let story = Story::diamond(bed).await;
        let store = &story.bed.store;
        queued(store, "ahead", Vec::new(), START.plus(-1)).await;
        let live = Live::new(store.clone(), story.clock.clone());
        let mut watching = std::pin::pin!(live.follow(&story.job.id, 0).await.unwrap());
        assert!(matches!(watching.next().await, Some(Heard::Now(_))));
        // What the reader begins with, then the place; and the next place.
        for (place, mut left) in [(2, 2), (1, 1)] {
            let told = async {
                while left > 0 {
                    match tokio::time::timeout(Duration::from_millis(5), watching.next()).await {
                        Ok(Some(Heard::Now(_))) => left -= 1,
                        Ok(_) => {}
                        Err(_) => story.clock.advance(1_000),
                    }
                }
            };
            tokio::time::timeout(Duration::from_secs(20), told).await.expect("nothing is told");
            let turn = queue::turn(store, &story.job.id, story.clock.now()).await.unwrap().unwrap();
            assert_eq!(turn.place, place);
            lease::claim(store, "worker", story.clock.now(), START.plus(1_000_000)).await.unwrap().unwrap();
        }
    })
    .await;
}

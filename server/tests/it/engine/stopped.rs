//! A worker whose process is stopped, at each call and each position of the log, and goes on when its lease has lapsed:
//! whatever another one has made of the job meanwhile, it appends nothing and leaves nothing behind.

use super::*;
use keystead::store::Use;
use std::sync::mpsc;
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// A worker as a process of its own has it: one thread with tasks, timers and connections that stand still together.
struct Process {
    stop: CancellationToken,
    thread: JoinHandle<()>,
}

impl Process {
    /// With `stand_still_after` it stops at the position of the log that it has then brought about.
    fn start(story: &Story, stand_still_after: Option<(u32, UnboundedSender<()>, mpsc::Receiver<()>)>) -> Process {
        let (url, clock, recipe, job) =
            (story.bed.url.clone(), story.clock.clone(), story.recipe.clone(), story.job.id.clone());
        let stop = CancellationToken::new();
        let asked = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let store = Store::open(&url, Use::Command).await.unwrap();
                let mut changes = store.changes();
                let worker = engine(&store, &clock, &recipe, Pace::default());
                let worker = tokio::spawn(worker.run(asked.clone()));
                if let Some((appends, stands_still, go_on)) = stand_still_after {
                    let reached = async {
                        let mut seen = 0;
                        while seen < appends {
                            seen += u32::from(matches!(changes.recv().await, Ok(Change::Job(id)) if id == job));
                        }
                    };
                    tokio::select! {
                        () = asked.cancelled() => {}
                        () = reached => {
                            stands_still.send(()).unwrap();
                            let _ = go_on.recv();
                        }
                    }
                }
                worker.await.unwrap();
                store.close().await;
            });
        });
        Process { stop, thread }
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::task::spawn_blocking(move || self.thread.join().unwrap()).await.unwrap();
    }
}

/// Where the first worker stands still: at the n-th passage of the wire, or after the n-th append.
#[derive(Clone, Copy, Debug)]
enum Place {
    Passage(u32),
    Append(u32),
}

/// Every place of a job in turn, each in a story of its own, until it is over before that.
async fn everywhere<Told: Future<Output = bool>>(tell: impl Fn(Place) -> Told) {
    // What steps side by side have to append may be written at once: of those places there are four at least.
    for (place, least) in [(Place::Passage as fn(u32) -> Place, 10), (Place::Append, 4)] {
        let mut number = 0;
        while tell(place(number)).await {
            number += 1;
        }
        assert!(number >= least, "the job was over at {:?}", place(number));
    }
}

/// A process that stands still at the place, and what lets it go on; none where the job is over before.
async fn stopped_at(story: &Story, place: Place) -> Option<(Process, mpsc::Sender<()>)> {
    let (process, mut stopped, lets): (Process, UnboundedReceiver<()>, mpsc::Sender<()>) = match place {
        Place::Passage(number) => {
            let (stopped, lets) = story.wire.stop_after(number);
            (Process::start(story, None), stopped, lets)
        }
        Place::Append(number) => {
            let (stands_still, stopped) = tokio::sync::mpsc::unbounded_channel();
            let (lets, go_on) = mpsc::channel();
            (Process::start(story, Some((number, stands_still, go_on))), stopped, lets)
        }
    };
    let over = story.until(|journal| journal.status.state().over());
    let stands_still = tokio::select! {
        stopped = stopped.recv() => stopped.is_some(),
        _ = over => false,
    };
    if stands_still {
        return Some((process, lets));
    }
    // The append that ends the job may be the place: then it stands still all the same, and nobody else lets it go on.
    drop(lets);
    process.end().await;
    None
}

/// The process goes on, and time with it, until it has seen that the job is not its own any more.
async fn goes_on(story: &Story, process: Process, lets: mpsc::Sender<()>) {
    lets.send(()).unwrap();
    for _ in 0..10 {
        story.clock.advance(1_000);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    process.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_anywhere_while_another_finishes_it_leaves_nothing_behind() {
    everywhere(|place| async move {
        let story = Story::diamond(Bed::postgres().await).await;
        let Some((process, lets)) = stopped_at(&story, place).await else { return false };
        let _other = story.worker();
        story.until_taken_over().await;
        let before = story.until_state(State::Succeeded).await.status.position;
        let there = story.wire.there();
        goes_on(&story, process, lets).await;
        assert_eq!(story.journal().await.status.position, before, "{place:?}: it appended something");
        assert_eq!(story.wire.there(), there, "{place:?}");
        story.made_once().await;
        true
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_anywhere_while_another_rolls_back_it_leaves_nothing_behind() {
    everywhere(|place| async move {
        let story = Story::diamond(Bed::postgres().await).await;
        let Some((process, lets)) = stopped_at(&story, place).await else { return false };
        let rolls_back = !story.state().await.over();
        if rolls_back {
            story.say(Event::RollBackAsked { by: MEMBER.into(), why: None }).await;
        }
        let _other = story.worker();
        story.until_taken_over().await;
        let before = story.until(|journal| journal.status.state().over()).await.status.position;
        goes_on(&story, process, lets).await;
        assert_eq!(story.journal().await.status.position, before, "{place:?}: it appended something");
        assert_eq!(story.wire.there().is_empty(), rolls_back, "{place:?}: {:?}", story.wire.there());
        story.copies_hold().await;
        true
    })
    .await;
}

/// The only server of a file: it finds its lease lapsed, sends nothing in its name, and begins anew with another.
#[tokio::test(flavor = "multi_thread")]
async fn stopped_anywhere_a_lone_worker_goes_on_with_a_new_lease() {
    for name in ["sqlite", "postgres"] {
        everywhere(|place| async move {
            let bed = if name == "sqlite" { Bed::sqlite().await } else { Bed::postgres().await };
            let story = Story::diamond(bed).await;
            let Some((process, lets)) = stopped_at(&story, place).await else { return false };
            story.clock.advance(60_000);
            lets.send(()).unwrap();
            story.until_state(State::Succeeded).await;
            story.made_once().await;
            process.end().await;
            true
        })
        .await;
    }
}

//! Jobs, told from outside: what stands at the wire, what the log says, what the lists show.

mod crash;
mod failure;
mod lease;
mod live;
mod run;
mod stopped;
mod turns;
mod upgrade;

use crate::support::bed::{Bed, number};
use crate::support::wire::{Wire, engine};
use domain::Moment;
use domain::audit::Actor;
use domain::job::{Event, State};
use keystead::clock::Clock;
use keystead::engine::{Engine, Pace, Recipe};
use keystead::store::event::{self, Journal};
use keystead::store::job::Job;
use keystead::store::{Change, Error, Store};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Jobs with something left to do in the hand of a worker, whether alive or gone.
const HELD: &str = "select count(*) from job where due_at is not null and lease_until <> 0";

const MEMBER: &str = "member@contoso.example";

/// A point in time that says nothing.
const START: Moment = Moment(1_795_425_125_000);

/// A job over a wire, with workers that can be started and struck.
struct Story {
    bed: Bed,
    wire: Wire,
    recipe: Recipe,
    clock: Clock,
    job: Job,
}

impl Story {
    async fn diamond(bed: Bed) -> Story {
        let wire = Wire::new();
        let recipe = wire.diamond();
        let clock = Clock::manual(START);
        let outline = recipe.outline(&crate::support::bed::wish("checkout-loadtest"));
        let job = crate::support::bed::queued(&bed.store, "checkout-loadtest", outline, START).await;
        Story { bed, wire, recipe, clock, job }
    }

    fn engine(&self) -> Arc<Engine> {
        engine(&self.bed.store, &self.clock, &self.recipe, Pace::default())
    }

    /// A worker that lives as long as what is returned.
    fn worker(&self) -> AbortOnDropHandle<()> {
        AbortOnDropHandle::new(tokio::spawn(self.engine().run(CancellationToken::new())))
    }

    async fn journal(&self) -> Journal {
        event::load(&self.bed.store, &self.job.id).await.unwrap().unwrap()
    }

    async fn state(&self) -> State {
        self.journal().await.status.state()
    }

    /// Waits until the job stands as `wanted` says. Time passes while a worker holds the job and nothing is heard of it.
    async fn until(&self, wanted: impl Fn(&Journal) -> bool) -> Journal {
        let name = self.bed.name;
        let reached = async {
            let mut changes = self.bed.store.changes();
            loop {
                let journal = self.journal().await;
                if wanted(&journal) {
                    return journal;
                }
                let heard = tokio::time::timeout(Duration::from_millis(100), changes.recv()).await;
                if heard.is_err() && number(&self.bed.store, HELD).await > 0 {
                    self.clock.advance(1_000);
                }
            }
        };
        match tokio::time::timeout(Duration::from_secs(20), reached).await {
            Ok(journal) => journal,
            Err(_) => panic!("never happened on {name}: {:#?}", self.journal().await.status),
        }
    }

    async fn until_state(&self, state: State) -> Journal {
        self.until(|journal| journal.status.state() == state && journal.status.at_work(&journal.job.outline).is_empty())
            .await
    }

    /// Lets time pass until another worker has taken the job over, or nothing is left to take over.
    async fn until_taken_over(&self) {
        const EPOCH: &str = "select epoch from job";
        let epoch = number(&self.bed.store, EPOCH).await;
        let passes = async {
            while number(&self.bed.store, EPOCH).await == epoch && number(&self.bed.store, HELD).await > 0 {
                self.clock.advance(1_000);
                // Whoever waited for that moment gets a turn.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), passes).await.expect("nobody takes the job over");
    }

    async fn say(&self, event: Event) -> Journal {
        let by = Actor::keystead();
        let said =
            event::say(&self.bed.store, &by, &self.job.id, self.clock.now(), |_| Ok::<_, Error>(vec![event.clone()]));
        said.await.unwrap()
    }

    async fn retry(&self) {
        self.say(Event::RetryAsked { by: MEMBER.into(), why: None }).await;
    }

    /// Every thing was made once, and the columns are what the logs amount to.
    async fn made_once(&self) {
        let made = self.wire.made();
        assert_eq!(made.len(), self.job.outline.len(), "on {}: {made:?}", self.bed.name);
        assert!(made.values().all(|count| *count == 1), "on {}: {made:?}", self.bed.name);
        self.copies_hold().await;
    }

    async fn copies_hold(&self) {
        assert_eq!(
            keystead::store::refold::refold(&self.bed.store, self.clock.now()).await.unwrap(),
            0,
            "on {}",
            self.bed.name
        );
        let positions = number(&self.bed.store, "select count(*) from event").await;
        assert_eq!(positions, number(&self.bed.store, "select max(position) from event").await, "no gaps");
    }
}

/// Asks again whenever the store announces anything.
async fn reached<T, Asked: Future<Output = Option<T>>>(store: &Store, ask: impl Fn() -> Asked) -> T {
    let mut changes = store.changes();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        // A hint that comes from another process's store does not ring here: look again soon in any case.
        let _ = tokio::time::timeout(Duration::from_millis(100), changes.recv()).await;
    }
}

/// Strikes the worker right after so many announcements of the job, before it comes to anything else; false where the
/// job was over before.
async fn strike_after_appends(story: &Story, appends: u32) -> bool {
    let mut changes = story.bed.store.changes();
    let worker = story.worker();
    let mut seen = 0;
    while seen < appends {
        match tokio::time::timeout(Duration::from_millis(300), changes.recv()).await {
            Ok(Ok(Change::Job(job))) if job == story.job.id => seen += 1,
            Ok(_) => {}
            // Reading takes turns away from striking in time, so it happens only in silence.
            Err(_) if story.state().await.over() => return false,
            Err(_) => {}
        }
    }
    drop(worker);
    true
}

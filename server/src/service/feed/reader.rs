//! One reader of the feed for all who listen on this server; who lags reads on from the database.

use crate::clock::Clock;
use crate::store::feed::{self, Bounds, Placed};
use crate::store::{Change, Error, Store};
use app::portal::FeedChange;
use futures::Stream;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::broadcast::{self, Receiver, Sender};

/// How much a listener may be behind before it reads from the database again.
const KEPT: usize = 512;
/// Events that are read, or given places, at once.
const PAGE: i64 = 200;
/// How long nothing may be heard before the database is asked again, in milliseconds: hints can be lost.
const DEAF: i64 = 5_000;

/// Cheap to clone.
#[derive(Clone)]
pub(in crate::service) struct Reader(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    /// One of this server gives places at a time; the others find nothing left.
    placing: tokio::sync::Mutex<()>,
    /// While somebody listens.
    tells: Mutex<Option<Sender<Arc<Placed>>>>,
}

/// What a listener is told of.
pub(super) struct Wanted {
    pub bounds: Bounds,
    /// Whether it ends with its environment.
    pub ends: bool,
    /// Whether that is gone already.
    pub over: bool,
}

impl Reader {
    pub(in crate::service) fn new(store: Store, clock: Clock) -> Reader {
        Reader(Arc::new(Inner { store, clock, placing: tokio::sync::Mutex::default(), tells: Mutex::default() }))
    }

    /// Gives a place to everything that is committed by now.
    pub(super) async fn place_all(&self) -> Result<(), Error> {
        let store = &self.0.store;
        if !feed::any_unplaced(store).await? {
            return Ok(());
        }
        let _turn = self.0.placing.lock().await;
        while feed::any_unplaced(store).await? {
            feed::place(store, PAGE).await?;
        }
        Ok(())
    }

    /// Events behind `after`, or from now on, and everything from then on.
    pub(super) async fn follow(
        &self,
        wanted: Wanted,
        after: Option<i64>,
    ) -> Result<impl Stream<Item = FeedChange> + Send + use<>, Error> {
        self.place_all().await?;
        let written = feed::last(&self.0.store).await?;
        // What a new reader tells begins before what the listener reads itself ends, so that nothing falls between.
        let hears = self.subscribe(written);
        let listener =
            Listener { reader: self.clone(), wanted, hears, last: after.unwrap_or(written), step: Step::Begin };
        Ok(futures::stream::unfold(listener, Listener::next))
    }

    fn subscribe(&self, written: i64) -> Receiver<Arc<Placed>> {
        let mut tells = self.0.tells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tells) = tells.as_ref() {
            return tells.subscribe();
        }
        let (new, hears) = broadcast::channel(KEPT);
        *tells = Some(new.clone());
        tokio::spawn(read(self.clone(), new, written));
        hears
    }

    /// Ends the reading if nobody listens any more; under the lock, so that nobody begins to in between.
    fn leave_if_alone(&self, tells: &Sender<Arc<Placed>>) -> bool {
        let mut kept = self.0.tells.lock().unwrap_or_else(PoisonError::into_inner);
        let alone = tells.receiver_count() == 0;
        if alone {
            *kept = None;
        }
        alone
    }
}

/// One listener's place in the feed.
struct Listener {
    reader: Reader,
    wanted: Wanted,
    hears: Receiver<Arc<Placed>>,
    /// Place of the last event that was told or passed over.
    last: i64,
    step: Step,
}

enum Step {
    Begin,
    /// From the database, where the listener has been before it heard.
    Read,
    Tell(VecDeque<Placed>),
    Hear,
    Over,
}

impl Listener {
    async fn next(mut self) -> Option<(FeedChange, Listener)> {
        loop {
            match std::mem::replace(&mut self.step, Step::Hear) {
                Step::Over => return None,
                Step::Begin => {
                    self.step = Step::Read;
                    return Some((FeedChange::Begin(self.last.to_string()), self));
                }
                Step::Read => {
                    let read = feed::read(&self.reader.0.store, &self.wanted.bounds, self.last, PAGE);
                    match Box::pin(read).await {
                        Ok(found) if !found.is_empty() => self.step = Step::Tell(found.into()),
                        Ok(_) if self.wanted.over => return Some((FeedChange::End, self.over())),
                        Ok(_) => {}
                        // The stream ends; the program comes back with its cursor.
                        Err(error) => {
                            tracing::warn!(%error, "events could not be read");
                            return None;
                        }
                    }
                }
                Step::Tell(mut found) => {
                    let Some(placed) = found.pop_front() else {
                        self.step = Step::Read;
                        continue;
                    };
                    self.step = Step::Tell(found);
                    return Some(self.tell(Arc::new(placed)));
                }
                Step::Hear => match self.hears.recv().await {
                    Ok(placed) if placed.place <= self.last => {}
                    Ok(placed) if self.wanted.bounds.hold(&placed) => return Some(self.tell(placed)),
                    Ok(placed) => self.last = placed.place,
                    Err(RecvError::Lagged(_)) => self.step = Step::Read,
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    fn over(mut self) -> Listener {
        self.step = Step::Over;
        self
    }

    fn tell(mut self, placed: Arc<Placed>) -> (FeedChange, Listener) {
        self.last = placed.place;
        if self.wanted.ends && placed.event.ends_environment() {
            // What is committed by now is told; then comes the end.
            self.wanted.over = true;
            if matches!(self.step, Step::Hear) {
                self.step = Step::Read;
            }
        }
        (FeedChange::Event(Arc::new(placed.event.clone())), self)
    }
}

/// Reads whenever something may have changed and tells everyone, until nobody listens.
async fn read(reader: Reader, tells: Sender<Arc<Placed>>, mut told: i64) {
    let mut changes = reader.0.store.changes();
    while !reader.leave_if_alone(&tells) {
        if let Err(error) = news(&reader, &tells, &mut told).await {
            tracing::warn!(%error, "events could not be read for those who listen");
        }
        tokio::select! {
            () = reader.0.clock.pass(DEAF) => {}
            () = heard(&mut changes) => {}
        }
    }
}

async fn news(reader: &Reader, tells: &Sender<Arc<Placed>>, told: &mut i64) -> Result<(), Error> {
    reader.place_all().await?;
    loop {
        let found = feed::read(&reader.0.store, &Bounds::default(), *told, PAGE).await?;
        if found.is_empty() {
            return Ok(());
        }
        for placed in found {
            *told = placed.place;
            let _ = tells.send(Arc::new(placed));
        }
    }
}

/// Returns at the next hint that there may be an event; those that came with it are heard too.
async fn heard(changes: &mut Receiver<Change>) {
    let tells = |change: &Change| matches!(change, Change::Job(_) | Change::Environment(_) | Change::Any);
    loop {
        match changes.recv().await {
            Ok(change) if tells(&change) => break,
            Err(RecvError::Lagged(_)) => break,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
    while !matches!(changes.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
}

//! Live progress: one reader per job feeds all who watch it; who lags or comes back reads on from the database.

use crate::clock::Clock;
use crate::store::event::{self, Journal};
use crate::store::{Change, Error, Store, line, queue};
use domain::Moment;
use domain::id::JobId;
use domain::job::{Event, SILENT_MILLIS};
use domain::view::job::{Line, Turn};
use futures::Stream;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast::{self, error::RecvError};

/// What a watcher hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// The job as it stands now.
    Now(Arc<Journal>),
    Line(Line),
    /// The job is over, and everything of it was told.
    End,
}

/// How much a watcher may be behind before it reads from the database again.
const KEPT: usize = 256;
/// Lines read at once.
const PAGE: i64 = 500;
/// How long nothing may be heard before the database is asked again, in milliseconds: hints can be lost.
const DEAF: i64 = 5_000;

/// Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    readers: Mutex<HashMap<JobId, Reader>>,
}

/// Of one job that somebody watches.
#[derive(Clone)]
struct Reader {
    tells: broadcast::Sender<Heard>,
    /// What was told last: whoever comes later begins with it.
    now: Arc<Mutex<Option<Arc<Journal>>>>,
}

impl Reader {
    fn known(&self) -> Option<Arc<Journal>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, journal: &Arc<Journal>) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(journal));
        let _ = self.tells.send(Heard::Now(Arc::clone(journal)));
    }
}

impl Live {
    pub fn new(store: Store, clock: Clock) -> Live {
        Live(Arc::new(Inner { store, clock, readers: Mutex::default() }))
    }

    /// The job as it stands, lines above the number `after`, and everything from then on; ends after [`Heard::End`].
    pub async fn follow(&self, id: &JobId, after: i64) -> Result<impl Stream<Item = Heard> + Send + use<>, Error> {
        // What a new reader tells begins before what the watcher reads itself ends, so that nothing falls between.
        let written = line::last(&self.0.store, id).await?;
        let hears = self.subscribe(id, written);
        let first = self.look(id).await?.ok_or(Error::NotFound)?;
        let watcher = Watcher { live: self.clone(), id: id.clone(), hears, last: after, step: Step::Now(first) };
        Ok(futures::stream::unfold(watcher, Watcher::next))
    }

    /// The job as it stands, from its reader where somebody watches it.
    pub async fn look(&self, id: &JobId) -> Result<Option<Arc<Journal>>, Error> {
        let reader = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        match reader.and_then(|reader| reader.known()) {
            Some(known) => Ok(Some(known)),
            None => Ok(event::load(&self.0.store, id).await?.map(Arc::new)),
        }
    }

    fn subscribe(&self, id: &JobId, written: i64) -> broadcast::Receiver<Heard> {
        let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = readers.get(id) {
            return reader.tells.subscribe();
        }
        let (tells, hears) = broadcast::channel(KEPT);
        let reader = Reader { tells, now: Arc::default() };
        readers.insert(id.clone(), reader.clone());
        tokio::spawn(read(self.clone(), id.clone(), written, reader));
        hears
    }

    /// Ends the reader if nobody listens any more; under the lock, so that nobody begins to in between.
    fn leave_if_alone(&self, id: &JobId, tells: &broadcast::Sender<Heard>) -> bool {
        let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let alone = tells.receiver_count() == 0;
        if alone {
            readers.remove(id);
        }
        alone
    }
}

/// One watcher's place in the story.
struct Watcher {
    live: Live,
    id: JobId,
    hears: broadcast::Receiver<Heard>,
    /// Number of the last line told.
    last: i64,
    step: Step,
}

enum Step {
    Now(Arc<Journal>),
    /// Lines from the database, oldest last; then what is heard.
    Lines(Arc<Journal>, Vec<Line>),
    Hear,
    Over,
}

impl Watcher {
    async fn next(mut self) -> Option<(Heard, Watcher)> {
        loop {
            match std::mem::replace(&mut self.step, Step::Hear) {
                Step::Over => return None,
                Step::Now(journal) => {
                    self.step = Step::Lines(Arc::clone(&journal), Vec::new());
                    return Some((Heard::Now(journal), self));
                }
                Step::Lines(journal, mut lines) => {
                    if let Some(line) = lines.pop() {
                        self.last = line.number;
                        self.step = Step::Lines(journal, lines);
                        return Some((Heard::Line(line), self));
                    }
                    let (store, outline) = (&self.live.0.store, &journal.job.outline);
                    match Box::pin(line::after(store, &self.id, outline, self.last, PAGE)).await {
                        Ok(mut more) if !more.is_empty() => {
                            more.reverse();
                            self.step = Step::Lines(journal, more);
                        }
                        Ok(_) => {}
                        // The stream ends; the browser comes back with its position.
                        Err(error) => {
                            tracing::warn!(job = %self.id, %error, "lines of a job could not be read");
                            return None;
                        }
                    }
                }
                Step::Hear => match self.hears.recv().await {
                    Ok(Heard::Line(line)) if line.number <= self.last => {}
                    Ok(Heard::Line(line)) => {
                        self.last = line.number;
                        return Some((Heard::Line(line), self));
                    }
                    Ok(Heard::End) => {
                        self.step = Step::Over;
                        return Some((Heard::End, self));
                    }
                    Ok(Heard::Now(journal)) => return Some((Heard::Now(journal), self)),
                    Err(RecvError::Lagged(_)) => {
                        let journal = Box::pin(event::load(&self.live.0.store, &self.id)).await.ok().flatten()?;
                        self.step = Step::Now(Arc::new(journal));
                    }
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }
}

/// What changes about a job without a word in its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Aside {
    turn: Option<Turn>,
    /// Its worker is silent for so long that somebody may take the job over.
    silent: bool,
}

impl Aside {
    async fn of(store: &Store, id: &JobId, now: Moment) -> Result<Aside, Error> {
        let Some(hand) = queue::hand(store, id).await? else { return Ok(Aside::default()) };
        let turn = if hand.waits(now) { queue::turn(store, id, now).await? } else { None };
        Ok(Aside { turn, silent: hand.silent_since().is_some_and(|since| now.since(since) >= SILENT_MILLIS) })
    }
}

/// Reads the job whenever it may have changed and tells everyone, until nobody listens or it is over.
async fn read(live: Live, id: JobId, mut told: i64, reader: Reader) {
    let mut changes = live.0.store.changes();
    let mut known: Option<Arc<Journal>> = None;
    let mut aside = Aside::default();
    while !live.leave_if_alone(&id, &reader.tells) {
        match news(&live.0.store, &id, &mut known, &mut told, &reader).await {
            Ok(true) => {
                // Later watchers are told by a reader of their own.
                live.0.readers.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                let _ = reader.tells.send(Heard::End);
                return;
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(job = %id, %error, "a job could not be read for its watchers"),
        }
        let deaf = live.0.clock.pass(DEAF);
        tokio::select! {
            () = deaf => match Aside::of(&live.0.store, &id, live.0.clock.now()).await {
                Ok(now) if now != aside => {
                    aside = now;
                    // Another one, so that nobody takes it for what was shown before.
                    known.iter().for_each(|journal| reader.tell(&Arc::new(Journal::clone(journal))));
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(job = %id, %error, "a job could not be read for its watchers"),
            },
            () = heard_of(&mut changes, &id) => {}
        }
    }
}

/// Tells what is new; answers whether the job is over.
async fn news(
    store: &Store,
    id: &JobId,
    known: &mut Option<Arc<Journal>>,
    told: &mut i64,
    reader: &Reader,
) -> Result<bool, Error> {
    let position = known.as_ref().map_or(0, |journal| journal.status.position);
    let entries = event::since(store, id, position).await?;
    let released = entries.iter().any(|entry| matches!(entry.event, Event::Released { .. }));
    let changed = match known {
        Some(journal) if !released => {
            if !entries.is_empty() {
                let journal = Arc::make_mut(journal);
                entries.iter().for_each(|entry| journal.status.take(entry));
            }
            !entries.is_empty()
        }
        _ => {
            *known = event::load(store, id).await?.map(Arc::new);
            true
        }
    };
    let Some(journal) = known else { return Err(Error::NotFound) };
    loop {
        let lines = line::after(store, id, &journal.job.outline, *told, PAGE).await?;
        if lines.is_empty() {
            break;
        }
        for line in lines {
            *told = line.number;
            let _ = reader.tells.send(Heard::Line(line));
        }
    }
    if changed {
        reader.tell(journal);
    }
    Ok(journal.status.state().over())
}

async fn heard_of(changes: &mut broadcast::Receiver<Change>, id: &JobId) {
    loop {
        match changes.recv().await {
            Ok(Change::Job(job)) if job == *id => return,
            Ok(Change::Any) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

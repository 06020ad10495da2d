//! Drives one job: the one task that owns its log, to which the steps at work report.
//!
//! It reads, decides, begins what is decided, and appends what comes back; when nothing is in hand and nothing is due,
//! it lets the job go, and the row's `due_at` is what remains of the wait. A poll that tells nothing new is not written
//! down: the log already says what is followed, and whoever takes over polls at once.

use super::Engine;
use super::context::Attempt;
use super::deed::{self, Outcome, Work};
use super::hints::Hint;
use super::lease::Guard;
use super::needs::Ledger;
use super::recipe::Recipe;
use super::usual::Following;
use crate::store::Error;
use crate::store::event::{self, Journal, Writer};
use crate::store::lease::Claim;
use azure::Azure;
use domain::Moment;
use domain::job::told::Said;
use domain::job::{Aim, Decision, Deed, Entry, Event, Goal, Phase, Status, Verb, decide};
use domain::team::Team;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Waits shorter than this are waited out with the job in hand: taking it up again costs more than holding it.
const LINGER: i64 = 3_000;
/// The same where others wait for their turn.
const LINGER_IN_A_CROWD: i64 = 500;
/// A job that is held for longer than this is written to, whatever its polls tell: a worker that stays silent counts as
/// one that hangs ([`domain::job::SILENT_MILLIS`]).
const QUIET: i64 = domain::job::SILENT_MILLIS / 3;
/// Lines wait so long for an append that takes them along.
const GATHER: Duration = Duration::from_millis(40);

/// Why a driver let its job go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rest {
    AsTheLogSays,
    /// Nothing before this moment, unless somebody writes beyond this position of the log.
    Until(Moment, i64),
    /// The lease is not ours any more: write nothing, not even that.
    Lost,
    /// A newer Keystead has begun it with steps that this one does not know.
    Beyond,
}

struct Driver<'e> {
    engine: &'e Arc<Engine>,
    claim: &'e Claim,
    guard: Guard,
    recipe: Recipe,
    team: Team,
    journal: Journal,
    hands: JoinSet<Outcome>,
    /// Task by step; a step is in hand from before its first note until its outcome is in the log.
    in_hand: BTreeMap<tokio::task::Id, Deed>,
    /// Steps whose last poll told nothing new, and when to poll again; later than the log says.
    put_off: BTreeMap<String, Moment>,
    /// Operations that this worker has asked for, by step.
    followed: Following,
    azure: Azure,
    /// When this worker claimed the job, or wrote to it last.
    wrote_at: Moment,
    said: mpsc::UnboundedReceiver<Said>,
    to_said: mpsc::UnboundedSender<Said>,
    /// Lines that wait for the next append, or for their time.
    heard: Vec<Said>,
    write_heard_at: tokio::time::Instant,
    /// How many hints about this job are our own and still to come.
    own_hints: usize,
    stop: CancellationToken,
}

pub(super) async fn drive(
    engine: &Arc<Engine>,
    claim: &Claim,
    guard: Guard,
    stop: CancellationToken,
) -> Result<Rest, Error> {
    let mut hints = engine.hints.of(&claim.job);
    let journal = event::load(&engine.store, &claim.job).await?.ok_or(Error::NotFound)?;
    let Some(recipe) = engine.recipe(&journal.job.recipe).cloned() else { return Ok(Rest::Beyond) };
    if recipe.beyond(&journal.job.outline).is_some() {
        return Ok(Rest::Beyond);
    }
    let team = engine.team(&journal.job.team)?.clone();
    let (to_said, said) = mpsc::unbounded_channel();
    let (hands, in_hand) = (JoinSet::new(), BTreeMap::new());
    let mut driver = Driver {
        engine,
        claim,
        guard,
        recipe,
        team,
        journal,
        hands,
        in_hand,
        put_off: BTreeMap::new(),
        followed: Following::default(),
        azure: engine.azure.remembering(),
        wrote_at: engine.clock.now(),
        said,
        to_said,
        heard: Vec::new(),
        write_heard_at: tokio::time::Instant::now(),
        own_hints: 0,
        stop: stop.clone(),
    };
    let rest = loop {
        if !driver.guard.open() {
            return Ok(Rest::Lost);
        }
        let now = engine.clock.now();
        let wake = match driver.decide(now) {
            Decision::Act(deeds) if !stop.is_cancelled() => {
                driver.begin(deeds, now).await?;
                continue;
            }
            _ if stop.is_cancelled() && driver.in_hand.is_empty() => break Rest::AsTheLogSays,
            Decision::Act(_) | Decision::InHand => None,
            Decision::Wait(until) if driver.in_hand.is_empty() && until > now.plus(driver.linger()) => {
                break match driver.put_off.is_empty() {
                    true => Rest::AsTheLogSays,
                    false => Rest::Until(until, driver.journal.status.position),
                };
            }
            Decision::Wait(until) => Some(until),
            Decision::Finished | Decision::NeedsAPerson => break Rest::AsTheLogSays,
        };
        tokio::select! {
            Some(ended) = driver.hands.join_next_with_id() => {
                if driver.take(ended).await? == Some(Rest::Lost) {
                    return Ok(Rest::Lost);
                }
            }
            Some(line) = driver.said.recv() => driver.hear(line),
            () = tokio::time::sleep_until(driver.write_heard_at), if !driver.heard.is_empty() => {
                driver.write_down().await?;
            }
            hint = hints.next() => match hint {
                Hint::Changed if driver.own_hints > 0 => driver.own_hints -= 1,
                Hint::Changed => driver.catch_up().await?,
                Hint::Lost => {
                    driver.own_hints = 0;
                    driver.catch_up().await?;
                }
            },
            () = pass(engine, wake) => {}
            () = driver.guard.lapsed() => return Ok(Rest::Lost),
            () = stop.cancelled(), if !stop.is_cancelled() => {}
        }
    };
    // A line more is no reason to look earlier, and no entry.
    driver.write_down().await?;
    Ok(rest)
}

async fn pass(engine: &Engine, until: Option<Moment>) {
    match until {
        Some(until) => engine.clock.pass(until.since(engine.clock.now())).await,
        None => std::future::pending().await,
    }
}

impl Driver<'_> {
    fn decide(&self, now: Moment) -> Decision {
        let put_off = |step: &str| self.put_off.get(step).filter(|until| **until > now);
        let in_hand = |step: &str| self.in_hand.values().any(|deed| deed.step == step) || put_off(step).is_some();
        let decision = decide(&self.journal.job.outline, &self.journal.status, now, in_hand);
        let next = self.put_off.values().filter(|until| **until > now).min().copied();
        match (decision, next) {
            (Decision::InHand, Some(next)) => Decision::Wait(next),
            (Decision::Wait(until), Some(next)) => Decision::Wait(until.min(next)),
            (decision, _) => decision,
        }
    }

    /// When to poll again, where a poll told what the log says already.
    fn told_nothing(&self, event: &Event, now: Moment) -> Option<(String, Moment)> {
        if now.since(self.wrote_at) >= QUIET {
            return None;
        }
        let (Event::Asked { step, operation, look_again } | Event::UndoAsked { step, operation, look_again }) = event
        else {
            return None;
        };
        let standing = self.journal.status.step(step)?;
        let followed = matches!(
            (event, &standing.phase),
            (Event::Asked { .. }, Phase::Asked { .. }) | (Event::UndoAsked { .. }, Phase::UndoAsked { .. })
        );
        (followed && standing.operation.as_ref() == Some(operation)).then(|| (step.clone(), *look_again))
    }

    /// Notes that the deeds begin, where the log does not say so already, then begins them. When somebody wrote in
    /// between, nothing is begun: the caller decides again.
    async fn begin(&mut self, deeds: Vec<Deed>, now: Moment) -> Result<(), Error> {
        let notes: Vec<Event> = deeds.iter().filter_map(|deed| note(&self.journal.status, deed)).collect();
        if !notes.is_empty() && !self.append(now, &notes, &[]).await? {
            return Ok(());
        }
        for deed in deeds {
            self.put_off.remove(&deed.step);
            let work = self.work(&deed, now)?;
            let guard = self.guard.clone();
            let work = async move {
                match guard.during(deed::carry_out(work)).await {
                    Ok(outcome) => outcome,
                    Err(super::lease::Lapsed) => Outcome::Lapsed,
                }
            };
            let trace = self.journal.job.trace.clone();
            let hand = self.hands.spawn(azure::trace::within_text(trace, work));
            self.in_hand.insert(hand.id(), deed);
        }
        Ok(())
    }

    /// Notes for what may begin once this is in the log: written with it, they cost no commit of their own.
    fn notes_after(&self, ended: &Deed, event: &Event, at: Moment) -> Vec<Event> {
        if self.stop.is_cancelled() {
            return Vec::new();
        }
        let mut status = self.journal.status.clone();
        status.take(&Entry { position: status.position + 1, at, event: event.clone() });
        let held = |step: &str| self.in_hand.values().any(|deed| deed.step == step) || self.put_off.contains_key(step);
        let in_hand = |step: &str| step != ended.step && held(step);
        match decide(&self.journal.job.outline, &status, at, in_hand) {
            Decision::Act(deeds) => deeds.iter().filter_map(|deed| note(&status, deed)).collect(),
            _ => Vec::new(),
        }
    }

    fn work(&self, deed: &Deed, now: Moment) -> Result<Work, Error> {
        let missing = || Error::Database(format!("the recipe has no step {}", deed.step));
        let outlines = || self.journal.job.outline.iter().zip(&self.journal.status.steps);
        let (outline, standing) = outlines().find(|(step, _)| step.key == deed.step).ok_or_else(missing)?;
        let step = self.recipe.step(outline.recipe_key()).ok_or_else(missing)?;
        // What goes knows everything around it; what comes knows only what stays.
        let around = || outlines().filter(|(step, _)| outline.aim == Aim::Gone || step.aim == Aim::There);
        let mut ledger = Ledger::of(around().map(|(step, _)| step.recipe_key()));
        for (step, standing) in around() {
            if let Some(output) = &standing.output {
                ledger.keep(step.recipe_key(), output.clone());
            }
        }
        let rolling = self.journal.status.goal == Goal::RollBack;
        let goes = outlines().filter(|(step, _)| rolling || step.aim == Aim::Gone);
        Ok(Work {
            engine: Arc::clone(self.engine),
            azure: self.azure.clone(),
            job: Arc::clone(&self.journal.job),
            team: self.team.clone(),
            step: Arc::clone(step),
            goes: goes.map(|(step, _)| step.recipe_key().to_owned()).collect(),
            outline: outline.clone(),
            verb: deed.verb,
            operation: standing.operation.clone().unwrap_or_default(),
            ledger,
            attempt: Attempt {
                began: standing.began.unwrap_or(now),
                tries: standing.tries,
                waiting_since: standing.waiting_since,
            },
            said: self.to_said.clone(),
        })
    }

    /// Puts an outcome into the log, after the lines that the step said before it.
    async fn take(
        &mut self,
        ended: Result<(tokio::task::Id, Outcome), tokio::task::JoinError>,
    ) -> Result<Option<Rest>, Error> {
        let (id, mut outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(error) => (error.id(), Outcome::broke(&error)),
        };
        let Some(deed) = self.in_hand.get(&id).cloned() else { return Ok(None) };
        if matches!(outcome, Outcome::Lapsed) {
            return Ok(Some(Rest::Lost));
        }
        self.followed.pace(&self.engine.usual, &deed, &mut outcome, self.engine.clock.now());
        let said = self.drain();
        loop {
            let now = self.engine.clock.now();
            let tries = self.journal.status.step(&deed.step).map_or(0, |step| step.tries);
            let event = outcome.event(&deed, tries, now);
            if let Some((step, until)) = self.told_nothing(&event, now) {
                said.into_iter().for_each(|line| self.hear(line));
                self.put_off.insert(step, until);
                break;
            }
            let mut events = self.notes_after(&deed, &event, now);
            events.insert(0, event);
            if self.append(now, &events, &said).await? {
                break;
            }
        }
        self.in_hand.remove(&id);
        Ok(None)
    }

    fn linger(&self) -> i64 {
        if self.engine.crowded.load(Ordering::Relaxed) { LINGER_IN_A_CROWD } else { LINGER }
    }

    fn hear(&mut self, line: Said) {
        if self.heard.is_empty() {
            self.write_heard_at = tokio::time::Instant::now() + GATHER;
        }
        self.heard.push(line);
    }

    fn drain(&mut self) -> Vec<Said> {
        let mut said = std::mem::take(&mut self.heard);
        said.extend(std::iter::from_fn(|| self.said.try_recv().ok()));
        said
    }

    async fn write_down(&mut self) -> Result<(), Error> {
        let said = self.drain();
        while !said.is_empty() && !self.append(self.engine.clock.now(), &[], &said).await? {}
        Ok(())
    }

    /// False when somebody wrote first: the journal is then up to date again, and nothing of this was written.
    async fn append(&mut self, at: Moment, events: &[Event], said: &[Said]) -> Result<bool, Error> {
        let mut tx = self.engine.store.join().await?;
        if !self.guard.open() {
            return Err(Error::Superseded);
        }
        match self.journal.append(&mut tx, Writer::Worker(self.claim), at, events, said).await {
            Ok(()) => {
                tx.commit().await?;
                self.wrote_at = at;
                self.own_hints += 1;
                self.journal.announce(&self.engine.store).await;
                Ok(true)
            }
            Err(Error::Behind) => {
                drop(tx);
                self.catch_up().await?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Folds in what others wrote: a person's word, after which nothing is put off.
    async fn catch_up(&mut self) -> Result<(), Error> {
        let entries = event::since(&self.engine.store, &self.claim.job, self.journal.status.position).await?;
        if !entries.is_empty() {
            self.put_off.clear();
        }
        if entries.iter().any(|entry| matches!(entry.event, Event::Released { .. })) {
            // The changed plan comes with another wish, and with other names in the outline.
            self.journal = event::load(&self.engine.store, &self.claim.job).await?.ok_or(Error::NotFound)?;
        } else {
            entries.iter().for_each(|entry| self.journal.status.take(entry));
        }
        Ok(())
    }
}

/// What the log is to say when this begins, where it does not say so already.
fn note(status: &Status, deed: &Deed) -> Option<Event> {
    let phase = &status.step(&deed.step)?.phase;
    let step = deed.step.clone();
    match (deed.verb, phase) {
        (Verb::Run, Phase::Idle) => Some(Event::Started { step }),
        (Verb::Undo, Phase::Undoing | Phase::UndoWaits { .. }) => None,
        (Verb::Undo, _) => Some(Event::UndoStarted { step }),
        _ => None,
    }
}

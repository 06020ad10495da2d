//! The fold: what a job's log amounts to, entry by entry.

use super::step::{Phase, StepStatus};
use super::{Aim, Entry, Event, Outline, State, Word};
use crate::id::RequestId;
use crate::moment::Moment;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the job is up to now, by the last word of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    Build,
    /// Cancelled: what is at work finishes, nothing else begins.
    Stop,
    RollBack,
}

/// A changed plan that waits for its approver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub request: RequestId,
    pub by: String,
    pub why: String,
}

/// Everything that a log says, in the order of the outline's steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    keys: Vec<String>,
    pub steps: Vec<StepStatus>,
    pub goal: Goal,
    pub held: Option<Held>,
    /// What people said to it, in order.
    pub words: Vec<Word>,
    /// Whether a later job took over what this one left.
    pub replaced: bool,
    /// Of the last entry taken; 0 before the first.
    pub position: i64,
    pub started: Option<Moment>,
    /// When it came to rest; none while something goes on by itself.
    pub ended: Option<Moment>,
    /// Milliseconds of motion in spans that are over.
    worked_ms: i64,
    moving_since: Option<Moment>,
}

impl Status {
    /// Of an empty log.
    pub fn new(outline: &[Outline]) -> Status {
        Status {
            keys: outline.iter().map(|step| step.key.clone()).collect(),
            steps: outline.iter().map(StepStatus::new).collect(),
            goal: Goal::Build,
            held: None,
            words: Vec::new(),
            replaced: false,
            position: 0,
            started: None,
            ended: None,
            worked_ms: 0,
            moving_since: None,
        }
    }

    /// Of a whole log.
    pub fn of(outline: &[Outline], log: &[Entry]) -> Status {
        let mut status = Status::new(outline);
        log.iter().for_each(|entry| status.take(entry));
        status
    }

    pub fn step(&self, key: &str) -> Option<&StepStatus> {
        self.keys.iter().position(|known| known == key).and_then(|place| self.steps.get(place))
    }

    fn step_mut(&mut self, key: &str) -> Option<&mut StepStatus> {
        self.keys.iter().position(|known| known == key).and_then(|place| self.steps.get_mut(place))
    }

    /// Folds one more entry in. A step that the outline does not know is passed over.
    pub fn take(&mut self, entry: &Entry) {
        let at = entry.at;
        self.position = entry.position;
        self.started.get_or_insert(at);
        self.words.extend(Word::of(at, &entry.event));
        match &entry.event {
            Event::CancelAsked { .. } => self.cancel(at),
            Event::RetryAsked { .. } => self.retry(at),
            Event::Redo { step, .. } => {
                if let Some(step) = self.step_mut(step).filter(|step| step.phase == Phase::Succeeded) {
                    step.again(at);
                }
            }
            Event::RollBackAsked { .. } => {
                self.goal = Goal::RollBack;
                self.held = None;
            }
            Event::Held { request, by, why } => {
                self.held = Some(Held { request: request.clone(), by: by.clone(), why: why.clone() });
            }
            Event::Released { .. } => {
                self.held = None;
                self.retry(at);
            }
            Event::Refused { .. } => self.held = None,
            Event::Replaced { .. } => {
                self.replaced = true;
                self.held = None;
            }
            event => self.take_step(at, event),
        }
        let moving = self.goes_on();
        match (moving, self.moving_since) {
            (true, None) => self.moving_since = Some(at),
            (false, Some(since)) => {
                self.worked_ms += at.since(since);
                self.moving_since = None;
            }
            _ => {}
        }
        self.ended = if moving { None } else { self.ended.or(Some(at)) };
    }

    fn take_step(&mut self, at: Moment, event: &Event) {
        let stopping = self.goal == Goal::Stop;
        let (Some(key), event) = (step_of(event), event) else { return };
        let Some(step) = self.step_mut(key) else { return };
        match event {
            Event::Started { .. } => {
                step.phase = Phase::Running;
                step.touched = true;
                step.began = Some(at);
                step.started.get_or_insert(at);
                step.ended = None;
            }
            Event::Asked { operation, look_again, .. } => {
                step.wait(at, step.operation.is_some());
                step.operation = Some(operation.clone());
                step.phase = Phase::Asked { look_again: *look_again };
            }
            Event::Waits { until, why, .. } => {
                step.wait(at, step.operation.is_some() || matches!(step.phase, Phase::Waits { .. }));
                step.tries += 1;
                if stopping && step.operation.is_none() {
                    step.again(at);
                } else {
                    step.phase = Phase::Waits { until: *until, why: why.clone() };
                }
            }
            Event::Succeeded { output, .. } => {
                step.output = Some(output.clone());
                step.rest(at, Phase::Succeeded);
            }
            Event::Failed { failure, .. } => step.rest(at, Phase::Failed(failure.clone())),
            Event::UndoStarted { .. } => {
                step.again(at);
                step.phase = Phase::Undoing;
                step.began = Some(at);
                step.started.get_or_insert(at);
                step.ended = None;
            }
            Event::UndoAsked { operation, look_again, .. } => {
                step.wait(at, step.operation.is_some());
                step.operation = Some(operation.clone());
                step.phase = Phase::UndoAsked { look_again: *look_again };
            }
            Event::UndoWaits { until, why, .. } => {
                step.wait(at, step.operation.is_some() || matches!(step.phase, Phase::UndoWaits { .. }));
                step.tries += 1;
                if stopping && step.operation.is_none() && step.aim == Aim::Gone {
                    step.again(at);
                } else {
                    step.phase = Phase::UndoWaits { until: *until, why: why.clone() };
                }
            }
            Event::Undone { .. } => {
                step.rest(at, Phase::Undone);
                step.touched = false;
                step.output = None;
            }
            Event::UndoFailed { failure, .. } => step.rest(at, Phase::UndoFailed(failure.clone())),
            _ => {}
        }
    }

    fn cancel(&mut self, at: Moment) {
        if self.goal != Goal::Build {
            return;
        }
        self.goal = Goal::Stop;
        for step in &mut self.steps {
            if matches!(step.phase, Phase::Waits { .. } | Phase::UndoWaits { .. }) && step.operation.is_none() {
                step.again(at);
            }
        }
    }

    fn retry(&mut self, at: Moment) {
        if self.goal == Goal::Stop {
            self.goal = Goal::Build;
        }
        for step in &mut self.steps {
            match step.phase {
                Phase::Failed(_) if self.goal == Goal::Build => step.again(at),
                Phase::UndoFailed(_) => {
                    step.again(at);
                    step.phase = Phase::Undoing;
                }
                _ => {}
            }
        }
    }

    pub fn state(&self) -> State {
        if self.position == 0 {
            return State::Queued;
        }
        let any = |of: fn(&StepStatus) -> bool| self.steps.iter().any(of);
        let in_hand = |step: &StepStatus| matches!(step.phase, Phase::Running | Phase::Undoing);
        let at_work = if any(in_hand) { State::Running } else { State::Waiting };
        match self.goal {
            _ if self.replaced => State::Cancelled,
            Goal::RollBack if any(|step| matches!(step.phase, Phase::UndoFailed(_))) => State::NeedsPerson,
            Goal::RollBack if any(|step| step.touched) => State::RollingBack,
            Goal::RollBack => State::RolledBack,
            _ if self.steps.iter().all(StepStatus::settled) => State::Succeeded,
            Goal::Stop if any(StepStatus::in_flight) => at_work,
            Goal::Stop => State::Cancelled,
            Goal::Build if self.held.is_some() || self.failed() => State::NeedsPerson,
            Goal::Build if any(StepStatus::in_flight) => at_work,
            Goal::Build => State::Running,
        }
    }

    /// Whether anything goes on by itself: also after a step has stopped the job, while others are still at work.
    fn goes_on(&self) -> bool {
        let held = |step: &StepStatus| {
            self.held.is_some() && step.operation.is_none() && matches!(step.phase, Phase::Waits { .. })
        };
        let busy = |step: &StepStatus| step.in_flight() && !held(step);
        !self.replaced && (self.state().moving() || self.steps.iter().any(busy))
    }

    /// A step failed on the way to its aim.
    pub fn failed(&self) -> bool {
        self.steps.iter().any(|step| match step.aim {
            Aim::There => matches!(step.phase, Phase::Failed(_)),
            Aim::Gone => matches!(step.phase, Phase::UndoFailed(_)),
        })
    }

    /// Wall milliseconds of motion until now, waits included.
    pub fn took_ms(&self, now: Moment) -> i64 {
        self.worked_ms + self.moving_since.map_or(0, |since| now.since(since))
    }

    /// Steps that are where the job wants them.
    pub fn done(&self) -> usize {
        self.steps.iter().filter(|step| step.settled()).count()
    }

    /// What stands or may stand after this log: the output of each step by its key, null where none is known.
    pub fn ledger(&self, outline: &[Outline]) -> BTreeMap<String, Value> {
        let stands = outline.iter().zip(&self.steps).filter(|(step, standing)| step.leaves && standing.touched);
        stands.map(|(step, standing)| (step.key.clone(), standing.output.clone().unwrap_or_default())).collect()
    }
}

fn step_of(event: &Event) -> Option<&str> {
    match event {
        Event::Started { step }
        | Event::Asked { step, .. }
        | Event::Waits { step, .. }
        | Event::Succeeded { step, .. }
        | Event::Failed { step, .. }
        | Event::UndoStarted { step }
        | Event::UndoAsked { step, .. }
        | Event::UndoWaits { step, .. }
        | Event::Undone { step }
        | Event::UndoFailed { step, .. } => Some(step),
        _ => None,
    }
}

//! One step of a job as its log amounts to: where it is, what it left, and how long it worked and waited.

use super::{Aim, Outline, StepState};
use crate::failure::Failure;
use crate::moment::Moment;
use serde_json::Value;

/// Where one step is. An operation that Azure has taken on stands beside it, in [`StepStatus::operation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    Idle,
    /// In a worker's hand, or left by one that is gone.
    Running,
    Asked {
        look_again: Moment,
    },
    Waits {
        until: Moment,
        why: String,
    },
    Succeeded,
    Failed(Failure),
    Undoing,
    UndoAsked {
        look_again: Moment,
    },
    UndoWaits {
        until: Moment,
        why: String,
    },
    Undone,
    UndoFailed(Failure),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepStatus {
    pub aim: Aim,
    /// Whether it stood before this job.
    pub stood: bool,
    pub phase: Phase,
    /// To be followed, whatever else happens: Azure is at it.
    pub operation: Option<Value>,
    pub output: Option<Value>,
    /// Begun at some time and not undone since, here or by an earlier job: something of it may be there.
    pub touched: bool,
    /// When the present attempt began, and how often it was tried again since.
    pub began: Option<Moment>,
    pub tries: u32,
    /// Since when it waits without a break for the same kind of thing.
    pub waiting_since: Option<Moment>,
    /// First and last moment of work, over all attempts.
    pub started: Option<Moment>,
    pub ended: Option<Moment>,
    /// Spans of waiting that are over.
    pub waits: Vec<(Moment, Moment)>,
}

impl StepStatus {
    pub(super) fn new(step: &Outline) -> StepStatus {
        StepStatus {
            aim: step.aim,
            stood: step.stood.is_some(),
            phase: Phase::Idle,
            operation: None,
            output: step.stood.clone().filter(|output| !output.is_null()),
            touched: step.stood.is_some(),
            began: None,
            tries: 0,
            waiting_since: None,
            started: None,
            ended: None,
            waits: Vec::new(),
        }
    }

    /// At work: in a hand, at Azure, or between two tries.
    pub fn in_flight(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Asked { .. } | Phase::Waits { .. }) || self.being_undone()
    }

    fn being_undone(&self) -> bool {
        matches!(self.phase, Phase::Undoing | Phase::UndoAsked { .. } | Phase::UndoWaits { .. })
    }

    /// Where the job wants it.
    pub fn settled(&self) -> bool {
        match self.aim {
            Aim::There => self.phase == Phase::Succeeded,
            Aim::Gone => self.phase == Phase::Undone,
        }
    }

    pub fn shown(&self) -> StepState {
        match self.phase {
            Phase::Idle => StepState::Queued,
            Phase::Running => StepState::Running,
            Phase::Asked { .. } | Phase::Waits { .. } => StepState::Waiting,
            Phase::Succeeded => StepState::Succeeded,
            Phase::Failed(_) | Phase::UndoFailed(_) => StepState::Failed,
            Phase::Undoing | Phase::UndoAsked { .. } | Phase::UndoWaits { .. } => StepState::Undoing,
            Phase::Undone if self.aim == Aim::Gone => StepState::Gone,
            Phase::Undone => StepState::Undone,
        }
    }

    pub fn failure(&self) -> Option<&Failure> {
        match &self.phase {
            Phase::Failed(failure) | Phase::UndoFailed(failure) => Some(failure),
            _ => None,
        }
    }

    /// Begins to wait, or goes on waiting if it was the same kind of waiting.
    pub(super) fn wait(&mut self, at: Moment, same: bool) {
        if !same {
            self.stop_waiting(at);
        }
        self.waiting_since.get_or_insert(at);
    }

    fn stop_waiting(&mut self, at: Moment) {
        if let Some(since) = self.waiting_since.take() {
            match self.waits.last_mut() {
                Some((_, until)) if *until == since => *until = at,
                _ => self.waits.push((since, at)),
            }
        }
    }

    pub(super) fn rest(&mut self, at: Moment, phase: Phase) {
        self.stop_waiting(at);
        self.operation = None;
        self.ended = Some(at);
        self.phase = phase;
    }

    /// Back to the start, for another attempt.
    pub(super) fn again(&mut self, at: Moment) {
        self.stop_waiting(at);
        self.operation = None;
        self.phase = Phase::Idle;
        self.began = None;
        self.tries = 0;
    }
}

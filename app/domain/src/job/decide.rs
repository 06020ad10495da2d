//! What comes next in a job: a pure function of its log; every policy of the engine lives here.
//!
//! - A step begins when all its needs have succeeded; several may be at work at once.
//! - What shall be gone is undone backwards, each step after those that needed it.
//! - An operation that Azure has taken on is followed to its end, whatever else happens.
//! - After a failure, steps that have begun go on; nothing new begins before a person retries.
//! - While a changed plan waits for its approver, nothing begins at all.
//! - Cancelled: what is at work finishes, tries are given up, and what a lost worker left is looked at, never run.
//! - Rolled back: what was begun is undone backwards, each step after those that needed it.

use super::status::{Goal, Status};
use super::step::{Phase, StepStatus};
use super::{Aim, Outline, State};
use crate::moment::Moment;

/// One thing to do with one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    pub step: String,
    pub verb: Verb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Look, and ask for what is not as wanted.
    Run,
    /// Poll the operation that the log holds.
    Follow,
    /// Look only: find out what a lost worker left of a job that was cancelled.
    Settle,
    Undo,
    FollowUndo,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// All of these, now and side by side.
    Act(Vec<Deed>),
    /// Nothing before this moment, but for what is in hand.
    Wait(Moment),
    /// Nothing to do but to wait for what is in hand.
    InHand,
    /// Over: built, or rolled back.
    Finished,
    /// Nothing goes on before a person's word.
    NeedsAPerson,
}

/// When a step may be worked on.
enum Turn {
    Now(Verb),
    At(Moment, Verb),
    No,
}

/// `in_hand` says which steps the asking worker has in its hands.
pub fn decide(outline: &[Outline], status: &Status, now: Moment, in_hand: impl Fn(&str) -> bool) -> Decision {
    let mut deeds = Vec::new();
    let mut next: Option<Moment> = None;
    let mut held_in_hand = false;
    for (step, standing) in outline.iter().zip(&status.steps) {
        if in_hand(&step.key) {
            held_in_hand = true;
            continue;
        }
        match turn(outline, status, step, standing) {
            Turn::Now(verb) => deeds.push(Deed { step: step.key.clone(), verb }),
            Turn::At(at, verb) if at <= now => deeds.push(Deed { step: step.key.clone(), verb }),
            Turn::At(at, _) => next = Some(next.map_or(at, |next| next.min(at))),
            Turn::No => {}
        }
    }
    if !deeds.is_empty() {
        return Decision::Act(deeds);
    }
    match next {
        Some(at) => Decision::Wait(at),
        None if held_in_hand => Decision::InHand,
        None if status.state().over() => Decision::Finished,
        None => Decision::NeedsAPerson,
    }
}

/// When a worker should look at this job, if at all; `at` is the time of its last entry.
pub fn due(outline: &[Outline], status: &Status, at: Moment) -> Option<Moment> {
    match decide(outline, status, at, |_| false) {
        Decision::Act(_) => Some(at),
        Decision::Wait(until) => Some(until),
        Decision::InHand | Decision::Finished | Decision::NeedsAPerson => None,
    }
}

fn turn(outline: &[Outline], status: &Status, step: &Outline, standing: &StepStatus) -> Turn {
    if status.replaced || status.state() == State::RolledBack {
        return Turn::No;
    }
    match &standing.phase {
        Phase::Asked { look_again } => return Turn::At(*look_again, Verb::Follow),
        Phase::Waits { until, .. } if standing.operation.is_some() => return Turn::At(*until, Verb::Follow),
        Phase::UndoAsked { look_again } => return Turn::At(*look_again, Verb::FollowUndo),
        Phase::UndoWaits { until, .. } if standing.operation.is_some() => return Turn::At(*until, Verb::FollowUndo),
        Phase::UndoWaits { until, .. } => return Turn::At(*until, Verb::Undo),
        Phase::Undoing => return Turn::Now(Verb::Undo),
        Phase::UndoFailed(_) | Phase::Undone => return Turn::No,
        Phase::Idle | Phase::Running | Phase::Waits { .. } | Phase::Succeeded | Phase::Failed(_) => {}
    }
    match (status.goal, &standing.phase) {
        (Goal::RollBack, _) if standing.touched && !needed(outline, status, step) => Turn::Now(Verb::Undo),
        (Goal::RollBack, _) => Turn::No,
        (Goal::Stop, Phase::Running) => Turn::Now(Verb::Settle),
        (Goal::Stop, _) => Turn::No,
        (Goal::Build, _) if status.held.is_some() => Turn::No,
        (Goal::Build, Phase::Running) => Turn::Now(Verb::Run),
        (Goal::Build, Phase::Waits { until, .. }) => Turn::At(*until, Verb::Run),
        (Goal::Build, Phase::Idle) if !status.failed() && ready(outline, status, step) => {
            Turn::Now(if step.aim == Aim::Gone { Verb::Undo } else { Verb::Run })
        }
        (Goal::Build, _) => Turn::No,
    }
}

/// Everything that it needs stands, or nothing any more needs what shall be gone; and what was to come before has come.
fn ready(outline: &[Outline], status: &Status, step: &Outline) -> bool {
    let settled = |key: &String| status.step(key).is_some_and(StepStatus::settled);
    let free = match step.aim {
        Aim::There => step.needs.iter().all(settled),
        Aim::Gone => !needed(outline, status, step),
    };
    free && step.after.iter().all(settled)
}

/// Something that was begun and not yet undone needs it.
fn needed(outline: &[Outline], status: &Status, step: &Outline) -> bool {
    outline.iter().zip(&status.steps).any(|(other, standing)| standing.touched && other.needs.contains(&step.key))
}

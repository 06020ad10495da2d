//! A job's status as people see it: steps for graph and timeline, and what may be done now, with the reason why not.

use super::status::{Goal, Status};
use super::step::{Phase, StepStatus};
use super::{Aim, Outline, Purpose, SILENT_MILLIS, State};
use crate::environment::{Arch, Part, Stone};
use crate::failure::Failure;
use crate::moment::{Moment, duration};
use crate::view::Can;
use crate::view::job::Step;

impl Status {
    /// One row a step; `expected_ms` knows the medians of earlier jobs.
    pub fn steps_shown(
        &self,
        outline: &[Outline],
        now: Moment,
        expected_ms: impl Fn(&Outline) -> Option<i64>,
    ) -> Vec<Step> {
        let row = |(step, standing): (&Outline, &StepStatus)| Step {
            key: step.key.clone(),
            title: step.title.clone(),
            resource: step.resource.clone(),
            needs: before(outline, step),
            state: standing.shown(),
            note: note(standing),
            started: standing.started,
            ended: standing.ended,
            waits: waits(standing, now),
            tries: standing.tries,
            expected_ms: expected_ms(step),
        };
        outline.iter().zip(&self.steps).map(row).collect()
    }

    /// Titles of the steps at work.
    pub fn at_work(&self, outline: &[Outline]) -> Vec<String> {
        let steps = outline.iter().zip(&self.steps).filter(|(_, standing)| standing.in_flight());
        steps.map(|(step, _)| step.title.clone()).collect()
    }

    /// The step that stopped the job, and why.
    pub fn failure<'a>(&'a self, outline: &'a [Outline]) -> Option<(&'a Outline, &'a Failure)> {
        outline.iter().zip(&self.steps).find_map(|(step, standing)| Some((step, standing.failure()?)))
    }

    /// Names of the resources that stand.
    pub fn stands(&self, outline: &[Outline]) -> Vec<String> {
        let steps = outline.iter().zip(&self.steps).filter(|(step, standing)| step.leaves && standing.output.is_some());
        steps.map(|(step, _)| step.resource.clone()).collect()
    }

    /// One line for lists: "9 of 12 steps", "Step “vault” stopped", "6 of 9 undone".
    pub fn line(&self, outline: &[Outline]) -> String {
        let all = self.steps.len();
        match self.state() {
            State::NeedsPerson if self.held.is_some() => "The changed plan waits for approval".to_owned(),
            State::NeedsPerson => match self.failure(outline) {
                Some((step, _)) => format!("Step “{}” stopped", step.title.to_lowercase()),
                None => String::new(),
            },
            State::Cancelled => format!("{} of {all} steps done", self.done()),
            State::RollingBack | State::RolledBack => {
                let begun = self.steps.iter().filter(|step| step.started.is_some()).count();
                let undone = self.steps.iter().filter(|step| step.phase == Phase::Undone).count();
                format!("{undone} of {begun} undone")
            }
            State::Queued | State::Running | State::Waiting | State::Succeeded => {
                format!("{} of {all} steps", self.done())
            }
        }
    }

    /// How the five parts stand. A part is made of the steps that belong to it.
    pub fn arch(&self, outline: &[Outline]) -> Arch {
        let moving = self.state().moving();
        Arch(Part::ALL.map(|part| {
            // What was to go and is gone belongs to the part no more.
            let counts = |(step, standing): &(&Outline, &StepStatus)| {
                step.part == Some(part) && (step.aim == Aim::There || !standing.settled())
            };
            let of_part = || outline.iter().zip(&self.steps).filter(counts).map(|(_, standing)| standing);
            let any = |of: fn(&StepStatus) -> bool| of_part().any(of);
            if !any(|step| step.touched) {
                Stone::NotThere
            } else if any(|step| step.failure().is_some()) {
                Stone::Loose
            } else if of_part().all(|step| step.phase == Phase::Succeeded || (step.stood && step.phase == Phase::Idle))
            {
                Stone::Stands
            } else if moving || any(StepStatus::in_flight) {
                Stone::Moving
            } else {
                Stone::Loose
            }
        }))
    }

    /// By the job's state alone; whether the caller may at all is the permission table's to say.
    pub fn can_cancel(&self) -> Can {
        match (self.state(), self.goal) {
            _ if self.replaced => Can::no(REPLACED),
            (State::Succeeded | State::RolledBack, _) => Can::no("The job is over."),
            (_, Goal::RollBack) => Can::no("The job is being rolled back."),
            (State::Cancelled, _) => Can::no("The job is cancelled."),
            (_, Goal::Stop) => Can::no("The job is being cancelled; the steps at work finish first."),
            (State::NeedsPerson, _) => Can::no("Nothing runs now."),
            _ => Can::yes(),
        }
    }

    pub fn can_retry(&self) -> Can {
        if self.replaced {
            return Can::no(REPLACED);
        }
        if self.held.is_some() {
            return Can::no("The changed plan waits for its approver.");
        }
        match self.state() {
            State::NeedsPerson | State::Cancelled => Can::yes(),
            State::Succeeded | State::RolledBack => Can::no("The job is over."),
            _ => Can::no("The job is still at work."),
        }
    }

    /// What a job changed or removed cannot be brought back by removing what it made.
    pub fn can_roll_back(&self, outline: &[Outline]) -> Can {
        match (self.state(), self.goal) {
            _ if self.replaced => Can::no(REPLACED),
            (State::Succeeded | State::RolledBack, _) => Can::no("The job is over."),
            (_, Goal::RollBack) => Can::no("The job is being rolled back."),
            _ => match Purpose::of(outline) {
                Purpose::Create => Can::yes(),
                Purpose::Change => Can::no("This job changes what stood before: ask for the former values instead."),
                Purpose::Destroy => Can::no("What is gone cannot be brought back."),
            },
        }
    }

    /// `silent_since` says since when the worker that holds the job was to write something and did not; none where
    /// nobody holds it.
    pub fn can_take_over(&self, silent_since: Option<Moment>, now: Moment) -> Can {
        match silent_since {
            _ if self.state().over() => Can::no("The job is over."),
            None => Can::no("No worker has this job in its hands."),
            Some(since) if now.since(since) >= SILENT_MILLIS => Can::yes(),
            Some(_) => {
                let patience = duration(SILENT_MILLIS);
                Can::no(format!("Its worker is alive: only one that is silent for {patience} is taken for stuck."))
            }
        }
    }
}

const REPLACED: &str = "A later request took over what this one left.";

/// Keys of the steps that come before this one in its job: those it needs, or, where it shall be gone, those that need
/// it; and what it was told to wait for.
fn before(outline: &[Outline], step: &Outline) -> Vec<String> {
    let mut before = match step.aim {
        Aim::There => step.needs.clone(),
        Aim::Gone => {
            let needing = outline.iter().filter(|other| other.aim == Aim::Gone && other.needs.contains(&step.key));
            needing.map(|other| other.key.clone()).collect()
        }
    };
    before.extend(step.after.iter().cloned());
    before
}

fn note(standing: &StepStatus) -> String {
    match &standing.phase {
        Phase::Asked { .. } | Phase::UndoAsked { .. } => "waits for Azure".to_owned(),
        Phase::Waits { until, why } | Phase::UndoWaits { until, why } => {
            format!("tries again at {}: {why}", until.clock())
        }
        Phase::Failed(failure) | Phase::UndoFailed(failure) => failure.title.clone(),
        _ => String::new(),
    }
}

/// The spans that are over, and the one that is not, until now.
fn waits(standing: &StepStatus, now: Moment) -> Vec<(Moment, Moment)> {
    let open = standing.waiting_since.map(|since| (since, now.max(since)));
    standing.waits.iter().copied().chain(open).collect()
}

//! A job: an approved plan on its way; the states of a job and its steps, and the events they are folded from.

pub mod decide;
pub mod event;
pub mod shown;
pub mod status;
#[cfg(test)]
mod tests;
pub mod told;

use crate::environment::Part;
use serde::{Deserialize, Serialize};

pub use decide::{Decision, Deed, Verb, decide, due};
pub use event::{Entry, Event};
pub use status::{Goal, Phase, Status, StepStatus};

/// What a job keeps of one step of its recipe, so that its log can be folded, drawn and decided on by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// `resource-group`.
    pub key: String,
    /// `Resource group`.
    pub title: String,
    /// Name of what it brings about: `rg-checkout-loadtest`.
    pub resource: String,
    /// Keys of the steps of this job that must have succeeded before.
    pub needs: Vec<String>,
    /// The part of the arch that it belongs to.
    pub part: Option<Part>,
    /// Whether it leaves something behind that a roll back removes.
    #[serde(default)]
    pub leaves: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Queued,
    Running,
    /// Nothing can be done before a moment: Azure thinks, or a role has not arrived.
    Waiting,
    /// Stopped by a failure, or by a changed plan that waits for its approver.
    NeedsPerson,
    /// Everything that was wished stands.
    Succeeded,
    /// Stopped by a person; what was made stands.
    Cancelled,
    RollingBack,
    /// Everything that it made is gone again.
    RolledBack,
}

impl State {
    pub const ALL: [State; 8] = [
        State::Queued,
        State::Running,
        State::Waiting,
        State::NeedsPerson,
        State::Succeeded,
        State::Cancelled,
        State::RollingBack,
        State::RolledBack,
    ];

    pub fn word(self) -> &'static str {
        match self {
            State::Queued => "Queued",
            State::Running => "Running",
            State::Waiting => "Waiting",
            State::NeedsPerson => "Needs a person",
            State::Succeeded => "Succeeded",
            State::Cancelled => "Cancelled",
            State::RollingBack => "Rolling back",
            State::RolledBack => "Rolled back",
        }
    }

    /// As the database and addresses write it.
    pub fn key(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Waiting => "waiting",
            State::NeedsPerson => "needs-person",
            State::Succeeded => "succeeded",
            State::Cancelled => "cancelled",
            State::RollingBack => "rolling-back",
            State::RolledBack => "rolled-back",
        }
    }

    pub fn of_key(key: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.key() == key)
    }

    /// Nothing will happen any more, whatever anyone asks.
    pub fn over(self) -> bool {
        matches!(self, State::Succeeded | State::RolledBack)
    }

    /// Something goes on by itself.
    pub fn moving(self) -> bool {
        matches!(self, State::Queued | State::Running | State::Waiting | State::RollingBack)
    }
}

/// The state of one step in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    Queued,
    Running,
    /// For Azure, for a right to arrive, or for its next try.
    Waiting,
    Succeeded,
    Failed,
    Undoing,
    Undone,
}

impl StepState {
    pub fn word(self) -> &'static str {
        match self {
            StepState::Queued => "queued",
            StepState::Running => "running",
            StepState::Waiting => "waiting",
            StepState::Succeeded => "succeeded",
            StepState::Failed => "failed",
            StepState::Undoing => "being undone",
            StepState::Undone => "undone",
        }
    }
}

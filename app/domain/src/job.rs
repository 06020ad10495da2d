//! A job: an approved plan on its way; the states of a job and its steps, and the events they are folded from.

pub mod decide;
pub mod event;
pub mod shown;
pub mod status;
pub mod step;
#[cfg(test)]
pub(crate) mod tests;
pub mod told;
pub mod word;

use crate::environment::Part;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use decide::{Decision, Deed, Verb, decide, due};
pub use event::{Entry, Event};
pub use status::{Goal, Status};
pub use step::{Phase, StepStatus};
pub use word::Word;

/// What a job keeps of one step of its recipe, so that its log can be folded, drawn and decided on by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// `resource-group`.
    pub key: String,
    /// `Resource group`.
    pub title: String,
    /// Name of what it brings about: `rg-checkout-loadtest`.
    pub resource: String,
    /// Keys of the steps of this job whose outputs it reads: they are there before it, and gone after it.
    pub needs: Vec<String>,
    /// Keys of further steps of this job that must have come to their aim before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    #[serde(default)]
    pub aim: Aim,
    /// What an earlier job left of it: its output, null where none is known. A step without is this job's to make.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub stood: Option<Value>,
    /// What Azure keeps of it after its removal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keeps: Option<Keeps>,
    /// Whether what Azure would keep is purged with it.
    #[serde(default)]
    pub purge: bool,
    /// The part of the arch that it belongs to.
    pub part: Option<Part>,
    /// Whether it leaves something behind that a roll back removes.
    #[serde(default)]
    pub leaves: bool,
    /// Of the step, when the job was approved: an older Keystead leaves a job alone whose steps it does not know so well.
    #[serde(default = "first_version")]
    pub version: u32,
}

/// A deed ends within two minutes: a worker that was to write something and is silent for longer than this hangs.
pub const SILENT_MILLIS: i64 = 3 * 60_000;

/// Of steps that never said one.
fn first_version() -> u32 {
    1
}

/// What Azure keeps of something that was removed, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeps {
    /// `Key Vault`.
    pub kind: String,
    /// `kv-payments-staging`.
    pub name: String,
    /// From its removal.
    pub days: u32,
    /// Whether nothing else can bear the name until then.
    pub holds_name: bool,
}

impl Keeps {
    /// For the plan's reader.
    pub fn sentence(&self) -> String {
        let Keeps { kind, name, days, .. } = self;
        let held = if self.holds_name { "; until then nothing else in Azure can bear its name" } else { "" };
        format!("{kind} {name} can be recovered for {days} days after its removal{held}.")
    }
}

/// What a job is to make of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// It shall stand as wished.
    #[default]
    There,
    /// It shall be removed.
    Gone,
}

/// Ends the key of a step that removes what stood under the former wish, where the same step stands under the new one.
const FORMER: &str = "~former";

impl Outline {
    /// The key of the recipe's step that does it.
    pub fn recipe_key(&self) -> &str {
        recipe_key(&self.key)
    }

    /// The key under which a job removes what this step brought about under the former wish.
    pub fn former_key(key: &str) -> String {
        format!("{key}{FORMER}")
    }
}

/// The key of the recipe's step behind the key of a job's.
pub fn recipe_key(key: &str) -> &str {
    key.strip_suffix(FORMER).unwrap_or(key)
}

/// What a job is for, as its steps tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Nothing stood before.
    Create,
    Change,
    Destroy,
}

impl Purpose {
    pub fn of(outline: &[Outline]) -> Purpose {
        let mut leaving = outline.iter().filter(|step| step.leaves).peekable();
        if leaving.peek().is_some() && leaving.all(|step| step.aim == Aim::Gone) {
            Purpose::Destroy
        } else if outline.iter().any(|step| step.stood.is_some()) {
            Purpose::Change
        } else {
            Purpose::Create
        }
    }
}

/// A null that is there says that something stood, of which nothing is known.
fn known<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = JobState))]
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
    /// Removed, as was wished.
    Gone,
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
            StepState::Gone => "gone",
        }
    }
}

//! A job as a row and as its own page: graph, timeline and log, and what may be done with it now.

use super::Can;
use crate::failure::Failure;
use crate::id::{JobId, RequestId};
use crate::job::{State, StepState, Word};
use crate::moment::Moment;
use serde::{Deserialize, Serialize};

/// Which jobs a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct Filter {
    /// Name of an environment, or empty.
    pub environment: String,
    /// A team's name, or empty.
    pub team: String,
    /// Only those in this state.
    #[cfg_attr(feature = "schema", param(inline))]
    pub state: Option<State>,
    /// Cursor of the page to show, or empty.
    pub after: String,
    /// Rows of one page, from 1 to 200; 50 without it.
    #[cfg_attr(feature = "schema", param(minimum = 1, maximum = 200))]
    pub limit: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = JobRow))]
pub struct Row {
    pub id: JobId,
    /// "Create checkout-loadtest".
    pub title: String,
    pub environment: String,
    pub team: String,
    pub state: State,
    /// Titles of the steps at work.
    pub at: Vec<String>,
    pub steps_done: usize,
    pub steps: usize,
    pub started: Moment,
    /// When it came to rest.
    pub ended: Option<Moment>,
    /// What a person said to it last.
    pub word: Option<Word>,
}

/// Everything on a job's page; the event stream sends it again, without lines, whenever it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Job))]
pub struct Whole {
    pub row: Row,
    pub asked_by: String,
    pub approved_by: String,
    pub approved_at: Moment,
    pub request: RequestId,
    pub steps: Vec<Step>,
    /// Of the step that stopped the job.
    pub failure: Option<Failure>,
    pub failed_step: Option<String>,
    /// Wall milliseconds of work until now, waits included.
    pub took_ms: i64,
    /// Whole length by the medians of earlier jobs, where there were any.
    pub expected_ms: Option<i64>,
    pub cancel: Can,
    pub retry: Can,
    pub roll_back: Can,
    pub take_over: Can,
    /// Where it stands among the jobs that wait for a worker, while it does.
    pub turn: Option<Turn>,
    /// What people said to it, in order.
    pub words: Vec<Word>,
    /// What stands now and would stay or go: names of resources.
    pub stands: Vec<String>,
    /// A request of another vault name waits for its approver.
    pub held_by: Option<RequestId>,
    /// Position of the last event folded into this.
    pub position: i64,
    pub now: Moment,
}

/// The end of a log, or a part further up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tail {
    /// Oldest first.
    pub lines: Vec<Line>,
    /// How many come before the first of them.
    pub earlier: i64,
}

/// The place of a job that is due and that no worker has taken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Turn {
    /// 1 is taken next.
    pub place: u32,
    /// Other teams whose jobs come before.
    pub teams: u32,
}

impl Turn {
    /// "3rd in the queue, jobs of 2 other teams before it".
    pub fn sentence(self) -> String {
        let Turn { place, teams } = self;
        let ending = match (place % 10, place % 100) {
            (_, 11..=13) => "th",
            (1, _) => "st",
            (2, _) => "nd",
            (3, _) => "rd",
            _ => "th",
        };
        match (place, teams) {
            (1, _) => "Next in the queue".to_owned(),
            (_, 0) => format!("{place}{ending} in the queue, all before it of the same team"),
            (_, 1) => format!("{place}{ending} in the queue, jobs of 1 other team before it"),
            (_, teams) => format!("{place}{ending} in the queue, jobs of {teams} other teams before it"),
        }
    }
}

/// A step as graph node and timeline row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = JobStep))]
pub struct Step {
    /// `resource-group`.
    pub key: String,
    /// `Resource group`.
    pub title: String,
    /// Name of what it brings about: `rg-checkout-loadtest`.
    pub resource: String,
    /// Keys of the steps it needs.
    pub needs: Vec<String>,
    pub state: StepState,
    /// One line about now: "waits for Azure", "tries again at 11:22:46: …".
    pub note: String,
    pub started: Option<Moment>,
    pub ended: Option<Moment>,
    /// Spans of waiting inside it, for the dashed part of its bar.
    pub waits: Vec<(Moment, Moment)>,
    pub tries: u32,
    /// Median of earlier runs.
    pub expected_ms: Option<i64>,
}

/// A line of the log, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = LogLine))]
pub struct Line {
    pub number: i64,
    pub at: Moment,
    /// Key of its step, or empty for the job's own.
    pub step: String,
    /// Title of its step.
    pub title: String,
    pub tone: Tone,
    pub text: String,
}

/// How a line of the log is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    Plain,
    Done,
    Waiting,
    Failed,
    Person,
}

//! An environment as a row of the list and as its own page.

use super::Can;
use crate::check;
use crate::cost::actual::{Actual, ByTeam};
use crate::cost::{Amount, Estimate};
use crate::environment::{Arch, State};
use crate::form::accept::Accept;
use crate::id::{EnvironmentId, JobId, RequestId, ValidationId};
use crate::job;
use crate::moment::Moment;
use crate::plan;
use crate::quota::Quota;
use crate::wish::Wish;
use serde::{Deserialize, Serialize};

/// Which rows a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct Filter {
    /// Without it all that are not gone.
    #[cfg_attr(feature = "schema", param(inline))]
    pub show: Show,
    /// Part of a name, an owner or an Azure resource.
    pub search: String,
    /// A team's name, or empty.
    pub team: String,
    /// Only those in this state.
    #[cfg_attr(feature = "schema", param(inline))]
    pub state: Option<State>,
    /// Account name of the one who asked for it, or empty.
    pub owner: String,
    /// In which order.
    #[cfg_attr(feature = "schema", param(inline))]
    pub sort: Sort,
    /// Cursor of the page to show, or empty.
    #[cfg_attr(feature = "schema", param(ignore))]
    pub after: String,
}

/// In which order environments are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EnvironmentsSort))]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// What needs a person first, then by name.
    #[default]
    Need,
    Name,
    /// What was asked for last comes first.
    Newest,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EnvironmentsShown))]
#[serde(rename_all = "kebab-case")]
pub enum Show {
    /// All that are not gone.
    #[default]
    All,
    Mine,
    NeedsPerson,
    Gone,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EnvironmentRow))]
pub struct Row {
    pub id: EnvironmentId,
    pub name: String,
    /// As people read it: `Payments`.
    pub team: String,
    pub region: String,
    pub state: State,
    /// One line: "9 of 12 steps", "2 of 10 checks fail", "since yesterday".
    pub detail: String,
    /// Account name of the one who asked.
    pub owner: String,
    pub arch: Arch,
    /// When its lifetime ends; counted from the approval, so `None` before it.
    pub ends: Option<Moment>,
    pub lifetime_days: u32,
    /// What it costs a month, by the prices of when it was asked for; `None` where none could be had.
    #[serde(default)]
    pub monthly: Option<Amount>,
    pub updated: Moment,
}

/// The list with what stands above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    pub rows: Vec<Row>,
    /// Rows per chip, under the same search and team.
    pub all: i64,
    pub mine: i64,
    pub needs_person: i64,
    pub next: Option<String>,
    /// Teams that the caller may filter by: name and title.
    pub teams: Vec<(String, String)>,
    /// What the environments of each team that are not gone cost a month: its title, and the sum.
    pub sums: Vec<(String, Amount)>,
    /// What is used of the quotas of the caller's teams, or of the one that is filtered by.
    #[serde(default)]
    pub quotas: Vec<TeamQuota>,
    /// What was billed this month; `None` where that is not read.
    #[serde(default)]
    pub actual: Option<ByTeam>,
    /// Nearest name where nothing was found.
    pub nearest: Option<String>,
    /// When the server read this.
    pub now: Moment,
}

/// A team's quota as it is used now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamQuota {
    /// Its name.
    pub team: String,
    pub quota: Quota,
}

/// Everything on an environment's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Environment))]
pub struct Whole {
    pub row: Row,
    pub wish: Wish,
    /// Title of the template it was made from.
    pub template: String,
    pub request: RequestId,
    pub jobs: Vec<JobLine>,
    /// The newest run of the checks.
    pub validation: Option<Validation>,
    /// Earlier runs, newest first, without their results' evidence.
    pub history: Vec<Validation>,
    /// `http://127.0.3.1:8080`, once the service has an address.
    pub address: Option<String>,
    /// Each part with its state, for topology and list.
    pub parts: Vec<Part>,
    pub validate: Can,
    pub change: Can,
    pub destroy: Can,
    pub release: Can,
    /// A request about it that waits for its decision.
    pub waits: Option<RequestId>,
    /// Where its newest job stands among those that wait for a worker, while it does.
    pub turn: Option<super::job::Turn>,
    /// The request by which Keystead let go of it; its plan lists what stood then.
    pub released: Option<RequestId>,
    /// What Azure still keeps of it, once it is gone.
    pub kept: Vec<Kept>,
    /// What differs from what was approved, once it was looked at.
    pub drift: Option<Drift>,
    /// What of it can become the new wish.
    pub accept: Accept,
    /// What it costs by resource.
    #[serde(default)]
    pub cost: Option<Estimate>,
    /// What was billed for it; `None` where that is not read.
    #[serde(default)]
    pub actual: Option<Actual>,
    /// Where its owner has left: since when, and whether the caller may take it over.
    #[serde(default)]
    pub orphaned: Option<Orphaned>,
    /// When the server rendered this.
    pub now: Moment,
}

/// An environment that was asked for by somebody who has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Orphaned {
    pub since: Moment,
    pub take_on: Can,
}

/// A look at what stands, held against what was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Drift {
    pub looked: Moment,
    /// Empty where nothing differs.
    pub lines: Vec<Drifted>,
}

/// Something that is not as it was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Drifted {
    /// What a repair would do.
    pub line: plan::Line,
    /// Who changed it last, as Azure's activity log has it, and when.
    pub by: Option<(String, Moment)>,
}

impl Drifted {
    /// `Key Vault kv-payments-staging: enableRbacAuthorization is otherwise`.
    pub fn sentence(&self) -> String {
        let plan::Line { kind, name, verb, changes, .. } = &self.line;
        let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
        let said = match verb {
            plan::Verb::Create => "is not there".to_owned(),
            plan::Verb::Delete => "is there and should not be".to_owned(),
            _ if fields.is_empty() => "is otherwise".to_owned(),
            _ => format!("{} otherwise", fields.join(", ")),
        };
        format!("{kind} {name}: {said}")
    }
}

/// Something that Azure keeps after its removal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Kept {
    /// `Key Vault`.
    pub kind: String,
    pub name: String,
    pub until: Moment,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JobLine {
    pub id: JobId,
    /// "Create", "Roll back".
    pub title: String,
    pub state: job::State,
    pub started: Moment,
    pub took_ms: Option<i64>,
    /// What a person said to it last.
    pub word: Option<job::Word>,
}

/// One run of the checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Validation {
    pub id: ValidationId,
    pub at: Moment,
    pub took_ms: i64,
    /// Who asked, or that the job or the timer did.
    pub by: String,
    pub results: Vec<check::Result>,
    /// When those that could not tell are asked again.
    pub again: Option<Moment>,
    /// Still running: results arrive one by one.
    pub running: bool,
}

/// One of the secrets that Keystead wrote to an environment's vault; its value is shown to nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = SecretRow))]
pub struct Secret {
    pub name: String,
    /// The newest; `None` where the vault has none of this name, or could not be asked.
    pub version: Option<String>,
    pub enabled: Option<bool>,
    /// When that version was made, to the second, and how long ago.
    pub created: Option<Moment>,
    pub age_seconds: Option<i64>,
}

/// The secrets of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Secrets {
    pub vault: String,
    pub rows: Vec<Secret>,
    /// Why the vault could not be asked, where it could not; then only the names are known.
    pub unread: Option<String>,
    /// Whether the caller may set the password now, or why not.
    pub set: Can,
    pub next: Option<String>,
    pub now: Moment,
}

/// A part of the topology.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EnvironmentPart))]
pub struct Part {
    pub part: PartKind,
    /// `aks-payments-staging`.
    pub name: String,
    /// "3 × Standard_D2s_v5, Kubernetes 1.36".
    pub detail: String,
    pub state: PartState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    Public,
    Cluster,
    WebApp,
    Identity,
    Vault,
    Secrets,
    Database,
    Insights,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PartState {
    Stands,
    Moving,
    Failed,
    /// A check could not tell.
    Unknown,
    NotThere,
}

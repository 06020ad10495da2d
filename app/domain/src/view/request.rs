//! A request as a row and as its own page; what a plan in the making shows beside the form.

use super::Can;
use crate::approval::Entry;
use crate::cost::{Costing, Monthly};
use crate::field::FieldError;
use crate::id::{JobId, RequestId};
use crate::moment::Moment;
use crate::plan::{Finding, Plan, Weight};
use crate::quota::Quota;
use crate::request::{Kind, State};
use crate::wish::Wish;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RequestsShown))]
#[serde(rename_all = "kebab-case")]
pub enum Show {
    /// Everything that the caller may see.
    #[default]
    All,
    Mine,
    /// What waits for this caller's decision, oldest first: the inbox.
    Inbox,
    /// What was decided lately of the caller's teams, newest first.
    Decided,
}

/// In which order requests are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RequestsSort))]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    #[default]
    Newest,
    Oldest,
}

/// Which requests a list shows; what is left out bounds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct Filter {
    /// Without it everything that the caller may see. `inbox` and `decided` are whole: nothing else bounds or sorts them.
    #[cfg_attr(feature = "schema", param(inline))]
    pub show: Show,
    /// Only those in this state.
    #[cfg_attr(feature = "schema", param(inline))]
    pub state: Option<State>,
    /// Only those that ask for this.
    #[cfg_attr(feature = "schema", param(inline))]
    pub kind: Option<Kind>,
    /// A team's name.
    pub team: String,
    /// Account name of the one who asked.
    pub owner: String,
    /// In which order.
    #[cfg_attr(feature = "schema", param(inline))]
    pub sort: Sort,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RequestRow))]
pub struct Row {
    pub id: RequestId,
    pub kind: Kind,
    /// Name of the environment.
    pub environment: String,
    pub team: String,
    pub state: State,
    pub requester: String,
    pub sent: Moment,
    pub lapses: Moment,
    pub reason: String,
    /// "3 × Standard_D2s_v5", "agent pool identity": what is at stake at a glance.
    pub at_stake: Vec<String>,
    pub creates: usize,
    pub changes: usize,
    pub deletes: usize,
    /// What it costs, where a price could be had.
    #[serde(default)]
    pub cost: Option<Monthly>,
    /// What its approver should know, counted.
    #[serde(default)]
    pub findings: usize,
    pub decided_by: Option<String>,
    pub decided_at: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Request))]
pub struct Whole {
    pub row: Row,
    pub wish: Wish,
    /// What the environment was until then, where this changes it.
    pub former: Option<Wish>,
    pub plan: Plan,
    /// By the prices of when it was sent; no part of the digest.
    #[serde(default)]
    pub cost: Option<Costing>,
    pub digest: String,
    pub comment: Option<String>,
    /// Who may decide, in words: "A manager of team Payments".
    pub decider: String,
    /// The levels of its approval in order.
    pub levels: Vec<Level>,
    /// The level that is asked now, from 0.
    pub level: u32,
    /// Whether an approval needs a comment too.
    pub comment_needed: bool,
    /// Everything that was said and happened, oldest first.
    pub record: Vec<Entry>,
    pub decide: Can,
    /// For whom the caller would decide, where somebody has handed over.
    pub on_behalf: Option<String>,
    pub withdraw: Can,
    pub remark: Can,
    pub job: Option<JobId>,
    pub now: Moment,
}

/// One level of an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RequestLevel))]
pub struct Level {
    /// "A manager of team Payments".
    pub who: String,
    /// How many different people.
    pub approvers: u32,
    /// Who has approved, each with "for NAME" where somebody had handed over.
    pub approved: Vec<String>,
    /// The group of the directory that answers on it, where it is one: "Security".
    #[serde(default)]
    pub group: Option<String>,
    /// Why it is asked, where a policy says so.
    #[serde(default)]
    pub why: Option<String>,
    pub stand: LevelStand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LevelStand {
    Approved,
    Asked,
    /// Asked when those before have approved.
    Later,
    /// Never asked, because the request ended before.
    Over,
}

/// What somebody has handed over, and to whom one could.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HandingOver {
    /// Whether the caller decides on anything at all.
    pub decides: bool,
    /// Account names that could take it.
    pub to: Vec<String>,
    pub handed: Option<Handed>,
    /// What others have handed to the caller.
    pub taken: Vec<Handed>,
    pub now: Option<Moment>,
}

/// One hand-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Handed {
    pub from: String,
    pub to: String,
    pub until: Moment,
}

/// A form that changes an environment: what it says now, and what may be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changing {
    pub environment: String,
    /// As it stands: what is not named anew stays.
    pub wish: Wish,
    pub choices: crate::form::Choices,
    /// Who decides, in words.
    pub decider: String,
    pub now: Moment,
}

/// The plan of a removal, before anybody is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Destruction {
    pub environment: String,
    pub plan: Plan,
    /// What is paid no longer, where a price could be had.
    #[serde(default)]
    pub cost: Option<Costing>,
    pub digest: String,
    /// Whether the vault may be purged at once, so that its name is free, or why not.
    pub purge: Can,
    pub decider: String,
    pub now: Moment,
}

/// What stays on Azure where Keystead lets go of an environment, before anybody is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Release {
    pub environment: String,
    /// Everything that stands, kept; what Keystead stops doing stands under what it permits.
    pub plan: Plan,
    pub digest: String,
    pub decider: String,
    pub now: Moment,
}

/// A deleted vault that holds the name which the form gives, and what can become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedVault {
    pub name: String,
    /// The resource group that it was in.
    pub group: String,
    /// Where it was, and is kept.
    pub region: String,
    /// `24 Feb 2027`, where Azure says it.
    pub until: Option<String>,
    /// Whether nobody can purge it before its time.
    pub protected: bool,
    /// To be recovered, the new one has to be where it was.
    pub recover: Can,
    pub purge: Can,
}

impl DeletedVault {
    /// Where it is, until when Azure keeps it, and whether that can be cut short.
    pub fn said(&self) -> String {
        let until = self.until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
        let protection = if self.protected { "with purge protection" } else { "without purge protection" };
        format!(
            "A deleted vault holds the name {}. It was in the resource group {} in {}; Azure keeps it{until}, {protection}.",
            self.name, self.group, self.region
        )
    }
}

/// What the panel beside the form shows while it is filled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPanel {
    pub errors: Vec<FieldError>,
    /// As far as the answers allow one.
    pub plan: Option<Plan>,
    /// "A manager of team Payments decides."
    pub decider: String,
    /// Whether the vault's name could be asked of Azure, and when.
    pub looked: Option<Moment>,
    /// A deleted vault that holds the name.
    pub deleted_vault: Option<DeletedVault>,
    /// Why Azure could not be asked, where it could not.
    pub unreachable: Option<String>,
    /// What it would cost.
    #[serde(default)]
    pub cost: Option<Costing>,
    /// Why no price could be had, where none could.
    #[serde(default)]
    pub unpriced: Option<String>,
    /// Who bears it, where the team has a cost centre.
    #[serde(default)]
    pub cost_centre: Option<String>,
    /// What of the team's quota is used with it, where the team has one.
    #[serde(default)]
    pub quota: Option<Quota>,
}

impl PlanPanel {
    /// Whether a finding keeps the plan from being sent for the answer in this field.
    pub fn denies(&self, field: &str) -> bool {
        let denies = |finding: &Finding| finding.weight == Weight::Deny && finding.field.as_deref() == Some(field);
        self.plan.as_ref().is_some_and(|plan| plan.findings.iter().any(denies))
    }
}

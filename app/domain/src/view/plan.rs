//! A plan that was made before anybody is asked, to be read and then sent as it is.

use crate::approval::{By, Level, Rule};
use crate::cost::{Costing, Monthly};
use crate::id::{PlanId, RequestId};
use crate::moment::Moment;
use crate::plan::{Finding, Line, Weight};
use crate::policy::Ruled;
use crate::quota::Quota;
use crate::request::Kind;
use crate::wish::Wish;
use serde::{Deserialize, Serialize};

/// Everything that is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = MadePlan))]
pub struct Made {
    pub id: PlanId,
    pub kind: Kind,
    /// Name of the environment.
    pub environment: String,
    pub wish: Wish,
    /// What the environment is until then, where this changes it.
    pub former: Option<Wish>,
    /// What is done with each resource, in the order in which it will happen.
    pub resources: Vec<Line>,
    /// What an approval permits, in sentences.
    pub permits: Vec<String>,
    /// What Azure keeps after a removal, in sentences.
    pub kept: Vec<String>,
    /// What is to be said of it, denials first.
    pub findings: Vec<Told>,
    /// Whether nothing of that keeps it from being sent.
    pub sendable: bool,
    /// What it costs a month in one figure, where a price could be had.
    pub monthly: Option<Monthly>,
    /// When Azure's list of prices was read for it.
    pub priced: Option<Moment>,
    /// The same by resource.
    pub cost: Option<Costing>,
    /// Why no price could be had, where none could.
    pub unpriced: Option<String>,
    /// What of the team's quota is used with it, where the team has one.
    pub quota: Option<Quota>,
    /// Who will have to approve it.
    pub approval: Approval,
    /// Whether `db_password` has to come with the request.
    pub password_needed: bool,
    /// Names exactly this plan; a request for it repeats it.
    pub digest: String,
    pub made: Moment,
    /// Sent before that, it is frozen as it is; later what stands is looked at again first.
    pub fresh_until: Moment,
    /// Sent after that, it is refused.
    pub expires: Moment,
    /// What it was sent as.
    pub request: Option<RequestId>,
}

/// Something that the plan's reader should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PlanFinding))]
pub struct Told {
    pub weight: Weight,
    /// The answer that it is about, as a JSON pointer into the form: `/nodes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The same as a field's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    pub sentence: String,
    /// The policy that says so, with its effect, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Ruled>,
}

impl Told {
    pub fn of(finding: &Finding) -> Told {
        Told {
            weight: finding.weight,
            pointer: finding.field.as_ref().map(|field| format!("/{field}")),
            field: finding.field.clone(),
            sentence: finding.sentence.clone(),
            policy: finding.policy.clone(),
        }
    }
}

/// Who will have to approve a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PlanApproval))]
pub struct Approval {
    /// "A manager of team Payments decides, then a platform engineer."
    pub decider: String,
    /// In order.
    pub levels: Vec<Asked>,
    /// Whether an approval needs a comment too.
    pub comment_needed: bool,
    /// For how many days a request waits.
    pub valid_days: u32,
}

/// One level of an approval that is still to be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PlanLevel))]
pub struct Asked {
    pub by: Who,
    /// The group's title, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How many different people.
    pub approvers: u32,
}

/// Who answers on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PlanDecider))]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    Managers,
    Platform,
    /// Whoever is in a group of the directory.
    Group,
}

impl Asked {
    fn of(level: &Level) -> Asked {
        let (by, group) = match &level.by {
            By::Managers => (Who::Managers, None),
            By::Platform => (Who::Platform, None),
            By::Group(group) => (Who::Group, Some(group.title.clone())),
        };
        Asked { by, group, approvers: level.approvers }
    }
}

impl Approval {
    pub fn of(rule: &Rule, decider: String) -> Approval {
        let levels = rule.levels.iter().map(Asked::of);
        Approval { decider, levels: levels.collect(), comment_needed: rule.comment, valid_days: rule.valid_days }
    }
}

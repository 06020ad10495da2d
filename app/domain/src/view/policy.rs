//! Policies and templates as their pages show them: what is in force and who it is for; for a platform engineer its text,
//! its versions, and what one of them would have done to past requests.

use super::Can;
use crate::id::RequestId;
use crate::moment::Moment;
use crate::policy::Effect;
use crate::request::Kind;
use serde::{Deserialize, Serialize};

/// Where a policy is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PolicySource))]
pub enum Source {
    /// Shown, and changed nowhere but there.
    Configuration,
    Page,
}

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PolicyBy))]
pub struct By {
    pub name: String,
    pub at: Moment,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PolicyRow))]
pub struct Row {
    pub name: String,
    pub title: String,
    pub source: Source,
    /// That is switched on; none where it is off. Of the configuration there are no versions.
    pub on: Option<u32>,
    pub newest: u32,
    /// Who wrote what is on, or the newest where nothing is.
    pub written: Option<By>,
    /// "Team Payments, every template, create and change".
    pub scope: String,
    /// What passes, each with what becomes of anything else.
    pub says: Vec<(Effect, String)>,
}

impl Row {
    pub fn in_force(&self) -> bool {
        self.source == Source::Configuration || self.on.is_some()
    }
}

/// What a request's defaults can come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PolicyTemplate))]
pub struct Template {
    pub name: String,
    pub title: String,
    pub version: u32,
    /// "3 × Standard_D2s_v5, Kubernetes 1.36, 30 days".
    pub brief: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Policies))]
pub struct List {
    pub policies: Vec<Row>,
    pub templates: Vec<Template>,
    /// Whether the caller writes policies.
    pub write: Can,
    /// Whether those that are off, and the text of all, are shown.
    pub whole: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PolicyVersion))]
pub struct Version {
    pub number: u32,
    pub title: String,
    pub written: By,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Policy))]
pub struct Whole {
    pub row: Row,
    /// The version that is shown; 0 of the configuration.
    pub shown: u32,
    /// As it was written; for those who see everything.
    pub text: Option<String>,
    /// Newest first; for those who see everything.
    pub versions: Vec<Version>,
    /// Who switched it on or off last.
    pub switched: Option<By>,
    pub trial: Option<Trial>,
    pub write: Can,
}

/// What the shown version would have done to past requests, beside the one that is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PolicyTrial))]
pub struct Trial {
    pub days: u32,
    /// How many requests were looked at.
    pub tried: usize,
    /// Whether there were more than are looked at.
    pub more: bool,
    /// Of those of which something else would have been said: by what weighs most, how many.
    pub effects: Vec<(Effect, usize)>,
    /// Of how many nothing would be said any more.
    pub freed: usize,
    /// The newest of them.
    pub otherwise: Vec<Tried>,
}

/// One past request; what weighs most of what is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PolicyTried))]
pub struct Tried {
    pub request: RequestId,
    pub kind: Kind,
    pub environment: String,
    pub requester: String,
    pub sent: Moment,
    pub before: Option<Effect>,
    pub after: Option<Effect>,
    pub says: Vec<String>,
}

//! Teams as those see them who ask with them: who decides, and how much of what they may hold is held.

use crate::cost::currency::Currency;
use serde::{Deserialize, Serialize};

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = TeamRow))]
pub struct Row {
    pub name: String,
    /// As people read it: `Payments`.
    pub title: String,
    /// Account names of those who decide for it.
    pub managers: Vec<String>,
    /// Who pays; it stands as a tag on everything that is made for the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_centre: Option<String>,
    /// Whether the caller may ask for environments of it.
    pub asks: bool,
}

/// What a team holds, and may hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = QuotaRow))]
pub struct Holds {
    pub team: String,
    /// As people read it: `Payments`.
    pub title: String,
    pub environments: Part,
    /// Of all nodes.
    pub cores: Part,
    /// A month, in millionths of the currency.
    pub monthly: Part,
    pub currency: Currency,
}

/// One part of a quota, with what changes that wait for their decision would add.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = QuotaPart))]
pub struct Part {
    pub held: i64,
    /// `None` where it is not bounded.
    pub of: Option<i64>,
}

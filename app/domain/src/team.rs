//! A team: who asks together, who decides, and which Entra group stands for it on Azure.

use crate::name::TeamName;
use serde::{Deserialize, Serialize};

/// Comes from the configuration; the group's object id is what the team's role on a vault is given to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    pub name: TeamName,
    /// As people read it: `Payments`.
    pub title: String,
    /// Object id of the team's Entra group.
    pub group: String,
    /// Who bears what the team's environments cost; stands as a tag on their resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_centre: Option<String>,
}

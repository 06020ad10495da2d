//! What Azure says that environments have cost, and whose each line of its answer is.

use super::Amount;
use super::calendar::{Day, Month};
use super::currency::Currency;
use crate::id::EnvironmentId;
use crate::moment::Moment;
use crate::naming;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was billed in a month; a currency has one amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Spent {
    /// `2026-11`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub month: Month,
    /// In the currency that Azure bills in; none where it has told nothing.
    pub amounts: Vec<Amount>,
}

impl Spent {
    /// `€12.30`, or that nothing was told.
    pub fn said(&self) -> String {
        match self.amounts.as_slice() {
            [] => "nothing told".to_owned(),
            amounts => amounts.iter().map(|amount| amount.said()).collect::<Vec<_>>().join(" and "),
        }
    }
}

/// What an environment has cost by Azure's own figures, which come up to two days late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ActualCost))]
pub struct Actual {
    pub this_month: Spent,
    pub last_month: Spent,
    /// The newest day of which Azure has told anything, in the whole subscription: `2026-11-26`.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub until: Option<Day>,
    /// When Azure told it; `None` where it was never read.
    pub read: Option<Moment>,
    /// Why Azure did not tell at the newest try.
    pub refused: Option<Unread>,
}

/// Why Azure did not tell what was billed, and what helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ActualCostUnread))]
pub struct Unread {
    pub why: String,
    /// A command that would mend it, where one would.
    pub command: Option<String>,
}

/// What environments have cost this month, by team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByTeam {
    pub month: Month,
    /// A team's title, and what was billed for its environments, gone ones too.
    pub sums: Vec<(String, Amount)>,
    pub until: Option<Day>,
}

/// What is in these figures and what is not, in sentences.
pub const COUNTS: [&str; 2] = [
    "What bears the environment’s tag, and what lies in its resource group and in the one that AKS made for its nodes.",
    "Not counted: what is shared with others (a workspace, a registry), the database, reservations and savings that were paid elsewhere, taxes.",
];

/// One line of Azure's: what was billed on a day for what bears the same tag in the same group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub day: Day,
    pub amount: Amount,
    /// Value of the tag that names an environment.
    pub environment: Option<String>,
    pub group: String,
}

/// An environment that something could have been billed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub id: EnvironmentId,
    pub name: String,
    /// The day of its approval.
    pub since: Day,
    /// The day on which it was gone.
    pub until: Option<Day>,
}

impl Owner {
    fn stood(&self, day: Day) -> bool {
        self.since <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// What was billed for each environment in each month; what is nobody's here is left out. A tag decides; without one the
/// resource group does, whose name was the newest environment's that stood on that day.
pub fn attributed(lines: &[Line], owners: &[Owner]) -> BTreeMap<(EnvironmentId, Month, Currency), i64> {
    let by_id: BTreeMap<&str, &Owner> = owners.iter().map(|owner| (owner.id.as_str(), owner)).collect();
    let mut by_name: BTreeMap<&str, Vec<&Owner>> = BTreeMap::new();
    for owner in owners {
        by_name.entry(owner.name.as_str()).or_default().push(owner);
    }
    let mut sums = BTreeMap::new();
    for line in lines {
        let owner = match &line.environment {
            Some(id) => by_id.get(id.as_str()).copied(),
            None => naming::of_group(&line.group).and_then(|name| {
                let bore = by_name.get(name.as_str())?.iter().filter(|owner| owner.stood(line.day));
                bore.max_by_key(|owner| owner.since).copied()
            }),
        };
        if let Some(owner) = owner {
            let sum = sums.entry((owner.id.clone(), line.day.month(), line.amount.currency)).or_insert(0_i64);
            *sum = sum.saturating_add(line.amount.micros);
        }
    }
    sums
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

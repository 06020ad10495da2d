//! A team's quota: how much it may hold, how much it holds, and which of one's own environments could make room.

use crate::cost::Amount;
use crate::cost::currency::Currency;
use crate::plan::Finding;
use serde::{Deserialize, Serialize};

/// What a team may hold at a time; what is not named is not bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub environments: Option<u32>,
    /// Of all nodes.
    pub cores: Option<u32>,
    /// In whole units of the installation's currency.
    pub monthly: Option<u32>,
}

impl Limits {
    pub fn bound_nothing(&self) -> bool {
        *self == Limits::default()
    }
}

/// What an environment holds of its team's quota, with what a change that waits for its decision would add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub name: String,
    /// Of the one who asks.
    pub own: bool,
    pub nodes: i64,
    pub cores: i64,
    /// In millionths; nothing where no price could be had.
    pub monthly: i64,
}

/// What is asked for beyond what is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub environments: i64,
    pub cores: i64,
    /// In millionths; `None` where no price could be had.
    pub monthly: Option<i64>,
}

/// One part of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Used {
    pub held: i64,
    pub asked: i64,
    pub of: i64,
}

impl Used {
    pub fn with_asked(self) -> i64 {
        self.held.saturating_add(self.asked)
    }

    /// By how much it is too much. What asks for nothing more passes, however much is held.
    pub fn missing(self) -> Option<i64> {
        let missing = self.with_asked() - self.of;
        (self.asked > 0 && missing > 0).then_some(missing)
    }
}

/// A quota as it stands beside a form; parts that are not bounded are not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Quota {
    /// As people read it: `Payments`.
    pub team: String,
    pub environments: Option<Used>,
    pub cores: Option<Used>,
    /// In millionths.
    pub monthly: Option<Used>,
    pub currency: Currency,
}

const ASK: &str = "or ask a platform engineer for a larger quota";

impl Quota {
    pub fn reckon(team: &str, limits: &Limits, currency: Currency, held: &[Held], asked: &Asked) -> Quota {
        let sum = |of: fn(&Held) -> i64| held.iter().fold(0_i64, |sum, one| sum.saturating_add(of(one)));
        let used = |limit: Option<u32>, unit: i64, held: i64, asked: i64| {
            limit.map(|limit| Used { held, asked, of: i64::from(limit).saturating_mul(unit) })
        };
        Quota {
            team: team.to_owned(),
            environments: used(limits.environments, 1, sum(|_| 1), asked.environments),
            cores: used(limits.cores, 1, sum(|one| one.cores), asked.cores),
            monthly: used(limits.monthly, 1_000_000, sum(|one| one.monthly), asked.monthly.unwrap_or_default()),
            currency,
        }
    }

    /// A denial for each part that is full, with what would make room.
    pub fn findings(&self, held: &[Held], asked: &Asked) -> Vec<Finding> {
        let mut found = Vec::new();
        let team = &self.team;
        if let Some(used) = self.environments.filter(|used| used.missing().is_some()) {
            let room = match fewest(held, |one| one.cores, 0) {
                Some(one) => format!("end one of yours that is not needed, {} say", one.name),
                None => "none of them is yours to end, so ask whose they are".to_owned(),
            };
            let several = if used.of == 1 { "environment" } else { "environments" };
            let full = format!("Team {team} may hold {} {several} and holds {}", used.of, used.held);
            found.push(Finding::deny("team", format!("{full}: {room}, {ASK}.")));
        }
        if let Some((used, missing)) = self.cores.and_then(|used| Some((used, used.missing()?))) {
            let mut ways = Vec::new();
            if let Some(one) = fewest(held, |one| one.cores, missing) {
                ways.push(format!("end {}, which gives {} back", one.name, one.cores));
            }
            ways.extend(shrunk(held, missing));
            let full = format!(
                "Team {team} may use {} cores and uses {}; this needs {} more, {missing} too many",
                used.of, used.held, used.asked
            );
            found.push(Finding::deny("nodes", format!("{full}: {}", room(&ways))));
        }
        match self.monthly.map(|used| (used, used.missing())) {
            Some((used, Some(missing))) => {
                let said = |micros| Amount { micros, currency: self.currency }.said();
                let ways: Vec<String> = fewest(held, |one| one.monthly, missing)
                    .map(|one| format!("end {}, which gives {} back", one.name, said(one.monthly)))
                    .into_iter()
                    .collect();
                let full = format!(
                    "Team {team} may spend {} a month and spends {}; this adds {}, {} too much",
                    said(used.of),
                    said(used.held),
                    said(used.asked),
                    said(missing)
                );
                found.push(Finding::deny("nodes", format!("{full}: {}", room(&ways))));
            }
            Some((_, None)) if asked.monthly.is_none() && (asked.environments > 0 || asked.cores > 0) => {
                let why = "what this costs is not known now, as Azure's list of prices does not answer";
                found.push(Finding::deny(
                    "nodes",
                    format!("What team {team} spends is bounded, and {why}: try again later."),
                ));
            }
            _ => {}
        }
        found
    }
}

/// The own environment that holds least of those that hold enough.
fn fewest(held: &[Held], of: fn(&Held) -> i64, enough: i64) -> Option<&Held> {
    held.iter().filter(|one| one.own && of(one) >= enough).min_by_key(|one| of(one))
}

/// The own environment that would have most nodes left if it gave back so many cores.
fn shrunk(held: &[Held], cores: i64) -> Option<String> {
    let left = held.iter().filter(|one| one.own && one.nodes > 0 && one.cores >= one.nodes).filter_map(|one| {
        let a_node = one.cores / one.nodes;
        let left = one.nodes - (cores + a_node - 1) / a_node;
        (left > 0).then_some((left, one))
    });
    let (left, one) = left.max_by_key(|(left, _)| *left)?;
    let nodes = if left == 1 { "1 node".to_owned() } else { format!("{left} nodes") };
    Some(format!("shrink {} to {nodes}", one.name))
}

fn room(ways: &[String]) -> String {
    match ways {
        [] => format!("none of your own environments would make enough room; take less, {ASK}."),
        ways => format!("take less, {}, {ASK}.", ways.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(name: &str, own: bool, nodes: i64) -> Held {
        Held { name: name.to_owned(), own, nodes, cores: nodes * 2, monthly: nodes * 100_000_000 }
    }

    fn said(limits: &Limits, held: &[Held], asked: Asked) -> Vec<String> {
        let quota = Quota::reckon("Payments", limits, Currency::Eur, held, &asked);
        quota.findings(held, &asked).into_iter().map(|finding| finding.sentence).collect()
    }

    const THREE: Asked = Asked { environments: 1, cores: 6, monthly: Some(300_000_000) };

    #[test]
    fn a_full_quota_names_the_own_environment_that_could_end() {
        let there = [held("large", true, 5), held("small", true, 1), held("smallest-of-others", false, 1)];
        let limits = Limits { environments: Some(3), ..Limits::default() };
        let expected = "Team Payments may hold 3 environments and holds 3: end one of yours that is not needed, small say, \
             or ask a platform engineer for a larger quota.";
        assert_eq!(said(&limits, &there, THREE), [expected]);
        assert!(said(&limits, &there[1..], THREE).is_empty(), "a place is left");
    }

    #[test]
    fn too_many_cores_say_what_would_give_enough_back() {
        let there = [held("large", true, 5), held("small", true, 1), held("of-another", false, 4)];
        let limits = Limits { cores: Some(22), ..Limits::default() };
        let expected = "Team Payments may use 22 cores and uses 20; this needs 6 more, 4 too many: take less, end large, \
             which gives 10 back, shrink large to 3 nodes, or ask a platform engineer for a larger quota.";
        assert_eq!(said(&limits, &there, THREE), [expected]);
        let none = said(&limits, &[held("of-another", false, 10)], THREE);
        assert!(none[0].contains("none of your own environments would make enough room"), "{none:?}");
    }

    #[test]
    fn what_is_spent_is_bounded_in_money_and_an_unknown_price_does_not_pass() {
        let there = [held("large", true, 5)];
        let limits = Limits { monthly: Some(700), ..Limits::default() };
        let expected = "Team Payments may spend €700.00 a month and spends €500.00; this adds €300.00, €100.00 too much: \
             take less, end large, which gives €500.00 back, or ask a platform engineer for a larger quota.";
        assert_eq!(said(&limits, &there, THREE), [expected]);
        let unknown = said(&limits, &there, Asked { monthly: None, ..THREE });
        assert!(unknown[0].contains("try again later"), "{unknown:?}");
    }

    #[test]
    fn what_asks_for_nothing_more_passes_however_much_is_held() {
        let limits = Limits { environments: Some(0), cores: Some(1), monthly: Some(1) };
        let asked = Asked { monthly: Some(0), ..Asked::default() };
        assert!(said(&limits, &[held("large", true, 5)], asked).is_empty());
    }
}

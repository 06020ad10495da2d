//! Decides what a principal may do at a scope, from the role assignments above it.
pub mod condition;
pub mod custom;
pub mod definitions;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::clock::later;
use crate::directory;
use crate::resources::{self, Resource};
use crate::state::Draft;
use condition::Attributes;
use definitions::Definition;

/// The provider type of role assignments.
pub const ASSIGNMENTS: &str = "Microsoft.Authorization/roleAssignments";

/// What is asked for: a word of the control plane or of a resource's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act<'a> {
    /// For example `Microsoft.KeyVault/vaults/write`.
    Control(&'a str),
    /// For example `Microsoft.KeyVault/vaults/secrets/getSecret/action`.
    Data(&'a str),
}

/// When, and by whose knowledge: a new assignment reaches the parts of Azure that ask for it one after another.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// The part of an assignment's way, between 0 and 1, after which it counts there.
    pub share: f64,
}

impl From<Timestamp> for Moment {
    /// Where it arrives last.
    fn from(now: Timestamp) -> Self {
        Self { now, share: 1.0 }
    }
}

/// What becomes of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// An assignment grants it.
    Allowed,
    /// An assignment would, but for its condition.
    ConditionNotMet,
    /// No assignment does.
    Denied,
}

/// Whether `principal`, itself or through one of its groups, may act at `scope` at that moment.
/// An assignment counts only once it has propagated.
pub fn allows(draft: &Draft<'_>, principal: Uuid, scope: &str, act: Act<'_>, at: impl Into<Moment>) -> bool {
    decide(draft, principal, scope, act, at, &Attributes::new()) == Decision::Allowed
}

/// The same for a request with attributes, which conditions are about.
pub fn decide(
    draft: &Draft<'_>,
    principal: Uuid,
    scope: &str,
    act: Act<'_>,
    at: impl Into<Moment>,
    attributes: &Attributes,
) -> Decision {
    let mut decision = Decision::Denied;
    for assignment in counting(draft, principal, scope, at) {
        match grants(draft, &assignment, act, attributes) {
            Decision::Allowed => return Decision::Allowed,
            Decision::ConditionNotMet => decision = Decision::ConditionNotMet,
            Decision::Denied => {}
        }
    }
    decision
}

/// The assignments that count for `principal` and its groups at `scope` at that moment.
pub fn counting(draft: &Draft<'_>, principal: Uuid, scope: &str, at: impl Into<Moment>) -> Vec<Resource> {
    let at = at.into();
    let mut who = directory::groups_of(draft, principal);
    who.push(principal);
    let counts = |assignment: &Value| who.iter().any(|one| names(assignment, *one)) && effective(assignment, at);
    resources::extensions_above_that(draft, scope, ASSIGNMENTS, counts)
}

/// The assignments at `scope` and at every scope above it.
pub fn assignments_above(draft: &Draft<'_>, scope: &str) -> Vec<Resource> {
    resources::extensions_above(draft, scope, ASSIGNMENTS)
}

fn effective(assignment: &Value, at: Moment) -> bool {
    let time = |name: &str| assignment["private"][name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let Some(last) = time("effective") else { return true };
    let asked = time("asked").unwrap_or(last);
    let way = last.duration_since(asked).unsigned_abs();
    last <= later(at.now, way.mul_f64(1.0 - at.share.clamp(0.0, 1.0)))
}

fn names(assignment: &Value, principal: Uuid) -> bool {
    let named = assignment["body"]["properties"]["principalId"].as_str();
    named.and_then(|named| Uuid::parse_str(named).ok()) == Some(principal)
}

fn grants(draft: &Draft<'_>, assignment: &Resource, act: Act<'_>, attributes: &Attributes) -> Decision {
    let properties = &assignment.body["properties"];
    let role = custom::find(draft, properties["roleDefinitionId"].as_str().unwrap_or_default());
    let Some(role) = role.filter(|role| role.grants(act)) else {
        return Decision::Denied;
    };
    let (Act::Control(word) | Act::Data(word)) = act;
    let mut conditions = [properties["condition"].as_str(), role.condition()].into_iter().flatten();
    // One that cannot be read was refused when it was written.
    let is_met = |text: &str| condition::read(text).is_ok_and(|condition| condition.is_met(word, attributes));
    if conditions.all(is_met) { Decision::Allowed } else { Decision::ConditionNotMet }
}

/// Whether a role holds what is asked for.
pub fn definition_grants(definition: &Definition, act: Act<'_>) -> bool {
    let (granted, taken_away, word) = match act {
        Act::Control(word) => (definition.actions, definition.not_actions, word),
        Act::Data(word) => (definition.data_actions, definition.not_data_actions, word),
    };
    granted.iter().any(|pattern| matches(pattern, word)) && !taken_away.iter().any(|pattern| matches(pattern, word))
}

/// Whether a pattern with `*` for anything matches a word, in any case of letters.
fn matches(pattern: &str, word: &str) -> bool {
    matches_exactly(&pattern.to_ascii_lowercase(), &word.to_ascii_lowercase())
}

/// Whether a pattern with `*` for anything matches a word, letter by letter.
pub fn matches_exactly(pattern: &str, word: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| word.strip_prefix(first)) else {
        return false;
    };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything_in_any_case() {
        for (pattern, word, expected) in [
            ("*", "Microsoft.KeyVault/vaults/write", true),
            ("*/read", "Microsoft.KeyVault/vaults/read", true),
            ("*/read", "Microsoft.KeyVault/vaults/write", false),
            ("Microsoft.KeyVault/vaults/secrets/*", "microsoft.keyvault/vaults/secrets/getsecret/action", true),
            ("Microsoft.Authorization/*/Delete", "Microsoft.Authorization/roleAssignments/delete", true),
            ("Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/read", true),
            ("Microsoft.KeyVault/vaults/read", "Microsoft.KeyVault/vaults/reader", false),
        ] {
            assert_eq!(matches(pattern, word), expected, "{pattern} {word}");
        }
    }

    #[test]
    fn contributor_writes_everything_but_roles_and_reads_no_secret() {
        let contributor = definitions::named("Contributor").expect("a built-in role");
        assert!(definition_grants(contributor, Act::Control("Microsoft.KeyVault/vaults/write")));
        assert!(!definition_grants(contributor, Act::Control("Microsoft.Authorization/roleAssignments/write")));
        assert!(!definition_grants(contributor, Act::Data("Microsoft.KeyVault/vaults/secrets/getSecret/action")));
    }
}

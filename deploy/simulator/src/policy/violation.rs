//! What assignments say about a document, and the refusal that comes of it.
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::field::{Seen, Sight};
use super::{GROUPS, assignments, definitions};
use crate::arm::Refusal;
use crate::resources::Resource;
use crate::state::Draft;

/// One assignment's say.
pub(super) struct Violation {
    /// Whether the document meets the rule, and so is not wanted; nothing where that is not known yet.
    pub(super) result: Option<bool>,
    /// `deny` or `audit`
    pub(super) effect: String,
    pub(super) assignment: Resource,
    pub(super) definition: Value,
    /// The comparisons that were made.
    pub(super) told: Vec<Value>,
}

/// The say of every assignment with one of `effects` that counts for a resource id.
pub(super) fn of(draft: &Draft<'_>, id: &str, sight: &Sight<'_>, effects: &[&str], now: Timestamp) -> Vec<Violation> {
    let counting = assignments::counting(draft, id, now);
    let each = counting.into_iter().filter_map(|assignment| {
        let properties = &assignment.body["properties"];
        // A definition that has gone, or changed under its assignment, decides nothing.
        let definition = definitions::find(draft, properties["policyDefinitionId"].as_str()?)?;
        let (condition, effect) = definitions::read(&definition, &properties["parameters"]).ok()?;
        if !effects.contains(&effect.as_str()) || !applies(&definition, sight) {
            return None;
        }
        let mut told = Vec::new();
        let result = condition.is_met(sight, &mut told);
        Some(Violation { result, effect, assignment, definition, told })
    });
    each.filter(|violation| violation.result != Some(false)).collect()
}

/// A definition with the mode `Indexed` is about resources that have a place, known already or not.
fn applies(definition: &Value, sight: &Sight<'_>) -> bool {
    let indexed = definition["properties"]["mode"].as_str().is_some_and(|mode| mode.eq_ignore_ascii_case("Indexed"));
    let is_group = sight.document()["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case(GROUPS));
    !indexed || (sight.see("location") != Seen::One(Value::Null) && !is_group)
}

impl Violation {
    /// The ids of what decided.
    pub(super) fn reference(&self) -> Value {
        json!({"policyDefinitionId": self.definition["id"], "policyAssignmentId": self.assignment.body["id"]})
    }

    /// The sentence that the assignment gives as reason, where it has one.
    pub(super) fn reason(&self) -> Option<&str> {
        self.assignment.body["properties"]["nonComplianceMessages"][0]["message"].as_str()
    }

    fn identifiers(&self) -> Value {
        let name = |document: &Value| match &document["properties"]["displayName"] {
            Value::Null => document["name"].clone(),
            name => name.clone(),
        };
        json!({
            "policyAssignment": {"name": name(&self.assignment.body), "id": self.assignment.body["id"]},
            "policyDefinition": {"name": name(&self.definition), "id": self.definition["id"]},
        })
    }

    fn information(&self) -> Value {
        let assignment = &self.assignment.body;
        json!({"type": "PolicyViolation", "info": {
            "evaluationDetails": {"evaluatedExpressions": self.told},
            "policyDefinitionId": self.definition["id"],
            "policyDefinitionName": self.definition["name"],
            "policyDefinitionDisplayName": self.definition["properties"]["displayName"],
            "policyDefinitionEffect": self.effect,
            "policyAssignmentId": assignment["id"],
            "policyAssignmentName": assignment["name"],
            "policyAssignmentDisplayName": assignment["properties"]["displayName"],
            "policyAssignmentScope": assignment["properties"]["scope"],
            "policyAssignmentParameters": assignment["properties"]["parameters"],
        }})
    }
}

/// 403 `RequestDisallowedByPolicy` with everything that decided.
pub(super) fn refusal(name: &str, violations: &[Violation]) -> Refusal {
    let identifiers: Vec<Value> = violations.iter().map(Violation::identifiers).collect();
    let reasons: Vec<&str> = violations.iter().filter_map(Violation::reason).collect();
    let message = match reasons.as_slice() {
        [] => format!("Resource '{name}' was disallowed by policy. Policy identifiers: '{}'.", json!(identifiers)),
        reasons => format!(
            "Resource '{name}' was disallowed by policy. Reasons: '{}'. See error details for policy resource IDs.",
            reasons.join("', '")
        ),
    };
    let mut refusal = Refusal::new(StatusCode::FORBIDDEN, "RequestDisallowedByPolicy", message).about(name);
    refusal.more.information = violations.iter().map(Violation::information).collect();
    refusal.with_header("x-ms-failure-cause", "gateway".to_owned())
}

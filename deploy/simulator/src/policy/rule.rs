//! Reads the condition of a policy rule, and decides whether a document meets it.
use std::cmp::Ordering;

use serde_json::{Value, json};

use super::field::{Seen, Sight};
use crate::roles::matches_exactly;

/// What a rule looks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// All of them.
    All(Vec<Condition>),
    /// One of them.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// A field compares with a target.
    Field(String, Operator, Value),
}

/// How a field compares with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    /// As a rule writes it: `notIn`.
    name: &'static str,
    relation: Relation,
    negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equals,
    In,
    Like,
    Contains,
    ContainsKey,
    Exists,
    Less,
    Greater,
}

const OPERATORS: &[(&str, Relation, bool)] = &[
    ("equals", Relation::Equals, false),
    ("notEquals", Relation::Equals, true),
    ("in", Relation::In, false),
    ("notIn", Relation::In, true),
    ("like", Relation::Like, false),
    ("notLike", Relation::Like, true),
    ("contains", Relation::Contains, false),
    ("notContains", Relation::Contains, true),
    ("containsKey", Relation::ContainsKey, false),
    ("notContainsKey", Relation::ContainsKey, true),
    ("exists", Relation::Exists, false),
    ("less", Relation::Less, false),
    ("greaterOrEquals", Relation::Less, true),
    ("greater", Relation::Greater, false),
    ("lessOrEquals", Relation::Greater, true),
];

impl Condition {
    /// The condition that the `if` of a rule means, or in words what in it is not understood.
    pub(super) fn read(rule: &Value) -> Result<Self, String> {
        let Some(members) = rule.as_object() else {
            return Err(format!("a condition is an object, not {rule}"));
        };
        let member =
            |name: &str| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let several = |value: &Value| -> Result<Vec<Self>, String> {
            let parts = value.as_array().ok_or("'allOf' and 'anyOf' take a list")?;
            parts.iter().map(Self::read).collect()
        };
        if let Some(parts) = member("allOf") {
            return Ok(Self::All(several(parts)?));
        }
        if let Some(parts) = member("anyOf") {
            return Ok(Self::Any(several(parts)?));
        }
        if let Some(part) = member("not") {
            return Ok(Self::Not(Box::new(Self::read(part)?)));
        }
        let Some(field) = member("field").and_then(Value::as_str) else {
            return Err(format!("only allOf, anyOf, not and field are understood, not {rule}"));
        };
        let found = OPERATORS.iter().find_map(|(name, relation, negated)| {
            Some((Operator { name, relation: *relation, negated: *negated }, member(name)?))
        });
        match found {
            Some((operator, target)) if members.len() == 2 => {
                Ok(Self::Field(field.to_owned(), operator, target.clone()))
            }
            _ => Err(format!("a field needs one operator that is understood: {rule}")),
        }
    }

    /// Whether what is seen meets it; nothing where that depends on what is not known. Every comparison that decided
    /// is noted in `told`, as Azure explains itself.
    pub(super) fn is_met(&self, sight: &Sight<'_>, told: &mut Vec<Value>) -> Option<bool> {
        let mut each = |parts: &[Self], decisive: bool| {
            let results: Vec<Option<bool>> = parts.iter().map(|part| part.is_met(sight, told)).collect();
            match results.contains(&Some(decisive)) {
                true => Some(decisive),
                false if results.contains(&None) => None,
                false => Some(!decisive),
            }
        };
        match self {
            Self::All(parts) => each(parts, false),
            Self::Any(parts) => each(parts, true),
            Self::Not(part) => part.is_met(sight, told).map(|met| !met),
            Self::Field(field, operator, target) => {
                let (met, value) = match sight.see(field) {
                    Seen::Unknown => return None,
                    Seen::One(value) => (operator.holds(&value, target), value),
                    Seen::Each(values) => {
                        (values.iter().all(|value| operator.holds(value, target)), Value::Array(values))
                    }
                };
                told.push(json!({
                    "result": if met { "True" } else { "False" },
                    "expressionKind": "Field",
                    "expression": field,
                    "path": field.rsplit('/').next(),
                    "expressionValue": value,
                    "targetValue": target,
                    "operator": capital(operator.name),
                }));
                Some(met)
            }
        }
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

impl Operator {
    fn holds(self, value: &Value, target: &Value) -> bool {
        let members =
            |list: &Value, wanted: &Value| list.as_array().is_some_and(|all| all.iter().any(|one| equal(one, wanted)));
        let holds = match self.relation {
            Relation::Equals => equal(value, target),
            Relation::In => members(target, value),
            Relation::Like => match (value.as_str(), target.as_str()) {
                (Some(value), Some(pattern)) => matches_exactly(&pattern.to_lowercase(), &value.to_lowercase()),
                _ => false,
            },
            Relation::Contains => match (value.as_str(), target.as_str()) {
                (Some(value), Some(part)) => value.to_lowercase().contains(&part.to_lowercase()),
                _ => members(value, target),
            },
            Relation::ContainsKey => match (value.as_object(), target.as_str()) {
                (Some(value), Some(key)) => value.keys().any(|one| one.eq_ignore_ascii_case(key)),
                _ => false,
            },
            Relation::Exists => equal(&Value::from(!value.is_null()), target),
            Relation::Less => order(value, target) == Some(Ordering::Less),
            Relation::Greater => order(value, target) == Some(Ordering::Greater),
        };
        holds != self.negated
    }
}

/// The same in any case of letters; `true` and `"true"` are the same, too.
fn equal(left: &Value, right: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    match (text(left), text(right)) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left.partial_cmp(&right),
        _ => Some(left.as_str()?.cmp(right.as_str()?)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn met(rule: Value, document: &Value) -> Option<bool> {
        Condition::read(&rule).unwrap().is_met(&Sight::of(document), &mut Vec::new())
    }

    #[test]
    fn a_rule_decides_by_types_places_and_sizes() {
        let document = json!({"type": "Microsoft.X/things", "location": "westeurope", "sku": {"name": "Standard_D2s_v5"},
            "properties": {"pools": [{"size": "a"}, {"size": "b"}]}});
        for (rule, expected) in [
            (json!({"field": "type", "equals": "microsoft.x/THINGS"}), true),
            (json!({"field": "location", "notIn": ["eastus", "WestEurope"]}), false),
            (json!({"not": {"field": "location", "in": ["eastus"]}}), true),
            (json!({"field": "sku.name", "like": "standard_d*"}), true),
            (json!({"field": "tags['team']", "exists": "false"}), true),
            (json!({"field": "tags", "notContainsKey": "team"}), true),
            (json!({"field": "Microsoft.X/things/pools[*].size", "in": ["a", "b"]}), true),
            (json!({"field": "Microsoft.X/things/pools[*].size", "equals": "a"}), false),
            (
                json!({"allOf": [{"field": "kind", "equals": "x"}, {"field": "location", "equals": "westeurope"}]}),
                false,
            ),
            (json!({"anyOf": [{"field": "kind", "equals": "x"}, {"field": "location", "equals": "westeurope"}]}), true),
        ] {
            assert_eq!(met(rule.clone(), &document), Some(expected), "{rule}");
        }
    }

    #[test]
    fn what_is_not_known_decides_nothing_unless_the_rest_does() {
        let document = json!({"type": "Microsoft.X/things"});
        let sight = Sight::without(&document, ["location".to_owned()]);
        let rule = |other: &str| {
            let parts = json!([{"field": "location", "notIn": ["eastus"]}, {"field": "type", "equals": other}]);
            Condition::read(&json!({"allOf": parts})).unwrap()
        };
        assert_eq!(rule("Microsoft.X/things").is_met(&sight, &mut Vec::new()), None);
        assert_eq!(rule("Microsoft.Y/others").is_met(&sight, &mut Vec::new()), Some(false));
        let told = sight.with("location", json!("westeurope"));
        assert_eq!(rule("Microsoft.X/things").is_met(&told, &mut Vec::new()), Some(true));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for rule in [json!({"count": {}}), json!({"field": "type", "match": "#"}), json!({"value": 1, "equals": 1})] {
            assert!(Condition::read(&rule).is_err(), "{rule}");
        }
    }
}

//! Answers beforehand what policies would refuse: `checkPolicyRestrictions` of a subscription or a group.
//! Shapes: Microsoft.PolicyInsights of 2023-03-01 and its Python client.
use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::field::Sight;
use super::violation::{self, Violation};
use crate::arm::{Answer, Ask, Refusal, registered};
use crate::parts::Function;
use crate::state::Draft;
use crate::world::World;

pub(super) struct CheckRestrictions;

#[async_trait]
impl Function for CheckRestrictions {
    fn method(&self) -> Method {
        Method::POST
    }

    fn path(&self) -> &'static str {
        "Microsoft.PolicyInsights/checkPolicyRestrictions"
    }

    fn action(&self) -> &'static str {
        "Microsoft.PolicyInsights/checkPolicyRestrictions/read"
    }

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        registered(world, "Microsoft.PolicyInsights")?;
        let content = &ask.body["resourceDetails"]["resourceContent"];
        if !content.is_object() {
            return Err(Refusal::bad(
                "InvalidCheckRestrictionsRequest",
                "The request content was invalid: 'resourceDetails.resourceContent' is required.",
            ));
        }
        let document = document(ask, content);
        Ok(Answer::Document(StatusCode::OK, world.state.read(|draft| answer(draft, world, ask, &document))))
    }
}

/// The partial content with the id that it would have.
fn document(ask: &Ask, content: &Value) -> Value {
    let scope = ask.body["resourceDetails"]["scope"].as_str().unwrap_or(ask.id.scope());
    let (kind, name) = (content["type"].as_str().unwrap_or_default(), content["name"].as_str().unwrap_or("unknown"));
    let mut document = content.clone();
    document["id"] = match kind.eq_ignore_ascii_case(super::GROUPS) {
        true => json!(format!("{scope}/resourceGroups/{name}")),
        false => json!(format!("{scope}/providers/{kind}/{name}")),
    };
    document
}

fn answer(draft: &Draft<'_>, world: &World, ask: &Ask, document: &Value) -> Value {
    let now = world.clock.now();
    let id = document["id"].as_str().unwrap_or_default();
    let effects: &[&str] = if ask.body["includeAuditEffect"] == true { &["deny", "audit"] } else { &["deny"] };
    let pending: Vec<(&str, Vec<Value>)> = ask.body["pendingFields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| Some((one["field"].as_str()?, one["values"].as_array().cloned().unwrap_or_default())))
        .collect();
    let open = || pending.iter().map(|(field, _)| (*field).to_owned());
    let content: Vec<Violation> = violation::of(draft, id, &Sight::without(document, open()), effects, now);
    let evaluations: Vec<Value> =
        content.iter().filter(|violation| violation.result == Some(true)).map(evaluation).collect();

    let mut fields = Vec::new();
    for (field, values) in &pending {
        // By assignment: the values that it would refuse.
        let mut refused: Vec<(Violation, Vec<Value>)> = Vec::new();
        for value in values {
            let sight = Sight::without(document, open()).with(field, value.clone());
            let found = violation::of(draft, id, &sight, effects, now);
            let by_this_value = found.into_iter().filter(|violation| {
                let before = content.iter().find(|one| one.assignment.id() == violation.assignment.id());
                violation.result == Some(true) && before.is_none_or(|before| before.result.is_none())
            });
            for violation in by_this_value {
                match refused.iter_mut().find(|(known, _)| known.assignment.id() == violation.assignment.id()) {
                    Some((_, values)) => values.push(value.clone()),
                    None => refused.push((violation, vec![value.clone()])),
                }
            }
        }
        let restrictions: Vec<Value> = refused
            .iter()
            .map(|(violation, values)| {
                json!({
                    "result": effect(violation), "values": values, "policy": violation.reference(),
                    "policyEffect": effect(violation), "reason": violation.reason().unwrap_or_default(),
                })
            })
            .collect();
        if !restrictions.is_empty() {
            fields.push(json!({"field": field, "restrictions": restrictions}));
        }
    }
    json!({"fieldRestrictions": fields, "contentEvaluationResult": {"policyEvaluations": evaluations}})
}

fn evaluation(violation: &Violation) -> Value {
    json!({
        "policyInfo": violation.reference(),
        "evaluationResult": "NonCompliant",
        "evaluationDetails": {"evaluatedExpressions": violation.told, "reason": violation.reason().unwrap_or_default()},
        "effectDetails": {"policyEffect": effect(violation)},
    })
}

fn effect(violation: &Violation) -> &'static str {
    if violation.effect == "audit" { "Audit" } else { "Deny" }
}

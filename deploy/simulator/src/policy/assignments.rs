//! Policy assignments: which definition counts where, with which values.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::definitions;
use crate::arm::{Answer, Ask, Refusal};
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

/// The provider type.
pub(super) const ASSIGNMENTS: &str = "Microsoft.Authorization/policyAssignments";

/// How long Azure takes until a new assignment counts.
const PROPAGATION: Duration = Duration::from_secs(300);

pub(super) struct Assignments;

/// The assignments that count for a resource id at that moment: at it and above it, unless they leave it out.
pub(super) fn counting(draft: &Draft<'_>, id: &str, now: Timestamp) -> Vec<Resource> {
    let id_below = format!("{}/", resources::key(id));
    let mut found = resources::extensions_above(draft, id, ASSIGNMENTS);
    found.retain(|one| {
        let properties = &one.body["properties"];
        let left_out = properties["notScopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let is_left_out =
            left_out.into_iter().any(|scope| id_below.starts_with(&format!("{}/", resources::key(scope))));
        let from = one.private["effective"].as_str().and_then(|from| from.parse::<Timestamp>().ok());
        properties["enforcementMode"] != "DoNotEnforce" && !is_left_out && from.is_none_or(|from| from <= now)
    });
    found
}

#[async_trait]
impl Kind for Assignments {
    fn name(&self) -> &'static str {
        ASSIGNMENTS
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let asked = &ask.body["properties"];
        world
            .state
            .change(|draft| {
                let id = asked["policyDefinitionId"].as_str().unwrap_or_default();
                let definition = definitions::find(draft, id)
                    .ok_or_else(|| definitions::not_found(id.rsplit('/').next().unwrap_or(id)))?;
                check_parameters(&definition, &asked["parameters"])?;
                let mut properties = asked.clone();
                properties["scope"] = json!(ask.canonical.rsplit_once("/providers/").map(|(scope, _)| scope));
                for (field, value) in [
                    ("displayName", json!(ask.id.name())),
                    ("enforcementMode", json!("Default")),
                    ("notScopes", json!([])),
                    ("parameters", json!({})),
                ] {
                    if properties[field].is_null() {
                        properties[field] = value;
                    }
                }
                let body = json!({
                    "id": ask.canonical, "name": ask.id.name(), "type": ASSIGNMENTS, "properties": properties,
                });
                let standing = resources::find(draft, &ask.canonical);
                let begins = || json!({"effective": world.hold(&ask.canonical, "propagation", PROPAGATION)});
                let private = standing.map_or_else(begins, |standing| standing.private);
                resources::put(draft, &Resource { body: body.clone(), private });
                // Azure answers 201 also where one stood.
                Ok(Answer::Document(StatusCode::CREATED, body))
            })
            .await
    }

    async fn delete(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        world
            .state
            .change(|draft| {
                let Some(found) = resources::find(draft, ask.id.as_str()) else {
                    return Ok(Answer::Empty(StatusCode::NO_CONTENT));
                };
                resources::remove(draft, ask.id.as_str());
                Ok(Answer::Document(StatusCode::OK, found.body))
            })
            .await
    }

    /// What counts at the scope, and without the filter `atScope()` what is assigned below it.
    fn listed(&self, world: &World, ask: &Ask) -> Option<Result<Vec<Value>, Refusal>> {
        let at_scope = ask.query.get("$filter").is_some_and(|filter| filter.to_ascii_lowercase().contains("atscope()"));
        Some(Ok(world.state.read(|draft| {
            let mut found = resources::extensions_above(draft, ask.id.scope(), ASSIGNMENTS);
            if !at_scope {
                let below = resources::of_kind(draft, &format!("{}/", ask.id.scope()), ASSIGNMENTS);
                let own = found.len();
                let new = |one: &Resource| !found[..own].iter().any(|known| known.id() == one.id());
                let below: Vec<Resource> = below.into_iter().filter(new).collect();
                found.extend(below);
            }
            found.into_iter().map(|one| one.body).collect()
        })))
    }
}

fn check_parameters(definition: &Value, values: &Value) -> Result<(), Refusal> {
    let name = definition["name"].as_str().unwrap_or_default();
    let known = definition["properties"]["parameters"].as_object().cloned().unwrap_or_default();
    for given in values.as_object().into_iter().flatten().map(|(name, _)| name) {
        if !known.contains_key(given) {
            return Err(Refusal::bad(
                "UndefinedPolicyParameter",
                format!(
                    "The policy assignment has defined parameters '{given}' which are not defined in the policy definition '{name}'."
                ),
            ));
        }
    }
    for (wanted, one) in &known {
        if one["defaultValue"].is_null() && values[wanted]["value"].is_null() {
            return Err(Refusal::bad(
                "MissingPolicyParameter",
                format!(
                    "The policy assignment is missing the parameter(s) '{wanted}' as defined in the policy definition '{name}'."
                ),
            ));
        }
    }
    definitions::read(definition, values).map(drop).map_err(|why| {
        Refusal::bad("InvalidPolicyParameters", format!("The parameters of the policy assignment are invalid: {why}."))
    })
}

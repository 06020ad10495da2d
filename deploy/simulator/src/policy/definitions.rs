//! Policy definitions: rules under a name, built-in or the subscription's own.
use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};

use super::rule::Condition;
use super::{builtin, parameters};
use crate::arm::{Answer, Ask, Refusal};
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

/// The provider type.
pub(super) const DEFINITIONS: &str = "Microsoft.Authorization/policyDefinitions";

/// The effects that are understood.
const EFFECTS: [&str; 3] = ["deny", "audit", "disabled"];

pub(super) struct Definitions;

/// The definition with that id, built-in or not.
pub(super) fn find(draft: &Draft<'_>, id: &str) -> Option<Value> {
    let is_it = |definition: &Value| definition["id"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(id));
    builtin::all().into_iter().find(is_it).or_else(|| Some(resources::find(draft, id)?.body))
}

/// The condition and the effect of a definition with those values; the effect in small letters.
pub(super) fn read(definition: &Value, values: &Value) -> Result<(Condition, String), String> {
    let known = &definition["properties"]["parameters"];
    let value = |name: &str| {
        let given = &values[name]["value"];
        let standard = &known[name]["defaultValue"];
        [given, standard].into_iter().find(|value| !value.is_null()).cloned()
    };
    let rule = parameters::fill(&definition["properties"]["policyRule"], &value)?;
    let effect = rule["then"]["effect"].as_str().unwrap_or_default().to_ascii_lowercase();
    if !EFFECTS.contains(&effect.as_str()) {
        return Err(format!("the effect '{effect}' is none of {}", EFFECTS.join(", ")));
    }
    Ok((Condition::read(&rule["if"])?, effect))
}

/// Values of the right type for every parameter without one of its own: enough to read the rule.
fn stand_ins(known: &Value) -> Value {
    let known = known.as_object().into_iter().flatten();
    let each = known.filter(|(_, one)| one["defaultValue"].is_null()).map(|(name, one)| {
        let allowed = one["allowedValues"][0].clone();
        let kind = one["type"].as_str().unwrap_or_default().to_ascii_lowercase();
        let value = match kind.as_str() {
            _ if !allowed.is_null() => allowed,
            "array" => json!([]),
            "object" => json!({}),
            "boolean" => json!(true),
            "integer" | "float" => json!(0),
            _ => json!(""),
        };
        (name.clone(), json!({ "value": value }))
    });
    Value::Object(each.collect())
}

#[async_trait]
impl Kind for Definitions {
    fn name(&self) -> &'static str {
        DEFINITIONS
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let asked = &ask.body["properties"];
        let invalid = |why: String| Refusal::bad("InvalidPolicyRule", format!("The policy rule is invalid: {why}."));
        read(&ask.body, &stand_ins(&asked["parameters"])).map_err(invalid)?;
        let mut properties = asked.clone();
        properties["policyType"] = json!("Custom");
        if properties["mode"].is_null() {
            properties["mode"] = json!("All");
        }
        let body = json!({
            "id": ask.canonical, "name": ask.id.name(), "type": DEFINITIONS, "properties": properties,
        });
        world
            .state
            .change(|draft| {
                resources::put(draft, &Resource::new(body.clone()));
                // Azure answers 201 also where one stood.
                Ok(Answer::Document(StatusCode::CREATED, body))
            })
            .await
    }

    async fn get(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let id = ask.id.as_str();
        let own = format!("/providers/{DEFINITIONS}/{}", ask.id.name());
        let found = world.state.read(|draft| find(draft, id).or_else(|| find(draft, &own)));
        found.map(|found| Answer::Document(StatusCode::OK, found)).ok_or_else(|| not_found(ask.id.name()))
    }

    fn listed(&self, world: &World, ask: &Ask) -> Option<Result<Vec<Value>, Refusal>> {
        let own = world.state.read(|draft| resources::of_kind(draft, &format!("{}/", ask.id.scope()), DEFINITIONS));
        let own = own.into_iter().map(|one| one.body);
        Some(Ok(builtin::all().into_iter().chain(own).collect()))
    }
}

/// 404 for a definition that is not there.
pub(super) fn not_found(name: &str) -> Refusal {
    Refusal::not_found("PolicyDefinitionNotFound", format!("The policy definition '{name}' could not be found."))
}

//! Data collection rules: which streams go to which workspace.

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::associations;
use super::workspaces::{WORKSPACES, has_tables};
use crate::arm::{Answer, Ask, Refusal, patch_tags};
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

/// The provider type.
pub(super) const RULES: &str = "Microsoft.Insights/dataCollectionRules";

pub(super) struct Rules;

#[async_trait]
impl Kind for Rules {
    fn name(&self) -> &'static str {
        RULES
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let location = ask.location()?;
        let now = world.clock.now();
        world
            .state
            .change(|draft| {
                let standing = resources::find(draft, ask.id.as_str());
                let mut properties = ask.body["properties"].clone();
                check(draft, &properties, now)?;
                let immutable = match &standing {
                    Some(standing) => standing.body["properties"]["immutableId"].clone(),
                    None => Value::from(format!("dcr-{}", Uuid::new_v4().simple())),
                };
                properties["immutableId"] = immutable;
                properties["provisioningState"] = Value::from("Succeeded");
                let mut body = json!({
                    "id": ask.canonical, "name": ask.id.name(), "type": RULES, "location": location,
                    "tags": ask.body["tags"], "etag": format!("\"{}\"", Uuid::new_v4()), "properties": properties,
                });
                if ask.body["kind"].is_string() {
                    body["kind"] = ask.body["kind"].clone();
                }
                resources::put(draft, &Resource::new(body.clone()));
                Ok(Answer::Document(if standing.is_some() { StatusCode::OK } else { StatusCode::CREATED }, body))
            })
            .await
    }

    async fn patch(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        patch_tags(world, ask).await
    }

    /// `…/associations`: who is associated with the rule.
    async fn view(&self, world: &Arc<World>, ask: &Ask, view: &str) -> Result<Answer, Refusal> {
        if !view.eq_ignore_ascii_case("associations") {
            return Err(Refusal::resource_not_found(&ask.id));
        }
        let all = world.state.read(|draft| resources::of_kind(draft, "", associations::ASSOCIATIONS));
        let of_this = all
            .into_iter()
            .filter(|found| resources::key(associations::rule_of(found)) == resources::key(ask.id.as_str()));
        let value: Vec<Value> = of_this.map(|found| found.body).collect();
        Ok(Answer::Document(StatusCode::OK, json!({"value": value})))
    }
}

/// The workspaces that the rule sends Container Insights' streams to.
pub(super) fn workspaces_of(rule: &Resource) -> Vec<String> {
    let properties = &rule.body["properties"];
    let sent = |name: &Value| {
        let flows = properties["dataFlows"].as_array().into_iter().flatten();
        let mut flows = flows.filter(|flow| {
            let streams = flow["streams"].as_array().into_iter().flatten().filter_map(Value::as_str);
            streams.into_iter().any(|stream| GROUP.eq_ignore_ascii_case(stream) || stream.starts_with("Microsoft-Kube"))
        });
        flows.any(|flow| flow["destinations"].as_array().is_some_and(|destinations| destinations.contains(name)))
    };
    let destinations = properties["destinations"]["logAnalytics"].as_array().into_iter().flatten();
    let reached = destinations.filter(|destination| sent(&destination["name"]));
    reached.filter_map(|destination| Some(destination["workspaceResourceId"].as_str()?.to_owned())).collect()
}

/// All streams of Container Insights together.
const GROUP: &str = "Microsoft-ContainerInsights-Group-Default";

fn check(draft: &Draft<'_>, properties: &Value, now: jiff::Timestamp) -> Result<(), Refusal> {
    let destinations = properties["destinations"]["logAnalytics"].as_array().cloned().unwrap_or_default();
    let flows = properties["dataFlows"].as_array().cloned().unwrap_or_default();
    for (at, destination) in destinations.iter().enumerate() {
        let target = format!("properties.destinations.logAnalytics[{at}]");
        let id = destination["workspaceResourceId"].as_str().unwrap_or_default();
        let workspace = resources::find(draft, id).filter(|found| found.kind().eq_ignore_ascii_case(WORKSPACES));
        let Some(workspace) = workspace else {
            let message = format!("The workspace '{id}' could not be found.");
            return Err(invalid("InvalidWorkspace", &message, &target));
        };
        let name = &destination["name"];
        for (at, flow) in flows.iter().enumerate() {
            let goes_here = flow["destinations"].as_array().is_some_and(|destinations| destinations.contains(name));
            let streams = flow["streams"].as_array().into_iter().flatten().filter_map(Value::as_str);
            if let Some(stream) = streams.into_iter().next()
                && goes_here
                && !has_tables(&workspace, now)
            {
                let message = format!(
                    "Table for output stream '{stream}' is not available for destination '{}'.",
                    name.as_str().unwrap_or_default()
                );
                return Err(invalid("InvalidOutputTable", &message, &format!("properties.dataFlows[{at}]")));
            }
        }
    }
    for (at, flow) in flows.iter().enumerate() {
        for wanted in flow["destinations"].as_array().into_iter().flatten() {
            if !destinations.iter().any(|destination| destination["name"] == *wanted) {
                let message = format!("The destination '{}' is not declared.", wanted.as_str().unwrap_or_default());
                return Err(invalid(
                    "InvalidDestination",
                    &message,
                    &format!("properties.dataFlows[{at}].destinations"),
                ));
            }
        }
    }
    Ok(())
}

/// Azure puts the true code into the details, and both codes are what clients look for in the whole text.
fn invalid(code: &str, message: &str, target: &str) -> Refusal {
    let mut refusal = Refusal::bad("InvalidPayload", "Data collection rule is invalid");
    refusal.more.details = vec![json!({"code": code, "message": format!("{code}: {message}"), "target": target})];
    refusal
}

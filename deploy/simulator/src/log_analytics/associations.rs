//! Associations of data collection rules: which resource reports by which rule.

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rules::RULES;
use crate::arm::{Answer, Ask, Refusal};
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::world::World;

/// The provider type; it extends the resource that reports.
pub(super) const ASSOCIATIONS: &str = "Microsoft.Insights/dataCollectionRuleAssociations";

pub(super) struct Associations;

#[async_trait]
impl Kind for Associations {
    fn name(&self) -> &'static str {
        ASSOCIATIONS
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let rule = ask.body["properties"]["dataCollectionRuleId"].as_str().unwrap_or_default();
        world
            .state
            .change(|draft| {
                if !resources::find(draft, rule).is_some_and(|found| found.kind().eq_ignore_ascii_case(RULES)) {
                    let message = format!("The data collection rule '{rule}' could not be found.");
                    return Err(Refusal::not_found("DataCollectionRuleNotFound", message));
                }
                let standing = resources::find(draft, ask.id.as_str()).is_some();
                let mut properties = json!({"dataCollectionRuleId": rule, "provisioningState": "Succeeded"});
                if let Some(description) = ask.body["properties"]["description"].as_str() {
                    properties["description"] = Value::from(description);
                }
                let body = json!({
                    "id": ask.canonical, "name": ask.id.name(), "type": ASSOCIATIONS,
                    "etag": format!("\"{}\"", Uuid::new_v4()), "properties": properties,
                });
                resources::put(draft, &Resource::new(body.clone()));
                Ok(Answer::Document(if standing { StatusCode::OK } else { StatusCode::CREATED }, body))
            })
            .await
    }
}

/// The id of the rule that it leads to.
pub(super) fn rule_of(association: &Resource) -> &str {
    association.body["properties"]["dataCollectionRuleId"].as_str().unwrap_or_default()
}

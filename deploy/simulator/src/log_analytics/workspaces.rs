//! Log Analytics workspaces: made in half a minute, deleted softly with their records, back when they are made again.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::deleted;
use super::records::{self, Place};
use crate::arm::{Answer, Ask, Poll, Refusal};
use crate::operations::Operation;
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

/// The provider type.
pub(super) const WORKSPACES: &str = "Microsoft.OperationalInsights/workspaces";

/// How long Azure takes to make one.
const CREATION: Duration = Duration::from_secs(30);

/// How much later the tables of Container Insights are there: until then a rule that names one is refused.
const TABLES: Duration = Duration::from_secs(60);

pub(super) struct Workspaces;

#[async_trait]
impl Kind for Workspaces {
    fn name(&self) -> &'static str {
        WORKSPACES
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        check_name(ask.id.name())?;
        let location = ask.location()?;
        let now = world.clock.now();
        world
            .state
            .change(|draft| {
                if let Some(mut standing) = resources::find(draft, ask.id.as_str()) {
                    if standing.body["location"].as_str() != Some(location.as_str()) {
                        return Err(moved(ask.id.name(), &standing, &location));
                    }
                    settle(&mut standing.body, &ask.body, &now.to_string())?;
                    resources::put(draft, &standing);
                    return Ok(Answer::Document(StatusCode::OK, standing.body));
                }
                let recovered = deleted::take(draft, &ask.canonical);
                if let Some(recovered) = &recovered
                    && recovered.body["location"].as_str() != Some(location.as_str())
                {
                    return Err(moved(ask.id.name(), recovered, &location));
                }
                let private = recovered.as_ref().map(|recovered| recovered.private.clone()).unwrap_or_default();
                let new = || json!({
                    "id": ask.canonical, "name": ask.id.name(), "type": WORKSPACES, "location": location, "tags": {},
                    "properties": {
                        "customerId": Uuid::new_v4(),
                        "provisioningState": "Creating",
                        "createdDate": now.to_string(),
                        "sku": {"name": "pergb2018"},
                        "retentionInDays": 30,
                        "features": {"legacy": 0, "searchVersion": 1, "enableLogAccessUsingOnlyResourcePermissions": true},
                        "workspaceCapping": {"dailyQuotaGb": -1.0, "dataIngestionStatus": "RespectQuota"},
                        "publicNetworkAccessForIngestion": "Enabled",
                        "publicNetworkAccessForQuery": "Enabled",
                    },
                });
                let mut body = recovered.map_or_else(new, |recovered| recovered.body);
                body["properties"]["provisioningState"] = json!("Creating");
                settle(&mut body, &ask.body, &now.to_string())?;
                resources::put(draft, &Resource { body: body.clone(), private });
                let operation = begin(draft, world, ask, &location);
                Ok(Answer::Long {
                    status: StatusCode::CREATED,
                    body: Some(body),
                    operation,
                    poll: Poll::AsyncOperation,
                    retry_after: Duration::from_secs(10),
                })
            })
            .await
    }

    async fn patch(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let now = world.clock.now().to_string();
        world
            .state
            .change(|draft| {
                let found = resources::find(draft, ask.id.as_str());
                let mut standing = found.ok_or_else(|| Refusal::resource_not_found(&ask.id))?;
                settle(&mut standing.body, &ask.body, &now)?;
                resources::put(draft, &standing);
                Ok(Answer::Document(StatusCode::OK, standing.body))
            })
            .await
    }

    async fn delete(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        world
            .state
            .change(|draft| {
                let Some(standing) = resources::find(draft, ask.id.as_str()) else {
                    return Ok(Answer::Empty(StatusCode::NO_CONTENT));
                };
                match ask.query.get("force").is_some_and(|force| force.eq_ignore_ascii_case("true")) {
                    true => records::forget(draft, customer_id(&standing)),
                    false => deleted::put(draft, &standing),
                }
                resources::remove(draft, ask.id.as_str());
                Ok(Answer::Empty(StatusCode::OK))
            })
            .await
    }

    async fn complete(&self, world: &Arc<World>, operation: &Operation) -> Result<(), Refusal> {
        let tables = world.hold(&operation.resource, "tables", TABLES).to_string();
        world
            .state
            .change(|draft| {
                if let Some(mut standing) = resources::find(draft, &operation.resource) {
                    standing.set_provisioning_state("Succeeded");
                    // A workspace that came back has kept its tables.
                    if standing.private["tables"].is_null() {
                        standing.private["tables"] = Value::from(tables);
                    }
                    resources::put(draft, &standing);
                }
                Ok(())
            })
            .await
    }

    fn leave(&self, _world: &World, draft: &mut Draft<'_>, resource: &Resource) {
        deleted::put(draft, resource);
    }
}

/// The workspace's own id, by which queries name it.
pub(super) fn customer_id(workspace: &Resource) -> &str {
    workspace.body["properties"]["customerId"].as_str().unwrap_or_default()
}

/// Where records for it go.
pub(super) fn place(workspace: &Resource) -> Place {
    let days = workspace.body["properties"]["retentionInDays"].as_u64().unwrap_or(30);
    Place { customer: customer_id(workspace).to_owned(), retention: Duration::from_secs(days * 24 * 3600) }
}

/// Whether the tables of Container Insights are there.
pub(super) fn has_tables(workspace: &Resource, now: jiff::Timestamp) -> bool {
    let since = workspace.private["tables"].as_str().and_then(|since| since.parse::<jiff::Timestamp>().ok());
    workspace.provisioning_state() == "Succeeded" && since.is_some_and(|since| since <= now)
}

fn begin(draft: &mut Draft<'_>, world: &World, ask: &Ask, location: &str) -> Operation {
    let mut operation = Operation::begin(draft, &world.clock, WORKSPACES, &ask.canonical, "create", CREATION);
    operation.arguments = json!({"location": location});
    operation.put(draft);
    operation
}

/// Takes over what may be changed: tags, sku, retention, public access.
fn settle(body: &mut Value, asked: &Value, now: &str) -> Result<(), Refusal> {
    if asked["tags"].is_object() {
        body["tags"] = asked["tags"].clone();
    }
    let wanted = &asked["properties"];
    if let Some(sku) = wanted["sku"]["name"].as_str() {
        let known = ["pergb2018", "capacityreservation", "standalone", "pernode", "free", "lacluster"];
        if !known.contains(&sku.to_ascii_lowercase().as_str()) {
            return Err(Refusal::bad(
                "InvalidParameter",
                format!("The value '{sku}' of the property 'Sku' is invalid."),
            ));
        }
        body["properties"]["sku"]["name"] = Value::from(sku.to_ascii_lowercase());
    }
    if !wanted["retentionInDays"].is_null() {
        match wanted["retentionInDays"].as_i64() {
            Some(days) if (30..=730).contains(&days) => body["properties"]["retentionInDays"] = Value::from(days),
            _ => {
                let message = "'RetentionInDays' property doesn't match the SKU limits.";
                return Err(Refusal::bad("InvalidParameter", message));
            }
        }
    }
    for name in ["publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"] {
        if let Some(access) = wanted[name].as_str() {
            body["properties"][name] = Value::from(access);
        }
    }
    body["properties"]["modifiedDate"] = Value::from(now);
    body["etag"] = Value::from(format!("\"{}\"", Uuid::new_v4()));
    Ok(())
}

fn moved(name: &str, standing: &Resource, location: &str) -> Refusal {
    let was = standing.body["location"].as_str().unwrap_or_default();
    Refusal::conflict(
        "InvalidResourceLocation",
        format!(
            "The resource '{name}' already exists in location '{was}' in resource group. A resource with the same name cannot be created in location '{location}'. Please select a new resource name."
        ),
    )
}

/// 4 to 63 letters, digits and hyphens, a letter or digit at both ends.
fn check_name(name: &str) -> Result<(), Refusal> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if (4..=63).contains(&name.len()) && plain && !name.starts_with('-') && !name.ends_with('-') {
        return Ok(());
    }
    Err(Refusal::bad(
        "InvalidResourceName",
        format!(
            "The workspace name '{name}' is invalid. It has 4 to 63 letters, digits and hyphens, and a letter or digit at both ends."
        ),
    ))
}

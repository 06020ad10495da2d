//! Maintenance windows of a cluster: when Azure may upgrade its nodes or itself.

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::json;

use super::body::invalid;
use crate::arm::{Answer, Ask, Refusal};
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::world::World;

const CONFIGURATIONS: &str = "Microsoft.ContainerService/managedClusters/maintenanceConfigurations";
/// Weekly hours without a purpose of their own.
pub const DEFAULT: &str = "default";
/// When the cluster gets newer versions.
pub const VERSIONS: &str = "aksManagedAutoUpgradeSchedule";
/// When nodes get newer images.
pub const IMAGES: &str = "aksManagedNodeOSUpgradeSchedule";
/// What a window can be for: weekly hours without a purpose, upgrades of the cluster, upgrades of node images.
const NAMES: [&str; 3] = [DEFAULT, VERSIONS, IMAGES];

pub struct MaintenanceConfigurations;

#[async_trait]
impl Kind for MaintenanceConfigurations {
    fn name(&self) -> &'static str {
        CONFIGURATIONS
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let name = ask.id.name();
        let Some(name) = NAMES.into_iter().find(|it| it.eq_ignore_ascii_case(name)) else {
            return Err(invalid(
                "maintenanceConfiguration.name",
                format!("The maintenance configuration name '{name}' is not supported. Supported names: {NAMES:?}."),
            ));
        };
        let properties = &ask.body["properties"];
        let window = &properties["maintenanceWindow"];
        if name == DEFAULT {
            if !properties["timeInWeek"].is_array() && !properties["notAllowedTime"].is_array() {
                return Err(invalid("timeInWeek", "The default configuration needs timeInWeek or notAllowedTime."));
            }
        } else {
            let hours = window["durationHours"].as_i64().unwrap_or(0);
            if !(4..=24).contains(&hours) {
                return Err(invalid(
                    "maintenanceWindow.durationHours",
                    format!("The duration of a maintenance window has to be 4 to 24 hours, not {hours}."),
                ));
            }
            let schedules =
                window["schedule"].as_object().map_or(0, |it| it.values().filter(|it| it.is_object()).count());
            if schedules != 1 || !window["startTime"].is_string() {
                return Err(invalid(
                    "maintenanceWindow",
                    "A maintenance window needs a startTime and exactly one schedule: daily, weekly, absoluteMonthly or relativeMonthly.",
                ));
            }
        }
        world
            .state
            .change(|draft| {
                let standing = resources::find(draft, &ask.canonical);
                let body = json!({
                    "id": ask.canonical, "name": name, "type": CONFIGURATIONS, "properties": properties,
                });
                resources::put(draft, &Resource::new(body.clone()));
                let status = if standing.is_some() { StatusCode::OK } else { StatusCode::CREATED };
                Ok(Answer::Document(status, body))
            })
            .await
    }
}

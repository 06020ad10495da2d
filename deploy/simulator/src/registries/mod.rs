//! Container registries: a name that is taken in all the world, and who may pull from it.

mod refusal;
mod site;
mod tokens;

use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};

use crate::arm::{Answer, Ask, Refusal, patch_tags};
use crate::parts::{Kind, Parts};
use crate::resources::{self, Resource};
use crate::world::World;

/// The provider type of registries.
pub const REGISTRIES: &str = "Microsoft.ContainerRegistry/registries";

/// Adds registries.
pub fn attach(parts: &mut Parts) {
    parts.add_kind(Registries);
    parts.add_site(site::LoginServers);
}

struct Registries;

#[async_trait]
impl Kind for Registries {
    fn name(&self) -> &'static str {
        REGISTRIES
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let location = ask.location()?;
        let name = ask.id.name();
        if !(5..=50).contains(&name.len()) || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(Refusal::bad(
                "InvalidResourceName",
                format!("The registry name '{name}' is invalid: it has to be 5 to 50 letters and digits."),
            ));
        }
        let sku = ask.body["sku"]["name"].as_str().unwrap_or_default();
        if !["Basic", "Standard", "Premium"].contains(&sku) {
            return Err(Refusal::bad("InvalidSku", format!("The SKU '{sku}' is none of Basic, Standard, Premium.")));
        }
        let asked = &ask.body["properties"];
        world
            .state
            .change(|draft| {
                let standing = resources::find(draft, &ask.canonical);
                let taken = resources::named(draft, REGISTRIES, name).is_some();
                if standing.is_none() && taken {
                    return Err(Refusal::conflict("AlreadyInUse", format!("The registry DNS name {}.azurecr.io is already in use. You can check if the name is already claimed using following API: https://docs.microsoft.com/en-us/rest/api/containerregistry/registries/checknameavailability", name.to_ascii_lowercase())));
                }
                let created = standing.as_ref().map(|it| it.body["properties"]["creationDate"].clone());
                let flag = |field: &str| Value::Bool(asked[field] == true);
                let body = json!({
                    "id": ask.canonical, "name": name, "type": REGISTRIES, "location": location,
                    "tags": if ask.body["tags"].is_object() { ask.body["tags"].clone() } else { json!({}) },
                    "sku": {"name": sku, "tier": sku},
                    "properties": {
                        "loginServer": format!("{}.azurecr.io", name.to_ascii_lowercase()),
                        "creationDate": created.unwrap_or_else(|| json!(world.clock.now())),
                        "provisioningState": "Succeeded",
                        "adminUserEnabled": flag("adminUserEnabled"),
                        "anonymousPullEnabled": flag("anonymousPullEnabled"),
                        "roleAssignmentMode": asked["roleAssignmentMode"].as_str().unwrap_or("LegacyRegistryPermissions"),
                    },
                });
                let status = if standing.is_some() { StatusCode::OK } else { StatusCode::CREATED };
                resources::put(draft, &Resource::new(body.clone()));
                Ok(Answer::Document(status, body))
            })
            .await
    }

    async fn patch(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        patch_tags(world, ask).await
    }
}

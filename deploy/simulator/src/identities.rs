//! User-assigned managed identities and the federated credentials by which others may sign in as them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::arm::{Answer, Ask, Refusal, patch_tags};
use crate::directory::{self, Principal};
use crate::entra::federation::CREDENTIALS;
use crate::parts::{Kind, Parts};
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

/// The provider type of user-assigned identities.
pub const IDENTITIES: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";
/// How long Entra takes to see a new federated credential.
const PROPAGATION: Duration = Duration::from_secs(20);
/// How many an identity may have.
const MOST_CREDENTIALS: usize = 20;

/// Adds identities and federated credentials.
pub fn attach(parts: &mut Parts) {
    parts.add_kind(Identities);
    parts.add_kind(Credentials);
}

/// Makes an identity with a principal in the directory; one that stands is left as it is.
pub fn make(draft: &mut Draft<'_>, world: &World, id: &str, location: &str, tags: Value) -> (Resource, bool) {
    if let Some(mut standing) = resources::find(draft, id) {
        if tags.is_object() {
            standing.body["tags"] = tags;
            resources::put(draft, &standing);
        }
        return (standing, false);
    }
    let name = id.rsplit('/').next().unwrap_or(id);
    let principal = Principal::managed_identity(name, id, world.clock.now());
    directory::put(draft, &principal);
    let body = json!({
        "id": id, "name": name, "type": IDENTITIES, "location": location,
        "tags": if tags.is_object() { tags } else { json!({}) },
        "properties": {
            "tenantId": world.tenant, "principalId": principal.object_id, "clientId": principal.app_id,
            "isolationScope": "None",
        },
    });
    let made = Resource::new(body);
    resources::put(draft, &made);
    (made, true)
}

/// Takes the principal of an identity out of the directory.
pub fn forget(draft: &mut Draft<'_>, identity: &Resource) {
    if let Some(id) = identity.body["properties"]["principalId"].as_str().and_then(|it| Uuid::parse_str(it).ok()) {
        directory::remove(draft, id);
    }
}

struct Identities;

#[async_trait]
impl Kind for Identities {
    fn name(&self) -> &'static str {
        IDENTITIES
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let location = ask.location()?;
        let name = ask.id.name();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !(3..=128).contains(&name.len()) || !name.chars().all(allowed) || !begins {
            return Err(Refusal::bad(
                "InvalidResourceName",
                format!(
                    "The Resource '{IDENTITIES}/{name}' name is invalid: it has to be 3 to 128 letters, digits, hyphens and underscores, a letter or digit first."
                ),
            ));
        }
        world
            .state
            .change(|draft| {
                if let Some(standing) = resources::find(draft, &ask.canonical)
                    && standing.body["location"] != location.as_str()
                {
                    return Err(Refusal::conflict(
                        "InvalidResourceLocation",
                        format!("The resource '{name}' already exists in location '{}' in resource group '{}'. A resource with the same name cannot be created in location '{location}'. Please select a new resource name.", standing.body["location"].as_str().unwrap_or_default(), ask.id.resource_group().unwrap_or_default()),
                    ));
                }
                let (made, fresh) = make(draft, world, &ask.canonical, &location, ask.body["tags"].clone());
                let status = if fresh { StatusCode::CREATED } else { StatusCode::OK };
                Ok(Answer::Document(status, made.body))
            })
            .await
    }

    async fn patch(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        patch_tags(world, ask).await
    }

    async fn delete(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        world
            .state
            .change(|draft| {
                let Some(found) = resources::find(draft, ask.id.as_str()) else {
                    return Ok(Answer::Empty(StatusCode::NO_CONTENT));
                };
                forget(draft, &found);
                resources::remove(draft, found.id());
                Ok(Answer::Empty(StatusCode::OK))
            })
            .await
    }

    fn leave(&self, _world: &World, draft: &mut Draft<'_>, resource: &Resource) {
        forget(draft, resource);
    }
}

struct Credentials;

#[async_trait]
impl Kind for Credentials {
    fn name(&self) -> &'static str {
        CREDENTIALS
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let properties = &ask.body["properties"];
        let issuer = required(properties, "issuer")?;
        let subject = required(properties, "subject")?;
        let audiences = properties["audiences"].as_array().map(Vec::as_slice).unwrap_or_default();
        if !issuer.starts_with("https://") {
            return Err(bad(format!("The issuer '{issuer}' is not a valid https address.")));
        }
        if audiences.len() != 1 {
            return Err(bad(
                "Exactly one audience has to be given; the recommended one is 'api://AzureADTokenExchange'.".into(),
            ));
        }
        let name = ask.id.name();
        if !(3..=120).contains(&name.len()) {
            return Err(bad(format!("The name '{name}' has to be 3 to 120 characters long.")));
        }
        let identity = ask.id.parent().map(|it| it.as_str().to_owned()).unwrap_or_default();
        world
            .state
            .change(|draft| {
                let others = resources::of_kind(draft, &format!("{identity}/"), CREDENTIALS);
                let standing = others.iter().find(|it| resources::key(it.id()) == resources::key(&ask.canonical));
                let others: Vec<&Resource> =
                    others.iter().filter(|it| resources::key(it.id()) != resources::key(&ask.canonical)).collect();
                if standing.is_none() && others.len() >= MOST_CREDENTIALS {
                    return Err(bad(format!(
                        "Too many federated identity credentials: an identity has at most {MOST_CREDENTIALS}."
                    )));
                }
                let same = |it: &&&Resource| {
                    it.body["properties"]["issuer"] == issuer && it.body["properties"]["subject"] == subject
                };
                if let Some(other) = others.iter().find(same) {
                    return Err(Refusal::conflict(
                        "Conflict",
                        format!(
                            "Issuer and subject combination already exists for this Managed Identity: '{}'.",
                            other.body["name"].as_str().unwrap_or_default()
                        ),
                    ));
                }
                let body = json!({
                    "id": ask.canonical, "name": name, "type": CREDENTIALS,
                    "properties": {"issuer": issuer, "subject": subject, "audiences": audiences},
                });
                let status = if standing.is_some() { StatusCode::OK } else { StatusCode::CREATED };
                let changed = standing.is_none_or(|it| it.body["properties"] != body["properties"]);
                let mut resource = Resource::new(body.clone());
                resource.private = match standing {
                    Some(standing) if !changed => standing.private.clone(),
                    _ => json!({ "effective": world.hold(&ask.canonical, "propagation", PROPAGATION) }),
                };
                resources::put(draft, &resource);
                Ok(Answer::Document(status, body))
            })
            .await
    }
}

fn required(properties: &Value, field: &str) -> Result<String, Refusal> {
    match properties[field].as_str().filter(|it| !it.is_empty()) {
        Some(value) => Ok(value.to_owned()),
        None => Err(bad(format!("The property '{field}' of a federated identity credential is required."))),
    }
}

fn bad(message: String) -> Refusal {
    Refusal::bad("BadRequest", message)
}

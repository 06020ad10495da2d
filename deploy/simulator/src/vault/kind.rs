//! Vaults as ARM resources: made while their name spreads, deleted softly, recovered.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::deleted;
use super::document::{self, KIND};
use crate::arm::{Answer, Ask, Poll, Refusal};
use crate::operations::Operation;
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::state::{Draft, StateError};
use crate::world::World;

/// How long Azure takes until a new vault's host name resolves.
const REGISTERING_DNS: Duration = Duration::from_secs(30);

pub(super) struct Vaults;

#[async_trait]
impl Kind for Vaults {
    fn name(&self) -> &'static str {
        KIND
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        document::check_name(ask.id.name())?;
        world
            .state
            .change(|draft| match resources::find(draft, ask.id.as_str()) {
                Some(standing) => replace(world, ask, draft, &standing),
                None => make(world, ask, draft),
            })
            .await
    }

    async fn patch(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        world
            .state
            .change(|draft| {
                let standing =
                    resources::find(draft, ask.id.as_str()).ok_or_else(|| Refusal::resource_not_found(&ask.id))?;
                let merged = Ask { body: document::patched(&standing, &ask.body), ..ask.clone() };
                replace(world, &merged, draft, &standing)
            })
            .await
    }

    async fn delete(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        world
            .state
            .change(|draft| match resources::find(draft, ask.id.as_str()) {
                Some(vault) => {
                    deleted::put(draft, world, &vault);
                    Ok(Answer::Empty(StatusCode::OK))
                }
                None => Ok(Answer::Empty(StatusCode::NO_CONTENT)),
            })
            .await
    }

    async fn complete(&self, world: &Arc<World>, operation: &Operation) -> Result<(), Refusal> {
        world
            .state
            .change(|draft| {
                match operation.verb.as_str() {
                    "purge" => {
                        let name = operation.resource.rsplit('/').next().unwrap_or_default();
                        if let Some(found) = deleted::find(draft, name, world.clock.now()) {
                            deleted::purge_secrets(draft, &found.vault);
                            deleted::take(draft, &found.vault);
                        }
                    }
                    // The vault may be gone again by now.
                    _ => {
                        if let Some(mut vault) = resources::find(draft, &operation.resource) {
                            vault.set_provisioning_state("Succeeded");
                            vault.private["resolves"] = json!(true);
                            resources::put(draft, &vault);
                        }
                    }
                }
                Ok(())
            })
            .await
    }

    /// A vault that could not be purged stays in the bin as it is.
    async fn fail(&self, world: &Arc<World>, operation: &Operation, _refusal: &Refusal) -> Result<(), StateError> {
        let failed = |draft: &mut Draft<'_>| {
            if let Some(mut vault) = resources::find(draft, &operation.resource).filter(|_| operation.verb != "purge") {
                vault.set_provisioning_state("Failed");
                resources::put(draft, &vault);
            }
            Ok(())
        };
        world.state.change(failed).await
    }

    fn leave(&self, world: &World, draft: &mut Draft<'_>, resource: &Resource) {
        deleted::put(draft, world, resource);
    }
}

fn replace(world: &World, ask: &Ask, draft: &mut Draft<'_>, standing: &Resource) -> Result<Answer, Refusal> {
    let mut body = document::written(world, ask, Some(standing))?;
    body["properties"]["provisioningState"] = json!(standing.provisioning_state());
    let written = Resource { body: body.clone(), private: standing.private.clone() };
    resources::put(draft, &written);
    Ok(Answer::Document(StatusCode::OK, body))
}

fn make(world: &World, ask: &Ask, draft: &mut Draft<'_>) -> Result<Answer, Refusal> {
    let name = ask.id.name();
    let recover = ask.body["properties"]["createMode"].as_str() == Some("recover");
    if deleted::live(draft, name).is_some() {
        return Err(Refusal::conflict(
            "VaultAlreadyExists",
            format!(
                "The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name is already taken. If you are sure that the vault name was not taken then it is possible that a vault with the same name was recently deleted but not purged after being placed in a recoverable state. If the vault is in a recoverable state then the vault will need to be purged before reusing the name. For more information about VaultAlreadyExists and soft delete please follow this link: https://go.microsoft.com/fwlink/?linkid=2147740"
            ),
        ));
    }
    let (body, instance) = match (deleted::find(draft, name, world.clock.now()), recover) {
        (Some(found), true) => {
            if !found.vault.id().eq_ignore_ascii_case(&ask.canonical) {
                return Err(Refusal::conflict(
                    "ConflictError",
                    format!("The deleted vault '{name}' can only be recovered where it was: '{}'.", found.vault.id()),
                ));
            }
            deleted::take(draft, &found.vault);
            (found.vault.body.clone(), found.vault.private["instance"].clone())
        }
        (Some(_), false) => {
            return Err(Refusal::conflict(
                "ConflictError",
                "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.",
            ));
        }
        (None, true) => {
            return Err(Refusal::not_found(
                "VaultNotFound",
                format!("The vault '{name}' does not exist in deleted state and cannot be recovered."),
            ));
        }
        (None, false) => (document::written(world, ask, None)?, json!(Uuid::new_v4())),
    };
    let mut vault = Resource { body, private: json!({"instance": instance, "resolves": false}) };
    vault.set_provisioning_state("RegisteringDns");
    resources::put(draft, &vault);
    let operation = Operation::begin(draft, &world.clock, KIND, &ask.canonical, "create", REGISTERING_DNS);
    Ok(Answer::Long {
        status: StatusCode::OK,
        body: Some(vault.body),
        operation,
        poll: Poll::Resource,
        retry_after: Duration::ZERO,
    })
}

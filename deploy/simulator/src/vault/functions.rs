//! What can be asked of the provider as a whole: is a name free, which vaults are deleted, purge one.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::deleted::{self, Deleted};
use super::document::{self, KIND};
use crate::arm::{Answer, Ask, Poll, Refusal};
use crate::operations::Operation;
use crate::parts::{Function, Parts};
use crate::world::World;

/// How long Azure takes to purge a vault.
const PURGE: Duration = Duration::from_secs(20);

/// Adds them.
pub(super) fn attach(parts: &mut Parts) {
    parts.add_function(CheckName);
    parts.add_function(ListDeleted);
    parts.add_function(GetDeleted);
    parts.add_function(Purge);
}

struct CheckName;

#[async_trait]
impl Function for CheckName {
    fn method(&self) -> Method {
        Method::POST
    }

    fn path(&self) -> &'static str {
        "Microsoft.KeyVault/checkNameAvailability"
    }

    fn action(&self) -> &'static str {
        "Microsoft.KeyVault/checkNameAvailability/read"
    }

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let name = ask.body["name"].as_str().unwrap_or_default();
        if ask.body["type"].as_str() != Some(KIND) {
            return Err(Refusal::bad("BadRequest", format!("Invalid value found at type: expected '{KIND}'.")));
        }
        let now = world.clock.now();
        let body = if let Err(refusal) = document::check_name(name) {
            json!({"nameAvailable": false, "reason": "AccountNameInvalid", "message": refusal.message})
        } else if world
            .state
            .read(|draft| deleted::live(draft, name).is_some() || deleted::find(draft, name, now).is_some())
        {
            json!({
                "nameAvailable": false, "reason": "AlreadyExists",
                "message": format!("The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name is already taken."),
            })
        } else {
            json!({"nameAvailable": true})
        };
        Ok(Answer::Document(StatusCode::OK, body))
    }
}

struct ListDeleted;

#[async_trait]
impl Function for ListDeleted {
    fn method(&self) -> Method {
        Method::GET
    }

    fn path(&self) -> &'static str {
        "Microsoft.KeyVault/deletedVaults"
    }

    fn action(&self) -> &'static str {
        "Microsoft.KeyVault/deletedVaults/read"
    }

    async fn run(&self, world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        let found = world.state.read(|draft| deleted::all(draft, world.clock.now()));
        let value: Vec<Value> = found.iter().map(|deleted| deleted.body(world)).collect();
        Ok(Answer::Document(StatusCode::OK, json!({"value": value})))
    }
}

fn deleted_vault(world: &World, ask: &Ask) -> Result<Deleted, Refusal> {
    let part = |name: &str| ask.parts.get(name).map(String::as_str).unwrap_or_default();
    let found = world.state.read(|draft| deleted::find(draft, part("vault"), world.clock.now()));
    found
        .filter(|deleted| {
            deleted.vault.body["location"].as_str().is_some_and(|at| at.eq_ignore_ascii_case(part("location")))
        })
        .ok_or_else(|| {
            Refusal::not_found(
                "DeletedVaultNotFound",
                format!("The specified deleted vault '{}' does not exist.", part("vault")),
            )
        })
}

struct GetDeleted;

#[async_trait]
impl Function for GetDeleted {
    fn method(&self) -> Method {
        Method::GET
    }

    fn path(&self) -> &'static str {
        "Microsoft.KeyVault/locations/{location}/deletedVaults/{vault}"
    }

    fn action(&self) -> &'static str {
        "Microsoft.KeyVault/locations/deletedVaults/read"
    }

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        Ok(Answer::Document(StatusCode::OK, deleted_vault(world, ask)?.body(world)))
    }
}

struct Purge;

#[async_trait]
impl Function for Purge {
    fn method(&self) -> Method {
        Method::POST
    }

    fn path(&self) -> &'static str {
        "Microsoft.KeyVault/locations/{location}/deletedVaults/{vault}/purge"
    }

    fn action(&self) -> &'static str {
        "Microsoft.KeyVault/locations/deletedVaults/purge/action"
    }

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let found = deleted_vault(world, ask)?;
        if found.is_protected() {
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "MethodNotAllowed",
                "Operation 'DeletedVaultPurge' is not allowed.",
            ));
        }
        world
            .state
            .change(|draft| {
                let mut operation = Operation::begin(draft, &world.clock, KIND, found.vault.id(), "purge", PURGE);
                operation.arguments = json!({"location": found.vault.body["location"]});
                operation.put(draft);
                Ok(Answer::Long {
                    status: StatusCode::ACCEPTED,
                    body: None,
                    operation,
                    poll: Poll::Location,
                    retry_after: Duration::from_secs(5),
                })
            })
            .await
    }
}

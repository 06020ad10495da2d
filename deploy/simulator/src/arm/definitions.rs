//! Role definitions as ARM resources: those that are built in, and those that people make.
use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Answer, Ask};
use super::authorize::permit;
use super::filter::Filter;
use super::refusal::Refusal;
use crate::parts::{Kind, Parts};
use crate::resources;
use crate::roles::custom::{self, Role};
use crate::roles::{ASSIGNMENTS, definitions};
use crate::state::Draft;
use crate::world::World;

const DEFINITIONS: &str = "Microsoft.Authorization/roleDefinitions";

/// Adds role definitions.
pub(super) fn attach(parts: &mut Parts) {
    parts.add_kind(Definitions);
}

struct Definitions;

#[async_trait]
impl Kind for Definitions {
    fn name(&self) -> &'static str {
        DEFINITIONS
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let properties = wanted(ask)?;
        for scope in properties["assignableScopes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            check_scope(world, scope)?;
            permit(world, ask, &format!("{DEFINITIONS}/write"), scope)?;
        }
        let now = world.clock.now();
        world
            .state
            .change(|draft| {
                let standing = match custom::find(draft, ask.id.name()) {
                    Some(Role::BuiltIn(_)) => return Err(built_in()),
                    Some(Role::Custom(body)) => Some(body),
                    None => None,
                };
                check_name(draft, ask, &properties)?;
                let mut body = json!({
                    "id": canonical(world, ask), "name": ask.id.name().to_ascii_lowercase(), "type": DEFINITIONS,
                    "properties": properties,
                });
                let created = standing.as_ref().map(|body| &body["properties"]);
                body["properties"]["createdOn"] = created.map_or_else(|| json!(now), |it| it["createdOn"].clone());
                body["properties"]["createdBy"] =
                    created.map_or_else(|| json!(ask.caller.object_id), |it| it["createdBy"].clone());
                body["properties"]["updatedOn"] = json!(now);
                body["properties"]["updatedBy"] = json!(ask.caller.object_id);
                custom::put(draft, &body);
                Ok(Answer::Document(StatusCode::CREATED, body))
            })
            .await
    }

    async fn delete(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        world
            .state
            .change(|draft| {
                let body = match custom::find(draft, ask.id.name()) {
                    Some(Role::BuiltIn(_)) => return Err(built_in()),
                    Some(Role::Custom(body)) => body,
                    None => return Ok(Answer::Empty(StatusCode::NO_CONTENT)),
                };
                let id = body["id"].as_str().unwrap_or_default().to_owned();
                let assigned = resources::of_kind(draft, &world.subscription_id(), ASSIGNMENTS);
                if assigned.iter().any(|it| it.body["properties"]["roleDefinitionId"].as_str() == Some(id.as_str())) {
                    return Err(Refusal::bad(
                        "RoleDefinitionHasAssignments",
                        "There are existing role assignments referencing role",
                    ));
                }
                custom::remove(draft, &id);
                Ok(Answer::Document(StatusCode::OK, body))
            })
            .await
    }

    async fn get(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let found = world.state.read(|draft| custom::find(draft, ask.id.name()));
        let found = found.ok_or_else(|| missing(ask.id.name()))?;
        Ok(Answer::Document(StatusCode::OK, found.body(&world.subscription.to_string())))
    }

    fn listed(&self, world: &World, ask: &Ask) -> Option<Result<Vec<Value>, Refusal>> {
        Some(list(world, ask))
    }
}

/// 404 for a role that is not there, or may not be assigned where it is asked for.
pub(super) fn missing(id: &str) -> Refusal {
    let name = id.rsplit('/').next().unwrap_or(id);
    Refusal::not_found(
        "RoleDefinitionDoesNotExist",
        format!("The specified role definition with ID '{name}' does not exist."),
    )
}

fn built_in() -> Refusal {
    Refusal::bad("CannotDeleteBuiltInRole", "A built-in role cannot be changed or deleted.")
}

/// A custom role belongs to the directory; its id is written below the subscription.
fn canonical(world: &World, ask: &Ask) -> String {
    format!("{}/providers/{DEFINITIONS}/{}", world.subscription_id(), ask.id.name().to_ascii_lowercase())
}

fn list(world: &World, ask: &Ask) -> Result<Vec<Value>, Refusal> {
    let text = ask.query.get("$filter").map_or("", String::as_str);
    let known = |(name, operator): &(&str, &str)| match *operator {
        "()" => ["atScope", "atScopeAndBelow"].iter().any(|known| known.eq_ignore_ascii_case(name)),
        "eq" => ["roleName", "type"].iter().any(|known| known.eq_ignore_ascii_case(name)),
        _ => false,
    };
    let Some(filter) = Filter::read(text).ok().filter(|filter| filter.parts().iter().all(known)) else {
        return Err(Refusal::bad("BadRequestFormat", format!("The filter '{text}' is not supported.")));
    };
    let below = filter.parts().iter().any(|(name, _)| name.eq_ignore_ascii_case("atScopeAndBelow"));
    let (scope, subscription) = (ask.id.scope(), world.subscription.to_string());
    let made = world.state.read(custom::all).into_iter();
    let made = made.filter(|role| role.is_assignable_at(scope) || below && role.is_assignable_below(scope));
    let found = definitions::DEFINITIONS.iter().map(Role::BuiltIn).chain(made).filter(|role| {
        let kind = if role.is_custom() { "CustomRole" } else { "BuiltInRole" };
        let holds = |field: &str, _: &str, wanted: &str| match field.eq_ignore_ascii_case("roleName") {
            true => role.name().eq_ignore_ascii_case(wanted),
            false => wanted.eq_ignore_ascii_case(kind),
        };
        filter.passes(&holds, &|_, _| true)
    });
    Ok(found.map(|role| role.body(&subscription)).collect())
}

/// What is asked for, once it makes a role.
fn wanted(ask: &Ask) -> Result<Value, Refusal> {
    if Uuid::parse_str(ask.id.name()).is_err() {
        return Err(Refusal::bad(
            "InvalidRoleDefinitionId",
            format!("The role definition ID '{}' is not valid. The role definition ID must be a GUID.", ask.id.name()),
        ));
    }
    let asked = if ask.body["properties"].is_object() { &ask.body["properties"] } else { &ask.body };
    let bad = |message: &str| Refusal::bad("InvalidRoleDefinition", message);
    let name = asked["roleName"].as_str().filter(|name| !name.trim().is_empty() && name.len() <= 512);
    let name = name.ok_or_else(|| bad("The role name is required and has to be at most 512 characters long."))?;
    if asked["type"].as_str().is_some_and(|kind| !kind.eq_ignore_ascii_case("CustomRole")) {
        return Err(bad("The type of the role has to be 'CustomRole'."));
    }
    let texts = |value: &Value| value.as_array().is_some_and(|all| all.iter().all(Value::is_string));
    let permissions = asked["permissions"].as_array().filter(|all| !all.is_empty());
    let permissions = permissions.ok_or_else(|| bad("The permissions of the role are required."))?;
    let permissions: Vec<Value> = permissions.iter().map(custom::permission).collect();
    let lists = permissions.iter().filter_map(Value::as_object).flat_map(serde_json::Map::values);
    for action in lists.flat_map(|list| list.as_array().into_iter().flatten()) {
        let Some(action) = action.as_str() else { return Err(bad("An action has to be a text.")) };
        if action != "*" && !(action.contains('/') && action.split('/').all(|part| !part.is_empty())) {
            return Err(Refusal::bad(
                "InvalidActionOrNotAction",
                format!("'{action}' does not match any of the actions supported by the providers."),
            ));
        }
    }
    if !texts(&asked["assignableScopes"]) || asked["assignableScopes"] == json!([]) {
        return Err(bad("The assignable scopes of the role are required."));
    }
    Ok(json!({
        "roleName": name, "type": "CustomRole", "description": asked["description"].as_str().unwrap_or_default(),
        "assignableScopes": asked["assignableScopes"], "permissions": permissions,
    }))
}

/// Only the subscription and its groups.
fn check_scope(world: &World, scope: &str) -> Result<(), Refusal> {
    let own = world.subscription_id();
    let rest = scope.trim_end_matches('/');
    let rest = rest.get(..own.len()).filter(|begin| begin.eq_ignore_ascii_case(&own)).map(|_| &rest[own.len()..]);
    let group = |rest: &str| {
        let parts: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
        matches!(parts.as_slice(), [word, name] if word.eq_ignore_ascii_case("resourceGroups") && !name.is_empty())
    };
    if rest.is_some_and(|rest| rest.is_empty() || group(rest)) {
        return Ok(());
    }
    Err(Refusal::bad(
        "InvalidAssignableScope",
        format!("The assignable scope '{scope}' is not valid: it has to be a subscription or a resource group."),
    ))
}

/// Two custom roles of one directory do not have the same name.
fn check_name(draft: &Draft<'_>, ask: &Ask, properties: &Value) -> Result<(), Refusal> {
    let name = properties["roleName"].as_str().unwrap_or_default();
    let another = |role: &Role| match role {
        Role::Custom(body) => !body["name"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(ask.id.name())),
        Role::BuiltIn(_) => true,
    };
    let built_in = definitions::named(name).map(Role::BuiltIn);
    let taken = custom::all(draft)
        .into_iter()
        .chain(built_in)
        .any(|role| role.name().eq_ignore_ascii_case(name) && another(&role));
    if taken {
        return Err(Refusal::conflict(
            "RoleDefinitionWithSameNameExists",
            "A custom role with the same name already exists in this directory. Use a different name.",
        ));
    }
    Ok(())
}

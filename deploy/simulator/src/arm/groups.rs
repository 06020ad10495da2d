//! Resource groups: made at once, deleted in the background with everything in them.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Ask, Poll};
use super::authorize::permit;
use super::lists::Tracked;
use super::refusal::Refusal;
use crate::operations::Operation;
use crate::parts::{Kind, Parts};
use crate::policy;
use crate::resources::{self, Resource};
use crate::state::StateError;
use crate::world::World;

const KIND: &str = "Microsoft.Resources/resourceGroups";
const ACTION: &str = "Microsoft.Resources/subscriptions/resourceGroups";

/// How long Azure takes to remove an empty group.
const DELETION: Duration = Duration::from_secs(15);

/// Adds what ends the deletion of a group.
pub(super) fn attach(parts: &mut Parts) {
    parts.add_kind(Group);
}

/// Answers for `/subscriptions/{s}/resourceGroups[/{name}]`; `None` for every other path.
pub(super) async fn answer(world: &Arc<World>, path: &str, ask: &Ask) -> Option<Result<Answer, Refusal>> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        [_, _, groups] if groups.eq_ignore_ascii_case("resourcegroups") && ask.method == Method::GET => {
            Some(list(world, ask))
        }
        [_, _, groups, name] if groups.eq_ignore_ascii_case("resourcegroups") => Some(one(world, ask, name).await),
        _ => None,
    }
}

fn list(world: &World, ask: &Ask) -> Result<Answer, Refusal> {
    let filter = Tracked::filter(ask)?;
    // Who may not read the whole subscription sees the groups that it may read.
    let may_read = |scope: &str| permit(world, ask, &format!("{ACTION}/read"), scope).is_ok();
    let reads_all = may_read(&world.subscription_id());
    let found = world.state.read(|draft| resources::of_kind(draft, &world.subscription_id(), KIND));
    let seen = found.into_iter().filter(|group| filter.passes(group) && (reads_all || may_read(group.id())));
    let value: Vec<Value> = seen.map(|group| shown(&group)).collect();
    Ok(Answer::Document(StatusCode::OK, json!({"value": value})))
}

async fn one(world: &Arc<World>, ask: &Ask, name: &str) -> Result<Answer, Refusal> {
    let id = format!("{}/resourceGroups/{name}", world.subscription_id());
    let verb = match ask.method {
        Method::GET | Method::HEAD => "read",
        Method::PUT | Method::PATCH => "write",
        Method::DELETE => "delete",
        _ => return Err(Refusal::method_not_allowed()),
    };
    permit(world, ask, &format!("{ACTION}/{verb}"), &id)?;
    let found = world.state.read(|draft| resources::find(draft, &id));
    if verb == "write" {
        let wished = Ask { canonical: id.clone(), ..ask.clone() };
        let now = world.clock.now();
        world.state.read(|draft| policy::check(draft, &policy::wished(draft, &wished, policy::GROUPS), now))?;
    }
    match ask.method {
        Method::GET => found
            .map(|group| Answer::Document(StatusCode::OK, shown(&group)))
            .ok_or_else(|| Refusal::group_not_found(name)),
        Method::HEAD => Ok(Answer::Empty(if found.is_some() { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })),
        Method::PUT => put(world, ask, &id, name).await,
        Method::PATCH => patch(world, ask, &id, name).await,
        _ => delete(world, &id, name).await,
    }
}

async fn put(world: &World, ask: &Ask, id: &str, name: &str) -> Result<Answer, Refusal> {
    check_name(name)?;
    let location = ask.location()?;
    let tags = if ask.body["tags"].is_object() { ask.body["tags"].clone() } else { json!({}) };
    world
        .state
        .change(|draft| {
            let mut status = StatusCode::CREATED;
            let mut written = id.to_owned();
            if let Some(found) = resources::find(draft, id) {
                if found.provisioning_state() == "Deleting" {
                    return Err(being_deleted(name));
                }
                if found.body["location"].as_str() != Some(location.as_str()) {
                    return Err(Refusal::conflict(
                        "InvalidResourceGroupLocation",
                        format!(
                            "Invalid resource group location '{location}'. The Resource group already exists in location '{}'.",
                            found.body["location"].as_str().unwrap_or_default()
                        ),
                    ));
                }
                status = StatusCode::OK;
                written = found.id().to_owned();
            }
            let name = written.rsplit('/').next().unwrap_or(name);
            let body = json!({
                "id": written, "name": name, "type": KIND, "location": location, "tags": tags,
                "properties": {"provisioningState": "Succeeded"},
            });
            let group = Resource::new(body);
            resources::put(draft, &group);
            Ok(Answer::Document(status, shown(&group)))
        })
        .await
}

async fn patch(world: &World, ask: &Ask, id: &str, name: &str) -> Result<Answer, Refusal> {
    world
        .state
        .change(|draft| {
            let mut group = resources::find(draft, id).ok_or_else(|| Refusal::group_not_found(name))?;
            if ask.body["tags"].is_object() {
                group.body["tags"] = ask.body["tags"].clone();
            }
            resources::put(draft, &group);
            Ok(Answer::Document(StatusCode::OK, shown(&group)))
        })
        .await
}

async fn delete(world: &World, id: &str, name: &str) -> Result<Answer, Refusal> {
    world
        .state
        .change(|draft| {
            let Some(mut group) = resources::find(draft, id) else {
                return Err(Refusal::group_not_found(name));
            };
            if group.provisioning_state() == "Deleting" {
                return Err(being_deleted(name));
            }
            group.set_provisioning_state("Deleting");
            let longest = resources::under(draft, &format!("{id}/"))
                .iter()
                .filter_map(|resource| Some(world.parts.kind(resource.kind())?.leaving_takes()))
                .max()
                .unwrap_or_default();
            resources::put(draft, &group);
            let operation = Operation::begin(draft, &world.clock, KIND, id, "delete", DELETION + longest);
            Ok(Answer::Long {
                status: StatusCode::ACCEPTED,
                body: None,
                operation,
                poll: Poll::Location,
                retry_after: DELETION,
            })
        })
        .await
}

/// The kind is only there to end a deletion: its paths are [`answer`]'s.
struct Group;

#[async_trait]
impl Kind for Group {
    fn name(&self) -> &'static str {
        KIND
    }

    async fn put(&self, _world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        Err(Refusal::method_not_allowed())
    }

    /// A group that could not be deleted is there as before.
    async fn fail(&self, world: &Arc<World>, operation: &Operation, _refusal: &Refusal) -> Result<(), StateError> {
        world
            .state
            .change(|draft| {
                if let Some(mut group) = resources::find(draft, &operation.resource) {
                    group.set_provisioning_state("Succeeded");
                    resources::put(draft, &group);
                }
                Ok(())
            })
            .await
    }

    async fn complete(&self, world: &Arc<World>, operation: &Operation) -> Result<(), Refusal> {
        world
            .state
            .change(|draft| {
                let all = resources::under(draft, &format!("{}/", operation.resource));
                let with_kinds = || all.iter().filter_map(|one| Some((world.parts.kind(one.kind())?, one)));
                with_kinds().try_for_each(|(kind, resource)| kind.can_leave(world, draft, resource))?;
                for (kind, resource) in with_kinds() {
                    kind.leave(world, draft, resource);
                }
                resources::remove(draft, &operation.resource);
                Ok(())
            })
            .await
    }
}

fn shown(group: &Resource) -> Value {
    group.body.clone()
}

fn being_deleted(name: &str) -> Refusal {
    Refusal::conflict(
        "ResourceGroupBeingDeleted",
        format!("The resource group '{name}' is in deprovisioning state and cannot perform this operation."),
    )
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_alphanumeric() || "_().-".contains(c);
    if (1..=90).contains(&name.chars().count()) && name.chars().all(allowed) && !name.ends_with('.') {
        return Ok(());
    }
    Err(Refusal::bad(
        "InvalidResourceGroup",
        format!(
            "The provided resource group name '{name}' has these invalid characters or ends with a period. The name can only be a letter, digit, '-', '.', '(', ')' or '_', and 90 characters long."
        ),
    ))
}

//! Deny assignments, which no role helps against. Only Azure makes them, as AKS does on the groups of its nodes.
use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, Ask, Caller};
use super::refusal::Refusal;
use crate::parts::{Kind, Parts};
use crate::resources::{self, Resource};
use crate::roles;
use crate::state::Draft;
use crate::world::World;

/// The provider type of deny assignments.
pub const DENY_ASSIGNMENTS: &str = "Microsoft.Authorization/denyAssignments";

/// Adds deny assignments.
pub(super) fn attach(parts: &mut Parts) {
    parts.add_kind(DenyAssignments);
}

/// Refuses an action that the caller's roles hold and that is denied all the same.
pub(super) fn check(draft: &Draft<'_>, caller: &Caller, action: &str, scope: &str) -> Result<(), Refusal> {
    let above = resources::extensions_above(draft, scope, DENY_ASSIGNMENTS);
    let Some(denied) = above.iter().find(|one| denies(one, caller, action)) else { return Ok(()) };
    let properties = &denied.body["properties"];
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        "DenyAssignmentAuthorizationFailed",
        format!(
            "The client '{}' with object id '{}' has permission to perform action '{action}' on scope '{scope}'; however, the access is denied because of the deny assignment with name '{}' and Id '{}' at scope '{}'.",
            caller.name,
            caller.object_id,
            properties["denyAssignmentName"].as_str().unwrap_or_default(),
            denied.body["name"].as_str().unwrap_or_default().replace('-', ""),
            properties["scope"].as_str().unwrap_or_default(),
        ),
    )
    .with_header("x-ms-failure-cause", "gateway".to_owned()))
}

fn denies(assignment: &Resource, caller: &Caller, action: &str) -> bool {
    let properties = &assignment.body["properties"];
    let all = |name: &str| properties[name].as_array().into_iter().flatten();
    let is_excluded = all("excludePrincipals").any(|it| it["id"] == json!(caller.object_id));
    let named = |it: &Value, list: &str| roles::custom::holds(&it[list], action);
    !is_excluded && all("permissions").any(|it| named(it, "actions") && !named(it, "notActions"))
}

struct DenyAssignments;

#[async_trait]
impl Kind for DenyAssignments {
    fn name(&self) -> &'static str {
        DENY_ASSIGNMENTS
    }

    async fn put(&self, _world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        Err(Refusal::method_not_allowed())
    }

    async fn delete(&self, _world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        Err(Refusal::method_not_allowed())
    }

    /// Those at the scope, above it and below it.
    fn listed(&self, world: &World, ask: &Ask) -> Option<Result<Vec<Value>, Refusal>> {
        let scope = ask.id.scope();
        let found = world.state.read(|draft| {
            let mut found = resources::extensions_above(draft, scope, DENY_ASSIGNMENTS);
            let below = resources::of_kind(draft, &format!("{scope}/"), DENY_ASSIGNMENTS);
            found.extend(
                below.into_iter().filter(|one| found.iter().all(|known| known.id() != one.id())).collect::<Vec<_>>(),
            );
            found
        });
        Some(Ok(found.into_iter().map(|one| one.body).collect()))
    }
}

//! Tells a caller what it may do at a scope: one entry for each assignment that counts there.
use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Ask};
use super::refusal::Refusal;
use crate::parts::{Function, Parts};
use crate::resources::{self, Resource};
use crate::roles::{self, custom};
use crate::state::Draft;
use crate::world::World;

/// Adds the question.
pub(super) fn attach(parts: &mut Parts) {
    parts.add_function(Permissions);
}

struct Permissions;

#[async_trait]
impl Function for Permissions {
    fn method(&self) -> Method {
        Method::GET
    }

    fn path(&self) -> &'static str {
        "Microsoft.Authorization/permissions"
    }

    fn action(&self) -> &'static str {
        "Microsoft.Authorization/permissions/read"
    }

    /// The group has to be there; of a resource only the id counts, so that rights can be asked before it is made.
    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let now = world.clock.now();
        world.state.read(|draft| {
            if let Some(name) = ask.id.resource_group() {
                let group = format!("{}/resourceGroups/{name}", world.subscription_id());
                resources::find(draft, &group).ok_or_else(|| Refusal::group_not_found(name))?;
            }
            let counting = roles::counting(draft, ask.caller.object_id, ask.id.scope(), now);
            let value: Vec<Value> = counting.iter().flat_map(|it| permissions(draft, it)).collect();
            Ok(Answer::Document(StatusCode::OK, json!({"value": value})))
        })
    }
}

fn permissions(draft: &Draft<'_>, assignment: &Resource) -> Vec<Value> {
    let properties = &assignment.body["properties"];
    let Some(role) = custom::find(draft, properties["roleDefinitionId"].as_str().unwrap_or_default()) else {
        return Vec::new();
    };
    let conditions: Vec<&str> = [properties["condition"].as_str(), role.condition()].into_iter().flatten().collect();
    let with_conditions = |mut shown: Value| {
        match conditions.as_slice() {
            [] => return shown,
            [one] => shown["condition"] = json!(one),
            several => shown["condition"] = json!(format!("({})", several.join(") AND ("))),
        }
        shown["conditionVersion"] = json!("2.0");
        shown
    };
    role.permissions().into_iter().map(with_conditions).collect()
}

//! Keeps deleted workspaces with their records for 14 days: made again under their name, they are back.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::records;
use super::workspaces::customer_id;
use crate::arm::{Answer, Ask, Refusal};
use crate::clock::later;
use crate::parts::Function;
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

/// The collection of deleted workspaces, by lower-case id.
const DELETED: &str = "deleted-workspaces";
/// How long Azure keeps one.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

/// Moves a workspace into the bin.
pub(super) fn put(draft: &mut Draft<'_>, workspace: &Resource) {
    let body = json!({"workspace": workspace, "until": later(draft.now, KEPT)});
    draft.put(DELETED, &resources::key(workspace.id()), body);
}

/// Takes a workspace out of the bin, where it is in there; one whose time is over goes with its records.
pub(super) fn take(draft: &mut Draft<'_>, id: &str) -> Option<Resource> {
    let kept = draft.get(DELETED, &resources::key(id))?;
    draft.remove(DELETED, &resources::key(id));
    let workspace: Resource = serde_json::from_value(kept["workspace"].clone()).ok()?;
    if is_over(&kept, draft.now) {
        records::forget(draft, customer_id(&workspace));
        return None;
    }
    Some(workspace)
}

/// Every workspace in the bin below a scope.
pub fn all(draft: &Draft<'_>, scope: &str) -> Vec<Value> {
    let found = draft.list_under(DELETED, &format!("{}/", resources::key(scope)));
    let kept = found.into_iter().filter(|(_, kept)| !is_over(kept, draft.now));
    kept.map(|(_, kept)| kept["workspace"]["body"].clone()).collect()
}

fn is_over(kept: &Value, now: Timestamp) -> bool {
    kept["until"].as_str().and_then(|until| until.parse::<Timestamp>().ok()).is_none_or(|until| until <= now)
}

/// The list of them.
pub(super) struct ListDeleted;

#[async_trait]
impl Function for ListDeleted {
    fn method(&self) -> Method {
        Method::GET
    }

    fn path(&self) -> &'static str {
        "Microsoft.OperationalInsights/deletedWorkspaces"
    }

    fn action(&self) -> &'static str {
        "Microsoft.OperationalInsights/workspaces/read"
    }

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let value = world.state.read(|draft| all(draft, ask.id.scope()));
        Ok(Answer::Document(StatusCode::OK, json!({ "value": value })))
    }
}

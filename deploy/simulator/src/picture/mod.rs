//! Draws the whole world as a short text that is the same for the same world: no times, no secrets, no random ids.
mod creations;
mod pods;
mod resource;

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::directory;
use crate::log_analytics::deleted as deleted_workspaces;
use crate::operations::{OPERATIONS, Operation};
use crate::resources::{self, Resource};
use crate::roles::{ASSIGNMENTS, custom};
use crate::state::Draft;
use crate::vault;
use crate::world::World;

pub use creations::creations;
pub(crate) use resource::facts;

/// The text: one section a sort of thing, one line a thing, both in order.
pub fn text(world: &World) -> String {
    let mut text = String::new();
    for (title, mut lines) in sections(world) {
        if lines.is_empty() {
            continue;
        }
        lines.sort();
        text.push_str(title);
        text.push('\n');
        for line in lines {
            text.push_str(&format!("  {line}\n"));
        }
    }
    number_ids(&text)
}

/// The sections by their titles, in no order of lines.
pub(crate) fn sections(world: &World) -> Vec<(&'static str, Vec<String>)> {
    world.state.read(|draft| {
        let all: Vec<Resource> = resources::under(draft, "");
        [
            ("groups", resource::groups(&all)),
            ("resources", resource::others(&all)),
            ("roles", roles(draft)),
            ("assignments", assignments(draft, &all)),
            ("deleted vaults", vault::deleted_lines(draft)),
            ("deleted workspaces", deleted_lines(draft, world)),
            ("secrets", vault::secret_lines(draft)),
            ("pods", pods::lines(draft, &all)),
            ("operations", operations(draft)),
        ]
        .into()
    })
}

/// An id without the subscription and the words that are always there: `rg/Microsoft.KeyVault/vaults/kv-one`.
pub(crate) fn short(id: &str) -> String {
    let parts: Vec<&str> = id.trim_matches('/').split('/').collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < parts.len() {
        match parts[at].to_ascii_lowercase().as_str() {
            "subscriptions" => {
                kept.push("subscription");
                at += 1;
            }
            // A group says that it is in the subscription.
            "resourcegroups" => {
                kept.clear();
            }
            "providers" => {}
            _ => kept.push(parts[at]),
        }
        at += 1;
    }
    kept.join("/")
}

fn assignments(draft: &Draft<'_>, all: &[Resource]) -> Vec<String> {
    let assignments = all.iter().filter(|one| one.kind().eq_ignore_ascii_case(ASSIGNMENTS));
    let each = assignments.map(|one| {
        let properties = &one.body["properties"];
        let text = |name: &str| properties[name].as_str().unwrap_or_default();
        let role = custom::find(draft, text("roleDefinitionId"));
        let role = role.as_ref().map_or("an unknown role", custom::Role::name);
        let principal = Uuid::parse_str(text("principalId")).ok().and_then(|id| directory::find(draft, id));
        let who = principal.map_or_else(|| "somebody who is gone".to_owned(), |principal| principal.name);
        let condition = if properties["condition"].is_string() { ", with a condition" } else { "" };
        format!("{}: {role} to {who}{condition}", short(text("scope")))
    });
    each.collect()
}

fn roles(draft: &Draft<'_>) -> Vec<String> {
    let each = custom::all(draft).into_iter().map(|role| {
        let scopes: Vec<String> = role.scopes().unwrap_or_default().into_iter().map(short).collect();
        format!("{} at {}", role.name(), scopes.join(", "))
    });
    each.collect()
}

fn deleted_lines(draft: &Draft<'_>, world: &World) -> Vec<String> {
    let found = deleted_workspaces::all(draft, &world.subscription_id());
    found.iter().filter_map(|one| one["id"].as_str()).map(short).collect()
}

fn operations(draft: &Draft<'_>) -> Vec<String> {
    let all = draft.list(OPERATIONS).into_iter();
    let running = all.filter_map(|(_, one)| serde_json::from_value::<Operation>(one).ok()).filter(Operation::running);
    running.map(|one| format!("{} {}", one.verb, short(&one.resource))).collect()
}

/// Puts `#1`, `#2` … in the place of every GUID, in the order in which they appear.
fn number_ids(text: &str) -> String {
    const LENGTH: usize = 36;
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut numbered = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let id = rest.get(..LENGTH).filter(|id| id.as_bytes()[8] == b'-' && Uuid::parse_str(id).is_ok());
        let taken = match id {
            Some(id) => {
                let next = numbers.len() + 1;
                numbered.push_str(&format!("#{}", numbers.entry(id.to_ascii_lowercase()).or_insert(next)));
                LENGTH
            }
            None => {
                numbered.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_guids_are_numbers() {
        let id = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.X/things/t/providers/Microsoft.Y/locks/l";
        assert_eq!(short(id), "rg/Microsoft.X/things/t/Microsoft.Y/locks/l");
        assert_eq!(short("/subscriptions/1/providers/Microsoft.Y/locks/l"), "subscription/Microsoft.Y/locks/l");
        assert_eq!(short("/subscriptions/1"), "subscription");
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(number_ids(&format!("a {two} b {one} ü {two}-x")), "a #1 b #2 ü #1-x");
    }
}

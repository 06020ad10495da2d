//! Counts how often each resource was made and asked for, so that a run can prove that nothing was made or asked twice.
use std::collections::BTreeMap;

use serde::Serialize;

use crate::resources;
use crate::state::{StateError, Wanted};
use crate::world::World;

/// What was counted of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How often it came to be.
    pub made: u64,
    /// PUTs that were taken on.
    pub asked: u64,
    /// Of those, PUTs while it was already there, or had just been asked for.
    pub asked_again: u64,
    /// DELETEs that were taken on.
    pub deleted: u64,
    /// Long operations that began, by what they do.
    pub operations: BTreeMap<String, u64>,
    /// Writes and deletions that were refused, by code.
    pub refused: BTreeMap<String, u64>,
}

/// The counts by lower-case id, from everything that the world remembers.
pub async fn creations(world: &World) -> Result<BTreeMap<String, Count>, StateError> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for (id, made) in world.state.list(resources::MADE) {
        counts.entry(id).or_default().made = made.as_u64().unwrap_or_default();
    }
    for (_, entry) in world.state.journal(&Wanted::default(), i64::MAX).await? {
        let count = counts.entry(entry.resource).or_default();
        let text = |name: &str| entry.body[name].as_str().unwrap_or_default();
        match (text("status"), text("method")) {
            ("Started", _) => {}
            ("Failed", _) if entry.body["code"].is_u64() => {
                let code = entry.body["error"]["error"]["code"].as_str().unwrap_or_default();
                *count.refused.entry(code.to_owned()).or_default() += 1;
            }
            // The end of an operation whose beginning was counted.
            (_, _) if entry.body["code"].is_null() => {}
            (_, "PUT") => count.asked += 1,
            (_, "DELETE") => count.deleted += 1,
            _ => {}
        }
        if let Some(verb) = entry.body["operation"].as_str() {
            *count.operations.entry(verb.to_owned()).or_default() += 1;
        }
    }
    for count in counts.values_mut() {
        count.asked_again = count.asked.saturating_sub(count.made);
    }
    Ok(counts)
}

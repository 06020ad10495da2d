//! Management locks: what they forbid at their scope and below it, whatever roles the caller has.
//!
//! Texts: Microsoft's page on locking resources, and refusals that others have published.
use std::sync::Arc;

use async_trait::async_trait;
use http::StatusCode;
use serde_json::{Value, json};

use crate::arm::{Answer, Ask, Refusal};
use crate::parts::{Kind, Parts};
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

/// The provider type of locks.
pub const LOCKS: &str = "Microsoft.Authorization/locks";

/// Adds them.
pub fn attach(parts: &mut Parts) {
    parts.add_kind(Locks);
}

/// What somebody wants to do to a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Write it, or do something with it (an action counts as a write).
    Write,
    /// Delete it with everything below.
    Delete,
}

impl Deed {
    /// What an action of the control plane does; nothing for one that only reads, and for locks themselves.
    pub fn of(action: &str) -> Option<Self> {
        let action = action.to_ascii_lowercase();
        match action.rsplit('/').next() {
            _ if action.starts_with("microsoft.authorization/locks/") => None,
            Some("read") => None,
            Some("delete") => Some(Self::Delete),
            _ => Some(Self::Write),
        }
    }
}

/// 409 `ScopeLocked` where a lock forbids it: at the scope, above it, and for a deletion also below it.
pub fn check(draft: &Draft<'_>, scope: &str, deed: Deed) -> Result<(), Refusal> {
    let mut locks = resources::extensions_above(draft, scope, LOCKS);
    if deed == Deed::Delete {
        let inherited = locks.len();
        let below = resources::of_kind(draft, &format!("{scope}/"), LOCKS);
        let new = |lock: &Resource| !locks[..inherited].iter().any(|one| one.id() == lock.id());
        let below: Vec<Resource> = below.into_iter().filter(new).collect();
        locks.extend(below);
    }
    let forbids = |lock: &&Resource| deed == Deed::Delete || lock.body["properties"]["level"] == "ReadOnly";
    let mut locked: Vec<String> = locks.iter().filter(forbids).map(|lock| format!("'{}'", scope_of(lock))).collect();
    locked.dedup();
    if locked.is_empty() {
        return Ok(());
    }
    let verb = if deed == Deed::Delete { "delete" } else { "write" };
    Err(Refusal::conflict(
        "ScopeLocked",
        format!(
            "The scope '{scope}' cannot perform {verb} operation because following scope(s) are locked: {}. Please remove the lock and try again.",
            locked.join(",")
        ),
    )
    .with_header("x-ms-failure-cause", "gateway".to_owned()))
}

/// What a lock holds.
fn scope_of(lock: &Resource) -> &str {
    lock.id().rsplit_once("/providers/").map_or("", |(scope, _)| scope)
}

struct Locks;

#[async_trait]
impl Kind for Locks {
    fn name(&self) -> &'static str {
        LOCKS
    }

    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let properties = &ask.body["properties"];
        let asked = properties["level"].as_str().unwrap_or_default();
        let level = ["CanNotDelete", "ReadOnly"].into_iter().find(|level| level.eq_ignore_ascii_case(asked));
        let Some(level) = level else {
            return Err(Refusal::bad(
                "InvalidLockLevel",
                format!("The lock level '{asked}' is invalid. The supported levels are 'CanNotDelete,ReadOnly'."),
            ));
        };
        let mut kept = json!({"level": level});
        for field in ["notes", "owners"] {
            if !properties[field].is_null() {
                kept[field] = properties[field].clone();
            }
        }
        let body = json!({"id": ask.canonical, "name": ask.id.name(), "type": LOCKS, "properties": kept});
        world
            .state
            .change(|draft| {
                let standing = resources::find(draft, &ask.canonical).is_some();
                resources::put(draft, &Resource::new(body.clone()));
                Ok(Answer::Document(if standing { StatusCode::OK } else { StatusCode::CREATED }, body))
            })
            .await
    }

    /// The locks that count at the scope, and without the filter `atScope()` those below it.
    fn listed(&self, world: &World, ask: &Ask) -> Option<Result<Vec<Value>, Refusal>> {
        let at_scope = ask.query.get("$filter").is_some_and(|filter| filter.eq_ignore_ascii_case("atScope()"));
        Some(Ok(world.state.read(|draft| {
            let mut found = resources::extensions_above(draft, ask.id.scope(), LOCKS);
            if !at_scope {
                let below = resources::of_kind(draft, &format!("{}/", ask.id.scope()), LOCKS);
                let deeper = |lock: &Resource| !scope_of(lock).eq_ignore_ascii_case(ask.id.scope());
                found.extend(below.into_iter().filter(deeper));
            }
            found.into_iter().map(|lock| lock.body).collect()
        })))
    }
}

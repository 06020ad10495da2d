//! Keeps ARM resources in the state: the document that callers see beside what only the simulator knows.
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::costs;
use crate::state::Draft;

/// The collection of all ARM resources, by lower-case resource id.
pub const RESOURCES: &str = "resources";

/// The collection of how often each resource was made, by lower-case id. It outlives the resources.
pub const MADE: &str = "made";

/// Where a resource's document has its provider type.
const TYPE: &str = "/body/type";

/// One ARM resource.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Resource {
    /// The document as GET answers it: `id`, `name`, `type`, `location`, `properties` …
    pub body: Value,
    /// What the simulator remembers about it and nobody is told.
    #[serde(default)]
    pub private: Value,
}

impl Resource {
    /// A resource with nothing private.
    pub fn new(body: Value) -> Self {
        Self { body, private: Value::Null }
    }

    /// Its id as it was first written.
    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }

    /// Its provider type, for example `Microsoft.KeyVault/vaults`.
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default()
    }

    /// Its `properties.provisioningState`.
    pub fn provisioning_state(&self) -> &str {
        self.body["properties"]["provisioningState"].as_str().unwrap_or_default()
    }

    /// Sets `properties.provisioningState`.
    pub fn set_provisioning_state(&mut self, state: &str) {
        self.body["properties"]["provisioningState"] = Value::from(state);
    }
}

/// The resource with that id, in any case of letters.
pub fn find(draft: &Draft<'_>, id: &str) -> Option<Resource> {
    draft.look(RESOURCES, &key(id), kept)
}

/// What is seen in a resource's body, without copying it.
pub fn look<R>(draft: &Draft<'_>, id: &str, see: impl FnOnce(&Value) -> R) -> Option<R> {
    look_whole(draft, id, |body, _| see(body))
}

/// The same in its body and in what is private.
pub fn look_whole<R>(draft: &Draft<'_>, id: &str, see: impl FnOnce(&Value, &Value) -> R) -> Option<R> {
    draft.look(RESOURCES, &key(id), |document| see(&document["body"], &document["private"]))
}

/// The id of a resource as it was first written, where it is there.
pub fn written(draft: &Draft<'_>, id: &str) -> Option<String> {
    look(draft, id, |body| body["id"].as_str().unwrap_or_default().to_owned())
}

/// A resource as its document keeps it.
fn kept(document: &Value) -> Resource {
    Resource { body: document["body"].clone(), private: document["private"].clone() }
}

/// Writes a resource under its own `id`, and when it was made and changed.
pub fn put(draft: &mut Draft<'_>, resource: &Resource) {
    let key = key(resource.id());
    let standing = draft.get(RESOURCES, &key).unwrap_or_default();
    let now = json!(draft.now);
    let same = standing["body"] == resource.body;
    let time = |name: &str| standing.get(name).filter(|time| time.is_string()).unwrap_or(&now);
    let billed = costs::going_on(draft, &standing, &resource.body);
    let document = json!({
        "body": resource.body, "private": resource.private, "billed": billed,
        "created": time("created"), "changed": if same { time("changed") } else { &now },
    });
    if standing.is_null() {
        let made = draft.get(MADE, &key).and_then(|made| made.as_u64()).unwrap_or_default();
        draft.put(MADE, &key, json!(made + 1));
    }
    draft.put(RESOURCES, &key, document);
}

/// When a resource was made, and when it changed last.
pub fn times(draft: &Draft<'_>, id: &str) -> (Value, Value) {
    let document = draft.get(RESOURCES, &key(id)).unwrap_or_default();
    (document["created"].clone(), document["changed"].clone())
}

/// Removes a resource and everything below it: children, extensions and role assignments at its scope.
pub fn remove(draft: &mut Draft<'_>, id: &str) {
    let key = key(id);
    let below = draft.list_under(RESOURCES, &format!("{key}/"));
    for (id, document) in below {
        costs::end(draft, &document);
        draft.remove(RESOURCES, &id);
    }
    if let Some(document) = draft.get(RESOURCES, &key) {
        costs::end(draft, &document);
    }
    draft.remove(RESOURCES, &key);
}

/// The resources whose id begins with `prefix`, ordered by lower-case id.
pub fn under(draft: &Draft<'_>, prefix: &str) -> Vec<Resource> {
    let mut found = Vec::new();
    draft.visit(RESOURCES, &prefix.to_ascii_lowercase(), |_, document| found.push(kept(document)));
    found
}

/// The resources of one provider type whose id begins with `prefix`, ordered by lower-case id.
pub fn of_kind(draft: &Draft<'_>, prefix: &str, kind: &str) -> Vec<Resource> {
    matching(draft, prefix, kind, |_| true)
}

/// Those of them whose body passes; the others are not copied.
pub fn matching(draft: &Draft<'_>, prefix: &str, kind: &str, passes: impl Fn(&Value) -> bool) -> Vec<Resource> {
    let mut found = Vec::new();
    draft.visit_with(RESOURCES, &prefix.to_ascii_lowercase(), TYPE, kind, |_, document| {
        if passes(&document["body"]) {
            found.push(kept(document));
        }
    });
    found
}

/// A resource's document, shared with the state: nothing of it is copied.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Value>);

impl Shared {
    /// The document as GET answers it.
    pub fn body(&self) -> &Value {
        &self.0["body"]
    }
}

/// The resources of one provider type whose id begins with `prefix`, ordered by lower-case id.
pub fn shared(draft: &Draft<'_>, prefix: &str, kind: &str) -> Vec<Shared> {
    draft.share_with(RESOURCES, &prefix.to_ascii_lowercase(), TYPE, kind).into_iter().map(Shared).collect()
}

/// The resources of one provider type whose id begins with `prefix` and that have this text at an indexed place of their
/// document (`/body/properties/principalId`), ordered by lower-case id.
pub fn having(draft: &Draft<'_>, prefix: &str, kind: &str, place: &'static str, text: &str) -> Vec<Resource> {
    let mut found = Vec::new();
    draft.visit_with(RESOURCES, &prefix.to_ascii_lowercase(), place, text, |_, document| {
        if document["body"]["type"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(kind)) {
            found.push(kept(document));
        }
    });
    found
}

/// The resource of one provider type with that name, wherever it is: for names that are unique in the world.
pub fn named(draft: &Draft<'_>, kind: &str, name: &str) -> Option<Resource> {
    having(draft, "", kind, "/body/name", name).pop()
}

/// The resources of one extension type (`Microsoft.Authorization/locks`) at `scope` and at every scope above it.
pub fn extensions_above(draft: &Draft<'_>, scope: &str, kind: &str) -> Vec<Resource> {
    extensions_above_that(draft, scope, kind, |_| true)
}

/// Those of them whose document passes; the others are not copied.
pub fn extensions_above_that(
    draft: &Draft<'_>,
    scope: &str,
    kind: &str,
    passes: impl Fn(&Value) -> bool,
) -> Vec<Resource> {
    let scope = key(scope);
    let kind = kind.to_ascii_lowercase();
    let mut found = Vec::new();
    for end in scope.match_indices('/').map(|(at, _)| at).chain([scope.len()]) {
        draft.visit(RESOURCES, &format!("{}/providers/{kind}/", &scope[..end]), |_, document| {
            if passes(document) {
                found.push(kept(document));
            }
        });
    }
    found
}

/// The key under which a resource is kept.
pub fn key(id: &str) -> String {
    id.trim_end_matches('/').to_ascii_lowercase()
}

//! Azure Policy as far as it refuses: definitions, assignments, and the question beforehand.
//!
//! Effects are `deny`, `audit` (which only the question tells) and `disabled`. A rule is made of `allOf`, `anyOf`, `not`
//! and comparisons of fields; a definition with anything else is refused when it is written, so that no rule counts half.
//! Shapes: Microsoft's pages on the definition structure and on RequestDisallowedByPolicy.
mod assignments;
mod builtin;
mod definitions;
mod field;
mod parameters;
mod restrictions;
mod rule;
mod violation;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::arm::{Ask, Refusal, merge};
use crate::parts::Parts;
use crate::resources;
use crate::state::Draft;
use field::Sight;

/// The type that rules give to resource groups.
pub const GROUPS: &str = "Microsoft.Resources/subscriptions/resourceGroups";

/// Adds it.
pub fn attach(parts: &mut Parts) {
    parts.add_kind(definitions::Definitions);
    parts.add_kind(assignments::Assignments);
    parts.add_function(restrictions::CheckRestrictions);
}

/// 403 `RequestDisallowedByPolicy` where an assignment at or above `document`'s id denies it.
pub fn check(draft: &Draft<'_>, document: &Value, now: Timestamp) -> Result<(), Refusal> {
    let sight = Sight::of(document);
    let found = violation::of(draft, document["id"].as_str().unwrap_or_default(), &sight, &["deny"], now);
    match found.iter().any(|violation| violation.result == Some(true)) {
        true => Err(violation::refusal(document["name"].as_str().unwrap_or_default(), &found)),
        false => Ok(()),
    }
}

/// The document that a PUT or PATCH would leave, as far as the request says it.
pub fn wished(draft: &Draft<'_>, ask: &Ask, kind: &str) -> Value {
    let mut document = match ask.method {
        http::Method::PATCH => {
            let mut standing = resources::find(draft, ask.id.as_str()).unwrap_or_default().body;
            merge(&mut standing, &ask.body);
            standing
        }
        _ => ask.body.clone(),
    };
    if !document.is_object() {
        document = json!({});
    }
    if let Ok(location) = ask.location() {
        document["location"] = json!(location);
    }
    document["id"] = json!(ask.canonical);
    document["name"] = json!(ask.canonical.rsplit('/').next());
    document["type"] = json!(kind);
    document
}

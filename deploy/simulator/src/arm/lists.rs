//! Lists resources, of one type or of all, with the few filters that clients really send.
use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, Ask};
use super::refusal::Refusal;
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::world::World;

/// The resources of one kind in the collection that the path names.
pub(super) fn of_kind(world: &World, ask: &Ask, kind: &dyn Kind) -> Result<Answer, Refusal> {
    if let Some(listed) = kind.listed(world, ask) {
        return Ok(Answer::Document(StatusCode::OK, json!({"value": listed?})));
    }
    // For children the path is the parent's; for resources of the first level it is the scope's.
    let below = match ask.id.rest().len() {
        1 => ask.id.scope(),
        _ => ask.id.as_str(),
    };
    let found = world.state.read(|draft| resources::of_kind(draft, &format!("{below}/"), kind.name()));
    let value: Vec<Value> = found.into_iter().map(|resource| kind.shown(world, resource).body).collect();
    Ok(Answer::Document(StatusCode::OK, json!({"value": value})))
}

/// Every tracked resource below a scope: what `/resources` lists, with `$filter` and `$top`.
pub(super) fn everything(world: &World, ask: &Ask, scope: &str) -> Value {
    let filter = Filter::parse(ask.query.get("$filter").map_or("", String::as_str));
    let found = world
        .state
        .read(|draft| resources::under(draft, &format!("{scope}/resourceGroups/")))
        .into_iter()
        .chain(world.state.read(|draft| resources::under(draft, &format!("{scope}/providers/"))));
    let mut value: Vec<Value> = found
        .filter(|resource| tracked(resource) && filter.matches(resource))
        .map(|resource| {
            let body = resource.body;
            let mut shown =
                json!({"id": body["id"], "name": body["name"], "type": body["type"], "location": body["location"]});
            for field in ["tags", "identity", "sku", "kind"] {
                if !body[field].is_null() {
                    shown[field] = body[field].clone();
                }
            }
            shown
        })
        .collect();
    if let Some(top) = ask.query.get("$top").and_then(|top| top.parse().ok()) {
        value.truncate(top);
    }
    json!({"value": value})
}

/// Whether it shows in `/resources`: a resource of the first level with a location, not a group or an extension.
fn tracked(resource: &Resource) -> bool {
    let kind = resource.kind();
    kind.matches('/').count() == 1
        && !kind.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups")
        && resource.body["location"].is_string()
}

/// `field eq 'value'` joined by `and` (`or` inside one field is what nobody sends).
struct Filter(Vec<(String, String)>);

impl Filter {
    fn parse(text: &str) -> Self {
        let terms = text.split(" and ").filter_map(|term| {
            let (field, value) = term.split_once(" eq ")?;
            Some((field.trim().to_owned(), value.trim().trim_matches('\'').replace("''", "'")))
        });
        Self(terms.collect())
    }

    fn matches(&self, resource: &Resource) -> bool {
        self.0.iter().all(|(field, wanted)| {
            let group = super::part_after(resource.id(), "resourcegroups");
            let found = match field.as_str() {
                "resourceType" => Some(resource.kind()),
                "name" => resource.body["name"].as_str(),
                "location" => resource.body["location"].as_str(),
                "resourceGroup" => group,
                _ => None,
            };
            found.is_some_and(|found| found.eq_ignore_ascii_case(wanted))
        })
    }
}

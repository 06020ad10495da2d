//! Lists resources, of one type or of all, with the filters of the resource manager.
use http::StatusCode;
use serde_json::{Value, json};

use super::answer::{Answer, Ask, List};
use super::filter::Filter;
use super::refusal::Refusal;
use crate::parts::Kind;
use crate::resources::{self, Resource};
use crate::world::World;

/// What `$expand` adds, by its own name.
const EXPANSIONS: [&str; 3] = ["createdTime", "changedTime", "provisioningState"];

/// The fields that a filter may name.
const FIELDS: [&str; 8] =
    ["resourceType", "name", "location", "resourceGroup", "tagName", "tagValue", "identity/principalId", "kind"];

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
    let found = world.state.read(|draft| resources::shared(draft, &format!("{below}/"), kind.name()));
    Ok(Answer::List(List { value: found, next_link: None }))
}

/// Every tracked resource below a scope that `may_see` lets through: what `/resources` lists, with `$filter` and
/// `$expand`.
pub(super) fn everything(
    world: &World,
    ask: &Ask,
    scope: &str,
    may_see: impl Fn(&Resource) -> bool,
) -> Result<Value, Refusal> {
    let filter = Tracked::filter(ask)?;
    let expand = ask.query.get("$expand").map(String::as_str).unwrap_or_default();
    let expand: Vec<&str> = expand.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if let Some(unknown) = expand.iter().find(|name| !EXPANSIONS.iter().any(|known| known.eq_ignore_ascii_case(name))) {
        return Err(Refusal::bad(
            "InvalidExpandInQueryString",
            format!("Invalid $expand '{unknown}' specified in the query string."),
        ));
    }
    let found: Vec<(Resource, (Value, Value))> = world.state.read(|draft| {
        let found = resources::under(draft, &format!("{scope}/")).into_iter();
        let wanted = found.filter(|one| tracked(one) && filter.passes(one));
        wanted.map(|one| (resources::times(draft, one.id()), one)).map(|(times, one)| (one, times)).collect()
    });
    let shown = found.into_iter().filter(|(one, _)| may_see(one)).map(|(resource, (created, changed))| {
        let body = &resource.body;
        let mut shown =
            json!({"id": body["id"], "name": body["name"], "type": body["type"], "location": body["location"]});
        for field in ["tags", "identity", "sku", "kind", "managedBy", "zones", "plan"] {
            if !body[field].is_null() {
                shown[field] = body[field].clone();
            }
        }
        for name in &expand {
            match name.to_ascii_lowercase().as_str() {
                "createdtime" => shown["createdTime"] = created.clone(),
                "changedtime" => shown["changedTime"] = changed.clone(),
                _ => shown["provisioningState"] = state(&resource),
            }
        }
        shown
    });
    Ok(json!({"value": shown.collect::<Vec<Value>>()}))
}

/// Types without a state of their own are done once they are there.
fn state(resource: &Resource) -> Value {
    match resource.provisioning_state() {
        "" => json!("Succeeded"),
        state => json!(state),
    }
}

/// Whether it shows in `/resources`: a resource of the first level with a location, not a group or an extension.
fn tracked(resource: &Resource) -> bool {
    let kind = resource.kind();
    kind.matches('/').count() == 1
        && !kind.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups")
        && resource.body["location"].is_string()
}

/// A filter over tracked resources, and over groups.
pub(super) struct Tracked(Filter);

impl Tracked {
    pub(super) fn filter(ask: &Ask) -> Result<Self, Refusal> {
        let text = ask.query.get("$filter").map_or("", String::as_str);
        let known = |(field, operator): &(&str, &str)| match *operator {
            "()" => ["substringof", "startswith"].iter().any(|name| name.eq_ignore_ascii_case(field)),
            "eq" | "ne" => FIELDS.iter().any(|name| name.eq_ignore_ascii_case(field)),
            _ => false,
        };
        match Filter::read(text) {
            Ok(filter) if filter.parts().iter().all(known) => Ok(Self(filter)),
            _ => Err(Refusal::bad(
                "InvalidFilterInQueryString",
                format!("Invalid $filter '{text}' specified in the query string."),
            )),
        }
    }

    pub(super) fn passes(&self, resource: &Resource) -> bool {
        let values = |field: &str| -> Vec<&str> {
            let body = &resource.body;
            let tags = || body["tags"].as_object().into_iter().flatten();
            match field.to_ascii_lowercase().as_str() {
                "resourcetype" => vec![resource.kind()],
                "resourcegroup" => super::part_after(resource.id(), "resourcegroups").into_iter().collect(),
                "tagname" => tags().map(|(name, _)| name.as_str()).collect(),
                "tagvalue" => tags().filter_map(|(_, value)| value.as_str()).collect(),
                "identity/principalid" => body["identity"]["principalId"].as_str().into_iter().collect(),
                other => body[other].as_str().into_iter().collect(),
            }
        };
        let holds = |field: &str, operator: &str, wanted: &str| {
            values(field).iter().any(|found| found.eq_ignore_ascii_case(wanted)) != (operator == "ne")
        };
        let is = |name: &str, arguments: &[String]| {
            let [first, second] = arguments else { return false };
            let (field, part) =
                if name.eq_ignore_ascii_case("substringof") { (second, first) } else { (first, second) };
            let part = part.to_ascii_lowercase();
            values(field).iter().map(|found| found.to_ascii_lowercase()).any(|found| {
                if name.eq_ignore_ascii_case("substringof") { found.contains(&part) } else { found.starts_with(&part) }
            })
        };
        self.0.passes(&holds, &is)
    }
}

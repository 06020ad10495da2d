//! Keeps for how long each thing that is paid for stood as it did; that outlives the thing.
use serde_json::{Value, json};

use crate::addresses::ADDRESSES;
use crate::compute::{SCALE_SETS, size};
use crate::resources;
use crate::state::Draft;

/// The collection of what has ended: `{"id", "tags", "location", "uses": [[METER, HOW MANY]], "from", "until"}`.
pub(super) const USAGE: &str = "usage";

/// What a resource is billed for by the hour, as the list of prices names it; what is billed by quantity is not simulated.
fn uses(body: &Value) -> Vec<(String, i64)> {
    let is = |kind: &str| body["type"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(kind));
    if is(SCALE_SETS) {
        let name = body["sku"]["name"].as_str().unwrap_or_default();
        let nodes = body["sku"]["capacity"].as_i64().unwrap_or(0);
        return if nodes > 0 { vec![(name.to_owned(), nodes), (disk(name).to_owned(), nodes)] } else { Vec::new() };
    }
    if is("Microsoft.ContainerService/managedClusters") {
        return match body["sku"]["tier"].as_str() {
            Some("Standard") => vec![("Standard Uptime SLA".to_owned(), 1)],
            Some("Premium") => {
                vec![("Standard Uptime SLA".to_owned(), 1), ("Standard Long Term Support".to_owned(), 1)]
            }
            _ => Vec::new(),
        };
    }
    if is(ADDRESSES) {
        // The load balancer that it belongs to is no resource here.
        let balancer = "Standard Included LB Rules and Outbound Rules".to_owned();
        return vec![("Standard IPv4 Static Public IP".to_owned(), 1), (balancer, 1)];
    }
    Vec::new()
}

/// The system disk that AKS gives a node.
fn disk(name: &str) -> &'static str {
    match size(name).map_or(0, |size| size.cores) {
        0..8 => "P10 LRS Disk",
        8..16 => "P15 LRS Disk",
        16..64 => "P20 LRS Disk",
        _ => "P30 LRS Disk",
    }
}

/// What is noted beside a resource that is written: since when it has been billed for the same, with its tags of now. What
/// it was billed for before ends.
pub(crate) fn going_on(draft: &mut Draft<'_>, standing: &Value, body: &Value) -> Value {
    let uses = uses(body);
    let mut billed = json!({"uses": uses, "tags": body["tags"], "location": body["location"]});
    let before = &standing["billed"];
    if before.is_object() && ["uses", "location"].iter().all(|name| before[*name] == billed[*name]) {
        billed["from"] = before["from"].clone();
        return billed;
    }
    end(draft, standing);
    if uses.is_empty() {
        return Value::Null;
    }
    billed["from"] = json!(draft.now);
    billed
}

/// Keeps what a resource was billed for until now; `document` is all that is kept of it.
pub(crate) fn end(draft: &mut Draft<'_>, document: &Value) {
    let billed = &document["billed"];
    let (Some(from), Some(id)) = (billed["from"].as_str(), document["body"]["id"].as_str()) else { return };
    let mut ended = billed.clone();
    ended["id"] = json!(id);
    ended["until"] = json!(draft.now);
    draft.put(USAGE, &format!("{}|{from}", resources::key(id)), ended);
}

/// Everything below a scope that was or is billed for, what goes on without an end.
pub(super) fn of(draft: &Draft<'_>, scope: &str) -> Vec<Value> {
    let below = format!("{}/", resources::key(scope));
    let mut spans: Vec<Value> = draft.list_under(USAGE, &below).into_iter().map(|(_, span)| span).collect();
    draft.visit(resources::RESOURCES, &below, |_, document| {
        if document["billed"].is_object() {
            let mut span = document["billed"].clone();
            span["id"] = document["body"]["id"].clone();
            spans.push(span);
        }
    });
    spans
}

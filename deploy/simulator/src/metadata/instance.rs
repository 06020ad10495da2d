//! Tells a machine what it is: its region, size, scale set and resource group.
use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Refused, bad, refuse};
use crate::arm::part_after;
use crate::door::Asker;
use crate::resources;
use crate::seed;
use crate::world::World;

pub(super) fn answer(world: &World, asker: &Asker, query: &BTreeMap<String, String>) -> Result<Response, Refused> {
    let version = query.get("api-version").filter(|version| version.as_str() >= "2017-04-02");
    if version.is_none() {
        return Err(bad("Bad request. api-version was not specified in the request", ""));
    }
    if query.get("format").is_some_and(|format| format != "json") {
        return Err(bad("Bad request. Only the format 'json' is answered", ""));
    }
    let machine = asker.0.as_ref();
    let found = machine.and_then(|machine| machine.resource.as_deref());
    let found = found.and_then(|id| world.state.read(|draft| resources::find(draft, id)));
    let (Some(machine), Some(set)) = (machine, found) else {
        return Err(refuse(StatusCode::NOT_FOUND, "Not found", "this machine is none of Azure's"));
    };
    let tags = set.body["tags"].as_object().into_iter().flatten();
    let tags: Vec<String> =
        tags.map(|(name, value)| format!("{name}:{}", value.as_str().unwrap_or_default())).collect();
    let name = set.body["name"].as_str().unwrap_or_default();
    Ok(Json(json!({
        "compute": {
            "azEnvironment": "AzurePublicCloud",
            "location": set.body["location"],
            "name": machine.name,
            "osType": "Linux",
            "provider": "Microsoft.Compute",
            "resourceGroupName": part_after(set.id(), "resourcegroups"),
            "resourceId": format!("{}/virtualMachines/0", set.id()),
            "subscriptionId": world.subscription,
            "tags": tags.join(";"),
            "vmId": seed::id_of(&machine.name),
            "vmScaleSetName": name,
            "vmSize": set.body["sku"]["name"],
            "zone": set.body["zones"][0].as_str().unwrap_or_default(),
        },
        "network": {"interface": Value::Array(Vec::new())},
    }))
    .into_response())
}

//! Shapes an entry of the journal as the activity log shows it.
use http::StatusCode;
use serde_json::{Value, json};

use super::LAG;
use crate::arm::ResourceId;
use crate::clock::later;
use crate::state::Entry;
use crate::world::World;

/// Ticks of a hundred nanoseconds between the years 1 and 1970.
const TICKS_BEFORE_1970: i64 = 621_355_968_000_000_000;

/// The event; `select` names the fields that are wanted, none means all.
pub(super) fn shown(world: &World, entry: &Entry, select: &[&str]) -> Value {
    let body = &entry.body;
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let resource = text("resource");
    let action = text("action");
    let (kind, provider) = kind_of(resource, action);
    let code = body["code"].as_u64().and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
    let reason = code.and_then(|code| code.canonical_reason()).unwrap_or_default().replace(' ', "");
    let failed = text("status") == "Failed";
    let ticks = TICKS_BEFORE_1970 + entry.at.as_microsecond() * 10;
    let mut event = json!({
        "authorization": {"action": action, "scope": resource},
        "caller": body["caller"],
        "category": named("Administrative"),
        "channels": "Operation",
        "claims": claims(&body["claims"]),
        "correlationId": entry.correlation,
        "description": "",
        "eventDataId": body["id"],
        "eventName": {
            "value": if text("status") == "Started" { "BeginRequest" } else { "EndRequest" },
            "localizedValue": if text("status") == "Started" { "Begin request" } else { "End request" },
        },
        "eventTimestamp": entry.at,
        "httpRequest": {"clientRequestId": body["request"], "clientIpAddress": "127.0.0.1", "method": body["method"]},
        "id": format!("{resource}/events/{}/ticks/{ticks}", text("id")),
        "level": if failed { "Error" } else { "Informational" },
        "operationId": body["operationId"],
        "operationName": named(action),
        "properties": {
            "eventCategory": "Administrative", "entity": resource, "message": action,
            "hierarchy": format!("{}/{}", world.tenant, world.subscription),
        },
        "resourceGroupName": crate::arm::part_after(resource, "resourcegroups"),
        "resourceId": resource,
        "resourceProviderName": named(&provider),
        "resourceType": named(&kind),
        "status": named(text("status")),
        "subStatus": {
            "value": reason,
            "localizedValue": code.map(|code| format!("{reason} (HTTP Status Code: {})", code.as_u16())).unwrap_or_default(),
        },
        "submissionTimestamp": later(entry.at, world.clock.shorten(LAG)),
        "subscriptionId": world.subscription,
        "tenantId": world.tenant,
    });
    if let Some(code) = code.filter(|_| text("status") != "Started") {
        event["properties"]["statusCode"] = json!(code.canonical_reason().map(|reason| reason.replace(' ', "")));
    }
    if !body["error"].is_null() {
        event["properties"]["statusMessage"] = json!(body["error"].to_string());
    }
    if let (Some(event), false) = (event.as_object_mut(), select.is_empty()) {
        event.retain(|name, _| select.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)));
    }
    event
}

fn named(value: &str) -> Value {
    json!({"value": value, "localizedValue": value})
}

/// The type that an action is about, and its provider.
fn kind_of(resource: &str, action: &str) -> (String, String) {
    let kind = match ResourceId::parse(resource) {
        Some(id) => id.kind(),
        None => action.rsplit_once('/').map_or(action, |(kind, _)| kind).to_owned(),
    };
    let provider = kind.split('/').next().unwrap_or_default().to_owned();
    (kind, provider)
}

/// The token's claims under the names that the log gives them.
fn claims(token: &Value) -> Value {
    const SCHEMAS: &str = "http://schemas.microsoft.com/identity/claims";
    let mut shown = json!({});
    for (name, value) in token.as_object().into_iter().flatten() {
        let name = match name.as_str() {
            "oid" => format!("{SCHEMAS}/objectidentifier"),
            "tid" => format!("{SCHEMAS}/tenantid"),
            "idp" => format!("{SCHEMAS}/identityprovider"),
            "sub" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier".to_owned(),
            "upn" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn".to_owned(),
            other => other.to_owned(),
        };
        // The log shows every claim as text.
        shown[name] = match value {
            Value::String(text) => json!(text),
            other => json!(other.to_string()),
        };
    }
    shown
}

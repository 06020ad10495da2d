//! Writes down what was asked of a vault's data, where a diagnostic setting wants to know.
//!
//! Columns: Microsoft's page on the table `AZKVAuditLogs`.
use std::time::Duration;

use http::request::Parts as RequestParts;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::site::Granted;
use crate::addresses::Origin;
use crate::arm::Caller;
use crate::log_analytics::{Record, is_wanted};
use crate::resources::Resource;
use crate::world::World;

const CATEGORY: &str = "AuditEvent";

/// What is known of a call besides its answer.
pub(super) struct Heard<'a> {
    pub(super) request: &'a RequestParts,
    pub(super) host: &'a str,
    pub(super) vault: Resource,
    pub(super) origin: Origin,
    pub(super) is_address_authorized: bool,
    /// Nobody, where the call had no good token.
    pub(super) caller: Option<Caller>,
}

/// Hands the record of a call over, where anybody wants it.
pub(super) fn note(world: &World, heard: &Heard<'_>, answer: &Granted, correlation: &str, took: Duration) {
    if !is_wanted(world, heard.vault.id(), CATEGORY) {
        return;
    }
    let (status, why, body) = match answer {
        Ok((status, body)) => (*status, None, body),
        Err(refusal) => (refusal.status, Some(refusal.message.as_str()), &Value::Null),
    };
    let header = |name: &str| heard.request.headers.get(name).and_then(|value| value.to_str().ok());
    let properties = &heard.vault.body["properties"];
    let uri = heard.request.uri.path_and_query().map_or("/", |path| path.as_str());
    let operation = if heard.caller.is_some() { operation(heard.request) } else { "Authentication" };
    let identity = heard.caller.as_ref().map_or_else(|| json!({}), identity);
    let columns = json!({
        "OperationName": operation,
        "OperationVersion": version(heard.request),
        "ResultType": if status.is_client_error() || status.is_server_error() { "Failure" } else { "Success" },
        "ResultSignature": status.canonical_reason(),
        "ResultDescription": why,
        "HttpStatusCode": status.as_u16(),
        "DurationMs": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "CallerIpAddress": heard.origin.address.to_string(),
        "CorrelationId": header("x-ms-client-request-id").unwrap_or(correlation),
        "ClientInfo": header("user-agent").unwrap_or_default(),
        "RequestUri": format!("https://{}{uri}", heard.host),
        "Id": id(heard, body),
        "Identity": identity,
        "IsAddressAuthorized": heard.is_address_authorized,
        "AddressAuthorizationType": if heard.origin.subnet.is_some() { "Subnet" } else { "PublicIP" },
        "SubnetId": heard.origin.subnet,
        "IsRbacAuthorized": properties["enableRbacAuthorization"] == true && status != StatusCode::FORBIDDEN,
        "TlsVersion": "TLS1_3",
    });
    world.resource_logs.send(Record {
        resource: heard.vault.id().to_owned(),
        category: CATEGORY,
        table: "AZKVAuditLogs",
        at: world.clock.now(),
        columns,
    });
}

fn identity(caller: &Caller) -> Value {
    let mut claim = json!({"oid": caller.object_id, "appid": caller.app_id,
        "http://schemas.microsoft.com/identity/claims/objectidentifier": caller.object_id});
    for name in ["upn", "xms_mirid", "xms_az_rid"] {
        if !caller.claims[name].is_null() {
            claim[name] = caller.claims[name].clone();
        }
    }
    json!({ "claim": claim })
}

fn version(request: &RequestParts) -> String {
    let query = form_urlencoded::parse(request.uri.query().unwrap_or_default().as_bytes());
    query.into_iter().find(|(name, _)| name == "api-version").map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The secret or key that it was about: as the answer names it, or else as it was asked.
fn id(heard: &Heard<'_>, body: &Value) -> String {
    let asked = || {
        let path = heard.request.uri.path().trim_matches('/');
        if path.is_empty() { String::new() } else { format!("https://{}/{path}", heard.host) }
    };
    let said = body["id"].as_str().or(body["kid"].as_str()).or(body["key"]["kid"].as_str());
    said.map_or_else(asked, str::to_owned)
}

/// The name that the log gives to a request.
fn operation(request: &RequestParts) -> &'static str {
    let path = request.uri.path().trim_matches('/').to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    match (&request.method, parts.as_slice()) {
        (&Method::GET, ["secrets"]) => "SecretList",
        (&Method::GET, ["secrets", _, "versions"]) => "SecretListVersions",
        (&Method::GET, ["secrets", ..]) => "SecretGet",
        (&Method::PUT, ["secrets", _]) => "SecretSet",
        (&Method::PATCH, ["secrets", ..]) => "SecretUpdate",
        (&Method::DELETE, ["secrets", _]) => "SecretDelete",
        (&Method::POST, ["secrets", "restore"]) => "SecretRestore",
        (&Method::POST, ["secrets", _, "backup"]) => "SecretBackup",
        (&Method::GET, ["deletedsecrets"]) => "SecretListDeleted",
        (&Method::GET, ["deletedsecrets", _]) => "SecretGetDeleted",
        (&Method::DELETE, ["deletedsecrets", _]) => "SecretPurge",
        (&Method::POST, ["deletedsecrets", _, "recover"]) => "SecretRecover",
        (&Method::POST, ["keys", _, "create"]) => "KeyCreate",
        (&Method::GET, ["keys", ..]) => "KeyGet",
        (&Method::POST, ["keys", _, _, "wrapkey"]) => "KeyWrap",
        (&Method::POST, ["keys", _, _, "unwrapkey"]) => "KeyUnwrap",
        _ => "Unknown",
    }
}

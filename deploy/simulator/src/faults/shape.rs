//! Gives a fault's answer the shape that its host gives errors.
use axum::Json;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::fill::Facts;
use super::{Asked, Fault};
use crate::arm;
use crate::world::World;

/// The answer of a fault that has one.
pub(crate) fn answer(world: &World, asked: &Asked<'_>, headers: &HeaderMap, fault: &Fault) -> Option<Response> {
    let status = StatusCode::from_u16(fault.status?).ok()?;
    let facts = Facts::of(world, asked, headers);
    let body = match &fault.body {
        Value::Null => body(world, asked.host, status, fault, &facts),
        body => facts.fill_all(body),
    };
    let mut response = match fault.text.as_str() {
        "" => (status, Json(body)).into_response(),
        page => (status, Html(facts.fill(page))).into_response(),
    };
    if asked.host == "management.azure.com" {
        arm::dress(world, asked.method, asked.path, &mut response);
    }
    let headers = response.headers_mut();
    for (name, value) in &fault.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), facts.fill(value).parse::<HeaderValue>()) {
            headers.insert(name, value);
        }
    }
    if let Some(seconds) = fault.retry_after {
        headers.insert("retry-after", seconds.into());
    }
    add_request_id(headers);
    Some(response)
}

/// What a read says of something that is not there.
pub(crate) fn not_there(world: &World, asked: &Asked<'_>, headers: &HeaderMap) -> Response {
    let in_group = asked.path.to_ascii_lowercase().contains("/providers/");
    let named = match (asked.host, in_group) {
        ("management.azure.com", true) => "resource-not-found",
        ("management.azure.com", false) => "group-not-found",
        _ => "secret-not-found",
    };
    let fault = super::catalogue::named(named).and_then(|fault| answer(world, asked, headers, &fault));
    fault.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// Every answer of a service has an id by which its people find it again.
fn add_request_id(headers: &mut HeaderMap) {
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().to_string()) {
        headers.entry("x-ms-request-id").or_insert(id);
    }
}

fn body(world: &World, host: &str, status: StatusCode, fault: &Fault, facts: &Facts) -> Value {
    let (code, message) = (facts.fill(&fault.code), facts.fill(&fault.message));
    match host {
        "login.microsoftonline.com" | "login.windows.net" | "sts.windows.net" => {
            let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
            let time = world.clock.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
            let number = fault.entra.unwrap_or(90033);
            json!({
                "error": code,
                "error_description": format!(
                    "AADSTS{number}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"
                ),
                "error_codes": [number], "timestamp": time, "trace_id": trace, "correlation_id": correlation,
                "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
            })
        }
        "169.254.169.254" => json!({"error": code, "error_description": message}),
        host if host.ends_with(".azmk8s.io") => json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": code, "code": status.as_u16(),
        }),
        _ => {
            let mut error = json!({"code": code, "message": message});
            if let Some(target) = &fault.target {
                error["target"] = json!(facts.fill(target));
            }
            for (name, values) in [("details", &fault.details), ("additionalInfo", &fault.information)] {
                if !values.is_empty() {
                    error[name] = facts.fill_all(&json!(values));
                }
            }
            json!({ "error": error })
        }
    }
}

//! Queries and bodies are what the OpenAPI document says, or refused with what is wrong in each place.
//!
//! What nobody knows is refused and not passed over: a misspelt `nodse` would otherwise be an environment of another size,
//! and a misspelt filter a list of everything. A field that stands twice is refused because two readers could believe
//! two different ones.

use super::json::{self, Unreadable};
use super::shape::Shape;
use super::{problem, rules};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, MatchedPath, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use domain::problem::WrongField;
use serde_json::{Value, json};
use std::error::Error;
use tower_http::timeout::TimeoutError;

/// In front of every operation.
pub(super) async fn layer(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let Some(operation) = rules::operation(request.method(), &path) else { return next.run(request).await };
    if let Some(refused) = query(request.uri().query().unwrap_or_default(), operation) {
        return refused;
    }
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let bytes = match Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(bytes) => bytes,
        Err(rejection) if stopped(&rejection) => {
            return problem::named("timeout", "The body stopped coming. Send all of it without a pause.");
        }
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return problem::named("too-large", "The body is longer than 262144 bytes.");
        }
        Err(rejection) => return problem::of_status(rejection.status(), rejection.body_text()),
    };
    match body_of(&parts.headers, &bytes, operation) {
        Some(refused) => refused,
        None => next.run(Request::from_parts(parts, Body::from(bytes))).await,
    }
}

fn query(query: &str, operation: &'static rules::Operation) -> Option<Response> {
    form_urlencoded::parse(query.as_bytes()).find_map(|(name, value)| match operation.query.get(name.as_ref()) {
        Some(schema) => number(&name, &value, schema),
        None => Some(unknown(&name, operation)),
    })
}

fn unknown(name: &str, operation: &rules::Operation) -> Response {
    let known: Vec<&str> = operation.query.keys().map(String::as_str).collect();
    let known = match known.as_slice() {
        [] => "This address takes none.".to_owned(),
        known => format!("There are: {}.", known.join(", ")),
    };
    problem::named("bad-request", format!("There is no query parameter `{name}` here. {known}"))
}

/// A whole number within its bounds, where it is to be one.
fn number(name: &str, value: &str, schema: &Value) -> Option<Response> {
    let whole =
        schema["type"] == "integer" || schema["type"].as_array().is_some_and(|types| types.contains(&json!("integer")));
    let bound = |key: &str| schema[key].as_i64();
    let fits = |number: i64| {
        bound("minimum").is_none_or(|least| number >= least) && bound("maximum").is_none_or(|most| number <= most)
    };
    if !whole || value.parse::<i64>().is_ok_and(fits) {
        return None;
    }
    let bounds = match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" from {least} on"),
        _ => String::new(),
    };
    Some(problem::named("bad-request", format!("`{name}` is a whole number{bounds}.")))
}

/// Whether the body did not come within the time that there is for it.
fn stopped(error: &(dyn Error + 'static)) -> bool {
    error.is::<TimeoutError>() || error.source().is_some_and(stopped)
}

fn body_of(headers: &HeaderMap, bytes: &[u8], operation: &'static rules::Operation) -> Option<Response> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if operation.body.is_empty() {
        let nothing = matches!(bytes.trim_ascii(), b"" | b"{}" | b"null");
        return (!nothing).then(|| problem::named("bad-request", "This address takes no body: send none."));
    }
    let is_json = kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"));
    if !is_json {
        let known = operation.body.contains_key(&kind);
        let said = "Send JSON, with `Content-Type: application/json`.";
        return (!known).then(|| problem::named("unsupported-media-type", said));
    }
    let value = match json::read(bytes) {
        Ok(value) => value,
        Err(Unreadable(said)) => return Some(problem::named("bad-request", said)),
    };
    let schema = operation.body.get("application/json")?;
    let mut errors: Vec<WrongField> = Vec::new();
    Shape::of(schema).hold(&value, "", &mut errors);
    (!errors.is_empty()).then(|| problem::wrong(errors))
}

//! Answers as Azure Resource Manager at `management.azure.com`.
//!
//! [`route`] is the way of a request: who asks, which api-version, which resource, may the caller, then the kind.
mod answer;
mod assignments;
mod authorize;
mod checks;
mod cloud;
mod definitions;
mod deny;
mod filter;
mod groups;
mod limits;
mod lists;
pub mod locations;
mod pages;
mod path;
mod permissions;
mod polls;
mod refusal;
mod route;
mod subscriptions;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts as RequestParts;
use http::{HeaderMap, HeaderValue, StatusCode};
use uuid::Uuid;

pub use answer::{Answer, Ask, Caller, Noted, Poll, merge, patch_tags, set_retry_after};
pub use assignments::grant;
pub use authorize::{BearerError, audience_is, verify_bearer};
pub use checks::{PROVIDERS, registered};
pub use deny::DENY_ASSIGNMENTS;
pub use filter::Filter;
pub use limits::Limits;
pub use pages::next_link;
pub use path::{ResourceId, part_after};
pub use refusal::Refusal;

use crate::parts::{Parts, Site};
use crate::world::World;

/// Adds ARM with its own kinds: resource groups, role assignments and definitions.
pub fn attach(parts: &mut Parts) {
    parts.add_site(Management);
    groups::attach(parts);
    assignments::attach(parts);
    definitions::attach(parts);
    deny::attach(parts);
    permissions::attach(parts);
}

struct Management;

impl Site for Management {
    fn answers(&self, _world: &World, host: &str) -> bool {
        host == "management.azure.com"
    }

    fn router(&self, world: &Arc<World>) -> Router {
        Router::new().fallback(answer_request).layer(DefaultBodyLimit::max(4 << 20)).with_state(world.clone())
    }
}

async fn answer_request(State(world): State<Arc<World>>, request: RequestParts, body: Bytes) -> Response {
    let correlation = request.headers.get("x-ms-correlation-request-id").and_then(|id| id.to_str().ok());
    let correlation = correlation.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    let mut left = Vec::new();
    let mut response = match route::route(&world, request, &body, &correlation, &mut left).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    add_request_ids(&world, headers, &correlation);
    for (name, left) in left {
        headers.insert(name, HeaderValue::from(left));
    }
    response
}

/// Gives an answer that no service has made the headers that every answer of the resource manager has.
pub(crate) fn dress(world: &World, method: &str, path: &str, response: &mut Response) {
    let throttled = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let headers = response.headers_mut();
    add_request_ids(world, headers, &Uuid::new_v4().to_string());
    if let (Ok(method), false) = (method.parse(), throttled) {
        for (name, left) in Limits::all(&method, path) {
            headers.insert(name, HeaderValue::from(left));
        }
    }
}

fn add_request_ids(world: &World, headers: &mut HeaderMap, correlation: &str) {
    let request = Uuid::new_v4().to_string();
    let routing = format!("SIMULATOR:{}:{request}", world.clock.now().strftime("%Y%m%dT%H%M%SZ"));
    let ids = [
        ("x-ms-request-id", request.as_str()),
        ("x-ms-correlation-request-id", correlation),
        ("x-ms-routing-request-id", &routing),
    ];
    for (name, value) in ids {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    headers.insert("strict-transport-security", HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("cache-control", HeaderValue::from_static("no-cache"));
}

//! Answers about environments, remembered for a moment: programs that poll ask for the same again and again.
//!
//! What this server writes is seen at once; what another replica writes as soon as the hint of it has come, or two seconds
//! later ([`Cache`]). Whatever is held against an `If-Match` is read anew: this layer stands outside of that one.

use crate::clock::Clock;
use crate::http::Web;
use crate::http::caller::Bearer;
use crate::service::cache::Cache;
use crate::store::Store;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, IF_NONE_MATCH};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// What is asked for often.
const OFTEN: [&str; 2] = ["/api/v1/environments", "/api/v1/environments/{name}"];

/// Answers by whoever asks, with what they may, and the address.
#[derive(Clone)]
pub struct Remembered(Arc<Cache<(String, String), Whole>>, Clock);

impl Remembered {
    pub fn new(store: &Store, clock: Clock) -> Remembered {
        Remembered(Arc::new(Cache::exact(store)), clock)
    }
}

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

/// One that can be given again.
struct Whole {
    headers: HeaderMap,
    body: Bytes,
}

/// In front of what is held against tags.
pub(super) async fn layer(State(web): State<Web>, request: Request, next: Next) -> Response {
    let often = request.extensions().get::<MatchedPath>().is_some_and(|path| OFTEN.contains(&path.as_str()));
    let Some(Bearer(caller)) = request.extensions().get::<Bearer>().filter(|_| often).cloned() else {
        return next.run(request).await;
    };
    if request.method() != Method::GET || request.headers().contains_key(IF_NONE_MATCH) || !takes_json(&request) {
        return next.run(request).await;
    }
    let key = (format!("{caller:?}"), request.uri().to_string());
    let Remembered(cache, clock) = &web.remembered;
    let whole = cache.read(key, clock.now(), async { whole(next.run(request).await).await }).await;
    match whole {
        Ok(whole) => (whole.headers.clone(), whole.body.clone()).into_response(),
        Err(other) => other,
    }
}

/// Whether JSON will do: other kinds are made by the handlers.
fn takes_json(request: &Request) -> bool {
    let accept = request.headers().get(ACCEPT).map(|kinds| kinds.to_str().unwrap_or_default());
    accept.is_none_or(|kinds| matches!(kinds.trim(), "*/*" | "application/json"))
}

/// A success read to its end; anything else is not remembered.
async fn whole(answer: Response) -> Result<Whole, Response> {
    let is_json = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/json");
    if answer.status() != StatusCode::OK || !is_json {
        return Err(answer);
    }
    let (mut parts, body) = answer.into_parts();
    match to_bytes(body, usize::MAX).await {
        Ok(body) => {
            parts.headers.remove(CONTENT_LENGTH);
            Ok(Whole { headers: parts.headers, body })
        }
        Err(_) => Err(Response::from_parts(parts, Body::empty())),
    }
}

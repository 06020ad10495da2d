//! `ETag` of each thing that is read, and `If-Match` of each change of one, over every operation of the API.
//!
//! A change is held against the thing twice: here, so that a program that comes too late gets the thing as it is now, and
//! in the service, against the very state by which the change is decided ([`crate::service::expected`]).

use super::{problem, rules};
use crate::http::Web;
use crate::http::caller::Bearer;
use crate::service::expected;
use crate::service::tag::Tag;
use crate::store::once;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;
use tower::ServiceExt;

/// The handlers themselves, which are asked how a thing stands.
#[derive(Clone)]
pub(super) struct Things(Router);

impl Things {
    pub(super) fn new(programs: Router<Web>, web: Web) -> Things {
        Things(programs.with_state(web))
    }

    /// The thing as this caller would read it.
    async fn read(&self, address: &str, caller: &Bearer) -> Response {
        let request = Request::get(address).extension(caller.clone()).body(Body::empty());
        let Ok(request) = request else { return problem::named("not-found", "There is nothing at this address.") };
        self.0.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// In front of every operation, the last before the handlers.
pub(super) async fn layer(State(things): State<Things>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let Some(thing) = rules::thing(&path) else { return next.run(request).await };
    let method = request.method().clone();
    if thing == path && (method == Method::GET || method == Method::HEAD) {
        let given = header(request.headers(), IF_NONE_MATCH);
        return tagged(rules::collection(thing), given.as_deref(), next.run(request).await).await;
    }
    // Of what was changed already only the answer is wanted; what there is no handler for, the router refuses.
    if method.is_safe() || once::is_again() || rules::operation(&method, &path).is_none() {
        return next.run(request).await;
    }
    change(&things, thing, request, next).await
}

async fn change(things: &Things, thing: &str, request: Request, next: Next) -> Response {
    let Some(caller) = request.extensions().get::<Bearer>().cloned() else { return next.run(request).await };
    let address = first(request.uri().path(), thing.matches('/').count().saturating_sub(2));
    let given = header(request.headers(), IF_MATCH);
    let puts = request.method() == Method::PUT;
    let Some(given) = given else {
        if puts && things.read(&address, &caller).await.status() == StatusCode::NOT_FOUND {
            // What is not there yet cannot have been looked at.
            return next.run(request).await;
        }
        let said = "Send `If-Match` with the ETag of what you looked at, or `*` for whatever it is now.";
        return problem::named("precondition-required", said);
    };
    if given == "*" && !puts {
        return next.run(request).await;
    }
    let collection = rules::collection(thing);
    let present = things.read(&address, &caller).await;
    match (present.status(), given.as_str()) {
        // What shall stand is put by a pipeline that does not know whether it is the first time.
        (StatusCode::NOT_FOUND, "*") if puts => return next.run(request).await,
        (StatusCode::NOT_FOUND, _) if puts => {
            let said =
                "There is nothing at this address that could be as `If-Match` says. Leave the header out to make it.";
            return problem::named("precondition-failed", said);
        }
        (StatusCode::OK, "*") => return next.run(request).await,
        (StatusCode::OK, _) => {}
        // The handler says why not, in its own words.
        _ => return next.run(request).await,
    }
    if let Some(stale) = stale(collection, &given, present).await {
        return stale;
    }
    let answer = expected::within(&given, next.run(request)).await.0;
    // Whoever was too late may also have met what the other change has left: a request that waits, a level that is over.
    match answer.status() == StatusCode::CONFLICT {
        true => stale(collection, &given, things.read(&address, &caller).await).await.unwrap_or(answer),
        false => answer,
    }
}

/// The refusal of a change that is meant for another state than the present one.
async fn stale(collection: &str, given: &str, present: Response) -> Option<Response> {
    let bytes = to_bytes(present.into_body(), usize::MAX).await.ok()?;
    let tag = Tag::of(collection, &bytes)?;
    if tag.is_state_of(given) {
        return None;
    }
    let said = "It has changed since you read it. It stands in `current` as it is now, with its tag in ETag.";
    let current = serde_json::from_slice(&bytes).ok();
    let answer = problem::document(Problem { current, ..problem::plain("precondition-failed", said) });
    Some(with_tag(&tag, answer))
}

/// An answer with its tag; without a body where the reader has it already.
async fn tagged(collection: &str, given: Option<&str>, answer: Response) -> Response {
    let is_json = answer.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/json");
    if answer.status() != StatusCode::OK || !is_json || answer.headers().contains_key(ETAG) {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return problem::named("internal", "The answer could not be made.");
    };
    let Some(tag) = Tag::of(collection, &bytes) else { return Response::from_parts(parts, Body::from(bytes)) };
    match given.is_some_and(|given| tag.is_shown_by(given)) {
        true => with_tag(&tag, StatusCode::NOT_MODIFIED.into_response()),
        false => with_tag(&tag, Response::from_parts(parts, Body::from(bytes))),
    }
}

fn with_tag(tag: &Tag, mut answer: Response) -> Response {
    if let Ok(text) = HeaderValue::try_from(tag.text()) {
        answer.headers_mut().insert(ETAG, text);
    }
    answer
}

/// All of a header's lines as one list.
fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// The first parts of a path: `/jobs/1` of `/jobs/1/cancel`.
fn first(path: &str, parts: usize) -> String {
    path.split('/').filter(|part| !part.is_empty()).take(parts).map(|part| format!("/{part}")).collect()
}

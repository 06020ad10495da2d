//! Plain posts about policies: written, and switched on or off.

use super::{done, refused};
use crate::http::caller::SignedIn;
use crate::http::{Web, pages};
use app::context::Typed;
use app::error::Code;
use app::routes;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::response::Response;
use domain::account::Caller;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Posted {
    /// The newest version that the page knew of.
    #[serde(default)]
    base: u32,
    #[serde(default)]
    text: String,
}

/// `POST /policies/new`.
pub async fn begin(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    parts: Parts,
    Form(posted): Form<Posted>,
) -> Response {
    keep(&web, &caller, parts, None, posted).await
}

/// `POST /policies/{name}`.
pub async fn write(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
    parts: Parts,
    Form(posted): Form<Posted>,
) -> Response {
    keep(&web, &caller, parts, Some(&name), posted).await
}

/// What is refused is answered by the page itself: a text does not fit into an address.
async fn keep(web: &Web, caller: &Caller, parts: Parts, name: Option<&str>, posted: Posted) -> Response {
    // As a browser posts it, its lines end in two characters.
    let text = posted.text.replace("\r\n", "\n");
    match web.portal.write_policy(caller, name, posted.base, &text).await {
        Ok((name, version)) => {
            let page = routes::policy_version(name.as_str(), version, 0);
            done(&page, "Saved. It switches nothing: see what it would have done, then switch it on.")
        }
        Err(error) if error.code == Code::Invalid => pages::again(web, parts, Typed(Some((text, error.fields)))).await,
        Err(error) => refused(&name.map_or_else(|| routes::policies().to_owned(), routes::policy), &error),
    }
}

/// Versions, each empty for none.
#[derive(Deserialize)]
pub struct Switched {
    #[serde(default)]
    seen: Option<u32>,
    #[serde(default)]
    version: Option<u32>,
}

/// `POST /policies/{name}/switch`.
pub async fn switch(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
    Query(switched): Query<Switched>,
) -> Response {
    let page = routes::policy(&name);
    match web.portal.switch_policy(&caller, &name, switched.seen, switched.version).await {
        Ok(()) if switched.version.is_some() => done(&page, "Switched on, here and on every other server."),
        Ok(()) => done(&page, "Switched off, here and on every other server."),
        Err(error) => refused(&page, &error),
    }
}

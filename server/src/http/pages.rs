//! Renders the pages of the crate `app`, each with its context, its status and a content security policy with its nonce.

use super::caller::{InSession, Known};
use super::{Web, appearance, flash, headers};
use app::context::{Flash, Here, Once, Theme, Typed};
use app::portal::Portal;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use leptos::nonce::use_nonce;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use std::sync::Arc;

/// Every page and every server function.
pub fn routes(web: &Web) -> Router<Web> {
    let context = context(web.clone());
    Router::new().leptos_routes_with_context(web, generate_route_list(app::App), context, app::shell)
}

/// Any other address: the same frame, with the status of something that is not there.
pub async fn not_found(State(web): State<Web>, request: Request) -> Response {
    let provide = context(web);
    let status = move || {
        provide();
        if let Some(options) = use_context::<ResponseOptions>() {
            options.set_status(StatusCode::NOT_FOUND);
        }
    };
    leptos_axum::render_app_async_with_context(status, app::shell)(request).await
}

/// The page at the address of a post that was refused, with what was typed: a text may be too long for an address.
pub(super) async fn again(web: &Web, mut parts: Parts, typed: Typed) -> Response {
    parts.method = Method::GET;
    let provide = context(web.clone());
    let refused = move || {
        provide();
        provide_context(typed.clone());
        if let Some(options) = use_context::<ResponseOptions>() {
            options.set_status(StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    leptos_axum::render_app_async_with_context(refused, app::shell)(Request::from_parts(parts, Body::empty())).await
}

/// The page at this address, as the answer to a post that made a secret: it is shown there, and in no other answer.
pub(super) async fn once(web: &Web, mut parts: Parts, page: &str, made: Once) -> Response {
    parts.method = Method::GET;
    if let Ok(page) = page.parse() {
        parts.uri = page;
    }
    let provide = context(web.clone());
    let shown = move || {
        provide();
        provide_context(made.clone());
    };
    leptos_axum::render_app_async_with_context(shown, app::shell)(Request::from_parts(parts, Body::empty())).await
}

fn context(web: Web) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        provide_context::<Arc<dyn Portal>>(web.portal.clone());
        provide_context(web.installation.clone());
        provide_context(web.addresses.clone());
        let parts = use_context::<Parts>();
        let known = parts.as_ref().and_then(|parts| parts.extensions.get::<Known>()).and_then(|known| known.0.clone());
        provide_context(known);
        let here = parts.as_ref().and_then(|parts| parts.extensions.get::<InSession>()).cloned().unwrap_or_default();
        provide_context(Here(here.0));
        let cookies = parts.as_ref().map(|parts| parts.headers.clone()).unwrap_or_default();
        provide_context(theme(&cookies));
        let asked = parts.as_ref().is_some_and(|parts| parts.uri.path().starts_with("/ask/"));
        let said = if asked { Flash(None) } else { flash::read(&cookies) };
        if let Some(options) = use_context::<ResponseOptions>() {
            if said.0.is_some() {
                options.append_header(SET_COOKIE, HeaderValue::from_static(flash::FORGET));
            }
            if let Some(nonce) = use_nonce()
                && let Ok(policy) = HeaderValue::from_str(&headers::policy(&nonce, &web.provider_origin))
            {
                options.insert_header(CONTENT_SECURITY_POLICY, policy);
            }
        }
        provide_context(said);
    }
}

fn theme(headers: &HeaderMap) -> Theme {
    appearance::chosen(headers)
}

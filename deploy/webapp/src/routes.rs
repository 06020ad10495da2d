//! The two doors: the page for people, readiness on a port of its own for the cluster.

use crate::{
    app::App,
    page,
    readiness::{self, Proof},
};
use axum::{
    Json, Router,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use std::sync::Arc;

/// What the load balancer reaches.
pub(crate) fn public(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/style.css", get(|| file("text/css; charset=utf-8", page::STYLE)))
        .route("/icon.svg", get(|| file("image/svg+xml", page::ICON)))
        .route("/healthz", get(|| async { "alive\n" }))
        .with_state(app)
}

/// What only the cluster reaches.
pub(crate) fn readiness(app: Arc<App>) -> Router {
    Router::new().route("/readyz", get(readyz)).with_state(app)
}

async fn home(State(app): State<Arc<App>>) -> Response {
    let (status, html) = page::render(&app).await;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'self'; img-src 'self'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, html).into_response()
}

async fn readyz(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let fresh = query.is_some_and(|query| query.split('&').any(|part| part == "fresh" || part == "fresh=true"));
    let proof = if fresh { Proof::Everything } else { Proof::Login };
    let report = readiness::report(&app, proof).await;
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(report)).into_response()
}

async fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=3600")], text).into_response()
}

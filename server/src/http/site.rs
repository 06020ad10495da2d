//! Serves the page's own files: kept forever under the hash of their content, compressed beforehand.

use super::Web;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

/// `GET /pkg/NAME.HASH.EXT`.
pub async fn file(State(web): State<Web>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(asset) = web.files.asset(uri.path()) else { return StatusCode::NOT_FOUND.into_response() };
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (encoding, body) = asset.body(accepted);
    let answer = Response::builder()
        .header(CONTENT_TYPE, &asset.content_type)
        .header(CACHE_CONTROL, site::CACHE_CONTROL)
        .header(VARY, "accept-encoding");
    let answer = match encoding.token() {
        Some(token) => answer.header(CONTENT_ENCODING, token),
        None => answer,
    };
    answer.body(Body::from(body)).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

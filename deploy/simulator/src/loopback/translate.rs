//! Rewrites a request into Azure's names and its answer into loopback addresses.
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::Value;

use super::Addresses;
use crate::door::Dropped;

/// The longest body that is looked through; no service takes a longer one.
const MOST: usize = 8 << 20;

/// The request as its service would get it at Azure's name.
pub(super) async fn request(addresses: &Addresses, request: Request<Incoming>) -> Result<Request<Body>, Response> {
    let (mut parts, body) = request.into_parts();
    let asked = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    parts.uri = addresses.to_azure(asked).parse::<Uri>().unwrap_or(parts.uri);
    let Ok(body) = Limited::new(body, MOST).collect().await else {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "the request body is too long\n").into_response());
    };
    let body = translated(body.to_bytes(), |text| addresses.to_azure(text));
    if parts.headers.contains_key(CONTENT_LENGTH) {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The answer as a client at the loopback address has to read it.
pub(super) async fn response(addresses: &Addresses, response: Response) -> Result<Response, Dropped> {
    let (mut parts, body) = response.into_parts();
    for value in parts.headers.values_mut() {
        let changed = value.to_str().ok().map(|text| addresses.to_loopback(text));
        if let Some(Ok(changed)) = changed.map(|text| HeaderValue::from_str(&text)) {
            *value = changed;
        }
    }
    if !is_json(&parts.headers) {
        return Ok(Response::from_parts(parts, body));
    }
    // An answer that a fault breaks off is broken off here too.
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    let body = translated(body, |text| kubeconfigs(addresses, addresses.to_loopback(text)));
    parts.headers.remove(CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.contains("json"))
}

/// What is no text stays as it is.
fn translated(body: Bytes, translate: impl FnOnce(&str) -> String) -> Bytes {
    match std::str::from_utf8(&body) {
        Ok(text) => Bytes::from(translate(text)),
        Err(_) => body,
    }
}

/// Kubeconfigs are encoded: they get the address of all clusters, and the name of theirs for the handshake.
fn kubeconfigs(addresses: &Addresses, text: String) -> String {
    if !text.contains("\"kubeconfigs\"") {
        return text;
    }
    let Ok(mut answer) = serde_json::from_str::<Value>(&text) else { return text };
    for config in answer["kubeconfigs"].as_array_mut().into_iter().flatten() {
        let decoded = config["value"].as_str().and_then(|value| STANDARD.decode(value).ok());
        let Some(Ok(mut kubeconfig)) = decoded.map(|value| serde_json::from_slice::<Value>(&value)) else { continue };
        for cluster in kubeconfig["clusters"].as_array_mut().into_iter().flatten() {
            let server = cluster["cluster"]["server"].as_str().and_then(|server| server.parse::<Uri>().ok());
            let Some(host) = server.as_ref().and_then(Uri::host) else { continue };
            cluster["cluster"]["tls-server-name"] = Value::from(host);
            cluster["cluster"]["server"] = Value::from(addresses.clusters());
        }
        config["value"] = Value::from(STANDARD.encode(kubeconfig.to_string()));
    }
    answer.to_string()
}

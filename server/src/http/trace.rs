//! Each request has an id and may belong to a trace: both are in every line of the log that it leaves, and in its answer.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

const ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Longest id that is taken over.
const LONGEST: usize = 128;

/// In front of everything.
pub(super) async fn layer(request: Request, next: Next) -> Response {
    let id = given(request.headers()).unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
    let trace = request.headers().get(&TRACEPARENT).filter(|value| is_traceparent(value.as_bytes())).cloned();
    let span = tracing::info_span!(
        "request",
        id = id.as_str(),
        method = request.method().as_str(),
        path = request.uri().path(),
        trace = trace.as_ref().and_then(|trace| trace.to_str().ok())
    );
    let mut answer = azure::trace::within(trace, next.run(request).instrument(span)).await;
    if let Ok(id) = HeaderValue::try_from(id) {
        answer.headers_mut().insert(ID, id);
    }
    answer
}

/// The caller's own id, where it can stand in a log.
fn given(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(&ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
    ((1..=LONGEST).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}

/// Version 00: trace and parent, neither all zeros, and flags.
fn is_traceparent(value: &[u8]) -> bool {
    let parts: Vec<&[u8]> = value.split(|byte| *byte == b'-').collect();
    let hex = |part: &[u8], digits: usize| {
        part.len() == digits && part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let some = |part: &[u8]| part.iter().any(|byte| *byte != b'0');
    match parts.as_slice() {
        [b"00", trace, parent, flags] => {
            hex(trace, 32) && hex(parent, 16) && hex(flags, 2) && some(trace) && some(parent)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_traceparent_is_passed_on() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        assert!(is_traceparent(format!("00-{trace}-{parent}-01").as_bytes()));
        for wrong in [
            String::new(),
            format!("01-{trace}-{parent}-01"),
            format!("00-{trace}-{parent}"),
            format!("00-{}-{parent}-01", trace.to_uppercase()),
            format!("00-{}-{parent}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{trace}-{parent}-01-00"),
        ] {
            assert!(!is_traceparent(wrong.as_bytes()), "{wrong}");
        }
    }
}

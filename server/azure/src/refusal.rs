//! Reads a refusal: from status, headers and any of the bodies that Azure's services answer with to an [`Error`].
use crate::{
    error::{Call, Error, Kind},
    wait,
};
use http::HeaderMap;
use serde_json::Value;
use std::time::Duration;

/// Where a 429 names no time: Azure's own advice is to begin with a few seconds.
pub(crate) const THROTTLED_FOR: Duration = Duration::from_secs(5);

/// Codes that come with 403 and that no waiting for a right will change.
const NOT_A_MATTER_OF_RIGHTS: [&str; 4] =
    ["RequestDisallowedByPolicy", "SecretDisabled", "ForbiddenByFirewall", "ForbiddenByConnection"];

/// What a body says, whatever its shape.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) code: String,
    pub(crate) inner_code: Option<String>,
    pub(crate) message: String,
}

/// Turns an answer with a status of refusal into an error.
pub(crate) fn read(method: &str, resource: &str, status: u16, headers: &HeaderMap, body: &[u8]) -> Error {
    let words = words(body);
    let after = wait::after(headers);
    let unalterable = |code: &str| NOT_A_MATTER_OF_RIGHTS.iter().any(|known| known.eq_ignore_ascii_case(code));
    let kind = match status {
        404 => Kind::NotFound,
        409 | 412 => Kind::Conflict,
        429 => Kind::Throttled { after: after.unwrap_or(THROTTLED_FOR) },
        403 if unalterable(&words.code) || words.inner_code.as_deref().is_some_and(unalterable) => Kind::Rejected,
        401 | 403 => Kind::Denied,
        408 | 500.. => Kind::Unreachable,
        _ => Kind::Rejected,
    };
    Error::new(
        kind,
        Call {
            method: method.to_owned(),
            resource: resource.to_owned(),
            status: Some(status),
            code: words.code,
            inner_code: words.inner_code,
            message: words.message,
            correlation: correlation(headers),
            after,
        },
    )
}

fn correlation(headers: &HeaderMap) -> Option<String> {
    ["x-ms-correlation-request-id", "x-ms-request-id", "x-ms-client-request-id"]
        .iter()
        .find_map(|name| headers.get(*name))
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// The code and message of an error body: nested (`{"error": {"code", "message"}}`), flat (`{"code", "message"}`, as
/// AKS at times), Entra's (`{"error": "invalid_client", "error_description": "AADSTS…"}`), Kubernetes'
/// (`{"kind": "Status", "reason", "message"}`), or plain text.
pub(crate) fn words(body: &[u8]) -> Words {
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return Words {
            message: String::from_utf8_lossy(body).chars().take(500).collect::<String>().trim().to_owned(),
            ..Words::default()
        };
    };
    match document.get("error") {
        Some(error @ Value::Object(_)) => of_object(error),
        Some(Value::String(error)) => of_entra(error, &document),
        _ => of_object(&document),
    }
}

/// The words of an error object, its details appended where the message alone does not hold them.
pub(crate) fn of_object(error: &Value) -> Words {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let code = Some(text(error, "code")).filter(|code| !code.is_empty()).unwrap_or_else(|| text(error, "reason"));
    let mut message = text(error, "message");
    for detail in error.get("details").and_then(Value::as_array).into_iter().flatten() {
        let words = text(detail, "message");
        if !words.is_empty() && !message.contains(&words) {
            message = if message.is_empty() { words } else { format!("{message} {words}") };
        }
    }
    let inner = error.get("innererror").or_else(|| error.get("innerError"));
    Words { code, inner_code: inner.map(|inner| text(inner, "code")).filter(|code| !code.is_empty()), message }
}

/// Entra's code is the `AADSTS` number that its description begins with; the OAuth code is the wider one.
fn of_entra(error: &str, document: &Value) -> Words {
    let message = document.get("error_description").and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = message.split(':').next().filter(|first| first.starts_with("AADSTS"));
    Words { code: number.unwrap_or(error).to_owned(), inner_code: number.map(|_| error.to_owned()), message }
}

#[cfg(test)]
mod tests;

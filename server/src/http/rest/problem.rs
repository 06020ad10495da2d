//! Problem documents (RFC 9457) for everything under `/api` that is refused, by the portal, the router or a layer.

use crate::http::error::status;
use app::error::{Code, PortalError};
use axum::Json;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::problem::Problem;

/// A refusal of the portal.
#[derive(Debug)]
pub struct Refusal(pub PortalError);

impl From<PortalError> for Refusal {
    fn from(error: PortalError) -> Self {
        Refusal(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (name, title) = match self.0.code {
            Code::NotFound => ("not-found", "There is no such thing"),
            Code::Invalid => ("invalid", "Some answers need a change"),
            Code::Conflict => ("conflict", "It has changed meanwhile"),
            Code::Forbidden => ("forbidden", "Not for this caller"),
            Code::SignedOut => ("unauthorized", "Who asks is not known"),
            Code::Unavailable => ("unavailable", "Something that is needed does not answer"),
            Code::Internal => ("internal", "Keystead made a mistake"),
        };
        let mut problem = plain(status(self.0.code), name, title, self.0.message);
        problem.incident = self.0.incident;
        problem.errors = self.0.fields;
        document(problem)
    }
}

/// No token, or none that is known and still valid.
pub fn unauthorized() -> impl IntoResponse {
    let detail = "Send a token of `keystead token create` as `Authorization: Bearer keystead_…`.";
    let answer = document(plain(StatusCode::UNAUTHORIZED, "unauthorized", "Who asks is not known", detail));
    ([(WWW_AUTHENTICATE, "Bearer")], answer)
}

/// Something about the request itself that no handler saw.
pub fn of_status(status: StatusCode, detail: impl Into<String>) -> Response {
    let (name, title) = match status {
        StatusCode::NOT_FOUND => ("not-found", "There is no such thing"),
        StatusCode::METHOD_NOT_ALLOWED => ("method-not-allowed", "This address does not know that method"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported-media-type", "The body is not JSON"),
        StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "The body is too large"),
        StatusCode::REQUEST_TIMEOUT => ("timeout", "The request took too long"),
        StatusCode::TOO_MANY_REQUESTS => ("too-many", "Too many requests"),
        StatusCode::UNPROCESSABLE_ENTITY => ("invalid", "Some answers need a change"),
        status if status.is_server_error() => ("internal", "Keystead made a mistake"),
        _ => ("bad-request", "The request cannot be read"),
    };
    document(plain(status, name, title, detail))
}

fn plain(status: StatusCode, name: &str, title: &str, detail: impl Into<String>) -> Problem {
    Problem {
        kind: format!("/problems/{name}"),
        title: title.to_owned(),
        status: status.as_u16(),
        detail: detail.into(),
        incident: None,
        errors: Vec::new(),
    }
}

fn document(problem: Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = (status, Json(problem)).into_response();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    answer
}

/// Whatever refuses without a document (a layer, a panic) is given one; the words of extractors are kept.
pub async fn everywhere(request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    let status = answer.status();
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let refused = status.is_client_error() || status.is_server_error();
    if !refused || kind.starts_with("application/problem+json") {
        return answer;
    }
    let (parts, body) = answer.into_parts();
    let words = match kind.starts_with("text/plain") {
        true => axum::body::to_bytes(body, 4096).await.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        false => Ok(String::new()),
    };
    let words = words.unwrap_or_default();
    let words = match (words.trim(), status) {
        ("", StatusCode::NOT_FOUND) => "There is nothing at this address; /api/openapi.json lists what there is.",
        ("", StatusCode::METHOD_NOT_ALLOWED) => "The Allow header of this answer lists the methods there are.",
        ("", _) => "The request was refused.",
        (words, _) => words,
    };
    let mut document = of_status(status, words);
    for (name, value) in &parts.headers {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            document.headers_mut().insert(name, value.clone());
        }
    }
    document
}

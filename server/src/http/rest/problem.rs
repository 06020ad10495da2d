//! Problem documents (RFC 9457) for everything under `/api` that is refused, by the portal, the router or a layer.

use app::error::{Code, PortalError};
use axum::Json;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::problem::{Kind, Problem, WrongField};

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
        let name = match self.0.code {
            Code::NotFound => "not-found",
            Code::Invalid => "invalid",
            Code::Conflict => "conflict",
            Code::Forbidden => "forbidden",
            Code::SignedOut => "unauthorized",
            Code::Unavailable => "unavailable",
            Code::Internal => "internal",
        };
        let mut problem = plain(name, self.0.message);
        problem.incident = self.0.incident;
        problem.errors = self.0.fields.into_iter().map(WrongField::from).collect();
        document(problem)
    }
}

/// No token, or none that is known and still valid.
pub fn unauthorized() -> impl IntoResponse {
    let detail = "Send a token of `keystead token create` as `Authorization: Bearer keystead_…`.";
    ([(WWW_AUTHENTICATE, "Bearer")], named("unauthorized", detail))
}

/// Of this kind.
pub fn named(name: &str, detail: impl Into<String>) -> Response {
    document(plain(name, detail))
}

/// With each wrong answer.
pub fn wrong(errors: Vec<WrongField>) -> Response {
    let detail = match errors.len() {
        1 => "One answer needs a change.".to_owned(),
        many => format!("{many} answers need a change."),
    };
    document(Problem { errors, ..plain("invalid", detail) })
}

/// Something about the request itself that no handler saw.
pub fn of_status(status: StatusCode, detail: impl Into<String>) -> Response {
    let name = match status {
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported-media-type",
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::REQUEST_TIMEOUT => "timeout",
        StatusCode::TOO_MANY_REQUESTS => "too-many",
        StatusCode::UNPROCESSABLE_ENTITY => "invalid",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_server_error() => "internal",
        _ => "bad-request",
    };
    document(Problem { status: status.as_u16(), ..plain(name, detail) })
}

pub(super) fn plain(name: &str, detail: impl Into<String>) -> Problem {
    let kind = Kind::named(name);
    Problem {
        kind: kind.address(),
        title: kind.title.to_owned(),
        status: kind.status,
        detail: detail.into(),
        incident: None,
        errors: Vec::new(),
        current: None,
    }
}

pub(super) fn document(problem: Problem) -> Response {
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
    let headers = answer.headers().clone();
    let words = match kind.starts_with("text/plain") {
        true => axum::body::to_bytes(answer.into_body(), 4096)
            .await
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
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
    for (name, value) in &headers {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            document.headers_mut().insert(name, value.clone());
        }
    }
    document
}

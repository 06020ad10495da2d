//! Refuses a request in ARM's words: status, code and message, as clients read them.
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::path::ResourceId;
use crate::state::StateError;

/// An error answer of ARM: `{"error": {"code", "message", …}}`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// The code that programs read.
    pub code: String,
    /// The sentence that people read.
    pub message: String,
    /// What few refusals have.
    pub more: Box<More>,
}

/// What few refusals have.
#[derive(Clone, Debug, Default)]
pub struct More {
    /// What in the request it is about.
    pub target: Option<String>,
    /// More of the same, outermost first: `{"code", "message"}`.
    pub details: Vec<Value>,
    /// What else programs are told: `{"type", "info"}`.
    pub information: Vec<Value>,
    /// Further headers, for example `WWW-Authenticate`.
    pub headers: Vec<(&'static str, String)>,
}

impl Refusal {
    /// Any refusal.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), more: Box::default() }
    }

    /// 400 with that code.
    pub fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 409 with that code.
    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 404 with that code.
    pub fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 404 `ResourceNotFound`.
    pub fn resource_not_found(id: &ResourceId) -> Self {
        let name = format!("{}/{}", id.kind(), id.names().join("/"));
        let group = id.resource_group().unwrap_or_default();
        Self::not_found(
            "ResourceNotFound",
            format!(
                "The Resource '{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            ),
        )
    }

    /// 404 `ResourceGroupNotFound`.
    pub fn group_not_found(group: &str) -> Self {
        Self::not_found("ResourceGroupNotFound", format!("Resource group '{group}' could not be found."))
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "The requested resource does not support this http method.",
        )
    }

    /// 500, for what the simulator itself could not do.
    pub fn internal(why: &str) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", why)
    }

    /// The same with a target.
    #[must_use]
    pub fn about(mut self, target: &str) -> Self {
        self.more.target = Some(target.to_owned());
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.more.headers.push((name, value));
        self
    }

    /// The answer's body.
    pub fn body(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if let Some(target) = &self.more.target {
            error["target"] = json!(target);
        }
        if !self.more.details.is_empty() {
            error["details"] = json!(self.more.details);
        }
        if !self.more.information.is_empty() {
            error["additionalInfo"] = json!(self.more.information);
        }
        json!({"error": error})
    }
}

impl From<StateError> for Refusal {
    fn from(error: StateError) -> Self {
        Self::internal(&error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body())).into_response();
        for (name, value) in &self.more.headers {
            if let Ok(value) = value.parse() {
                response.headers_mut().append(*name, value);
            }
        }
        response
    }
}

//! What a Kubernetes API says when it says no: a `Status` object under the matching HTTP code.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::kind::Kind;

/// A refused request: HTTP code, machine-readable reason, message, and what it was about.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    pub code: StatusCode,
    pub reason: &'static str,
    pub message: String,
    details: Value,
}

impl Refusal {
    pub fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null }
    }

    /// The same with what `details` of the body shall say.
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    fn about(mut self, kind: &Kind, name: &str) -> Self {
        self.details = json!({"name": name, "kind": kind.plural});
        if !kind.group.is_empty() {
            self.details["group"] = json!(kind.group);
        }
        self
    }

    pub fn not_found(kind: &Kind, name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFound", format!("{} \"{name}\" not found", kind.qualified()))
            .about(kind, name)
    }

    /// The answer for a path that names no kind and no subresource.
    pub fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFound", "the server could not find the requested resource")
    }

    pub fn exists(kind: &Kind, name: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "AlreadyExists", format!("{} \"{name}\" already exists", kind.qualified()))
            .about(kind, name)
    }

    pub fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "Conflict",
            format!("Operation cannot be fulfilled on {} \"{name}\": {why}", kind.qualified()),
        )
        .about(kind, name)
    }

    /// A server-side apply that would take fields from other managers; `causes` are (manager, path).
    pub fn apply_conflict(causes: &[(String, String)]) -> Self {
        let lines: Vec<String> =
            causes.iter().map(|(manager, path)| format!("conflict with \"{manager}\": {path}")).collect();
        let noun = if causes.len() == 1 { "conflict" } else { "conflicts" };
        let mut refusal = Self::new(
            StatusCode::CONFLICT,
            "Conflict",
            format!("Apply failed with {} {noun}: {}", causes.len(), lines.join(", ")),
        );
        let causes: Vec<Value> = causes
            .iter()
            .map(|(manager, path)| {
                json!({"reason": "FieldManagerConflict",
                       "message": format!("conflict with \"{manager}\""), "field": path})
            })
            .collect();
        refusal.details = json!({ "causes": causes });
        refusal
    }

    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    pub fn forbidden(kind: &Kind, name: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(kind, name)
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// A body that breaks the rules of its kind; `causes` are (field, what is wrong).
    pub fn invalid(kind: &Kind, name: &str, causes: &[(String, String)]) -> Self {
        let lines: Vec<String> = causes.iter().map(|(field, what)| format!("{field}: {what}")).collect();
        let all = match lines.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let mut refusal = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Invalid",
            format!("{} \"{name}\" is invalid: {all}", kind.qualified_kind()),
        )
        .about(kind, name);
        refusal.details["kind"] = json!(kind.kind);
        refusal.details["causes"] = causes
            .iter()
            .map(|(field, what)| json!({"reason": "FieldValueInvalid", "message": what, "field": field}))
            .collect();
        refusal
    }

    /// An eviction that a disruption budget forbids now.
    pub fn budget(name: &str, needs: i64, has: i64) -> Self {
        let mut refusal = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequests",
            "Cannot evict pod as it would violate the pod's disruption budget.",
        );
        let why = format!("The disruption budget {name} needs {needs} healthy pods and has {has} currently");
        refusal.details = json!({"causes": [{"reason": "DisruptionBudget", "message": why}]});
        refusal
    }

    pub fn gone(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message)
    }

    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }

    /// The body: `kind: Status`, `status: Failure`.
    pub fn body(&self) -> Value {
        let mut body = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code.as_u16(),
        });
        if !self.details.is_null() {
            body["details"] = self.details.clone();
        }
        body
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.code, [(header::CONTENT_TYPE, "application/json")], self.body().to_string()).into_response()
    }
}

//! Refuses a request in the words of Microsoft Graph.
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::World;

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GraphRefusal {
    pub(super) status: StatusCode,
    code: &'static str,
    message: String,
}

impl GraphRefusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 400 with that code.
    pub(super) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 401: the token is not one for Graph.
    pub(super) fn token(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message)
    }

    /// 403: nobody has consented to it.
    pub(super) fn denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
    }

    /// 404: no such object.
    pub(super) fn missing(key: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Request_ResourceNotFound",
            format!(
                "Resource '{key}' does not exist or one of its queried reference-property objects are not present."
            ),
        )
    }

    /// The HTTP answer.
    pub(super) fn answer(&self, world: &World, asked: &HeaderMap) -> Response {
        let body = self.body(world, asked);
        let request = body["error"]["innerError"]["request-id"].as_str().unwrap_or_default().to_owned();
        (self.status, [("request-id", request)], Json(body)).into_response()
    }

    /// What the answer says, alone or in a batch.
    pub(super) fn body(&self, world: &World, asked: &HeaderMap) -> Value {
        let request = Uuid::new_v4().to_string();
        let client = asked.get("client-request-id").and_then(|id| id.to_str().ok()).unwrap_or(&request);
        json!({"error": {
            "code": self.code, "message": self.message,
            "innerError": {
                "date": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": request, "client-request-id": client,
            },
        }})
    }
}

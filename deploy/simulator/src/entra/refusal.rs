//! Refuses a token request in Entra's words: an OAuth error with its AADSTS number.
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::world::World;

/// An error answer of the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntraRefusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// The OAuth code.
    pub error: &'static str,
    /// The AADSTS number.
    pub number: u32,
    /// The sentence, without number and trace.
    pub message: String,
}

impl EntraRefusal {
    /// 400 with that code and number.
    pub fn bad(error: &'static str, number: u32, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, number, message: message.into() }
    }

    /// 401 `invalid_client`.
    pub fn client(number: u32, message: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::bad("invalid_client", number, message) }
    }

    /// No such directory.
    pub fn tenant(tenant: &str) -> Self {
        Self::bad(
            "invalid_request",
            90002,
            format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
            ),
        )
    }

    /// A parameter is missing.
    pub fn missing(parameter: &str) -> Self {
        Self::bad(
            "invalid_request",
            900144,
            format!("The request body must contain the following parameter: '{parameter}'."),
        )
    }

    /// The HTTP answer.
    pub fn answer(&self, world: &World) -> Response {
        let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
        let timestamp = world.clock.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let body = json!({
            "error": self.error,
            "error_description": format!(
                "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
                self.number, self.message
            ),
            "error_codes": [self.number],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.number),
        });
        (self.status, Json(body)).into_response()
    }
}

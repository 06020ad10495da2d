//! Refuses a request in the words of a registry.
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// An error answer; where somebody has to show who it is, `challenge` says where and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RegistryRefusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl RegistryRefusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 401
    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "authentication required, visit https://aka.ms/acr/authorization for more information.",
        )
    }

    /// 404: no such image.
    pub(super) fn unknown(name: &str, tag: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", format!("manifest {name}:{tag} is not found"))
    }

    /// 405: images are named when the simulator is started.
    pub(super) fn read_only() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "UNSUPPORTED",
            "nothing is pushed to this registry; name the program that stands for an image when the simulator is started (--image NAME=PROGRAM)",
        )
    }

    /// The HTTP answer of the registry `service`; `scope` is what a token would be needed for.
    pub(super) fn answer(&self, service: &str, scope: &str) -> Response {
        let body = json!({"errors": [{"code": self.code, "message": self.message, "detail": null}]});
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let mut challenge = format!("Bearer realm=\"https://{service}/oauth2/token\",service=\"{service}\"");
            if !scope.is_empty() {
                challenge.push_str(&format!(",scope=\"{scope}\",error=\"insufficient_scope\""));
            }
            if let Ok(challenge) = challenge.parse() {
                response.headers_mut().insert("www-authenticate", challenge);
            }
        }
        response
    }
}

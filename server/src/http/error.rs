//! Errors on their way to a browser: the status of each code, and a page for what no page could render.

use app::error::{Code, PortalError};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use std::any::Any;

/// A refusal of the portal as the answer to something that is no page (events, log).
#[derive(Debug)]
pub struct Failed(PortalError);

impl From<PortalError> for Failed {
    fn from(error: PortalError) -> Self {
        Failed(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (status(self.0.code), self.0.message).into_response()
    }
}

/// Only here and in [`super::rest`] a code becomes a status.
pub fn status(code: Code) -> StatusCode {
    match code {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Conflict => StatusCode::CONFLICT,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::SignedOut => StatusCode::UNAUTHORIZED,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A number under which the log holds the detail.
pub fn incident() -> String {
    uuid::Uuid::new_v4().simple().to_string().chars().take(8).collect()
}

/// What a panic becomes: logged once with an incident, told without its text.
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default();
    let incident = incident();
    tracing::error!(incident, panic = text, "an answer could not be made");
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Keystead made a mistake</title></head>\
         <body><main><h1>Keystead made a mistake</h1><p>Nothing was changed by this. Try again; if it stays, \
         tell whoever runs Keystead the incident number {incident}.</p><p><a href=\"/\">To the environments</a></p>\
         </main></body></html>"
    );
    (StatusCode::INTERNAL_SERVER_ERROR, Html(page)).into_response()
}

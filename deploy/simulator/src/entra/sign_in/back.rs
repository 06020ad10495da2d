//! Sends the browser back to the application, in the way that it asked for: query, fragment, or a form that is posted.
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

use crate::html::escape;

/// Every way, as discovery names them.
pub(super) const MODES: [&str; 3] = ["query", "fragment", "form_post"];
/// Posts the form without a click; where scripts are off, its button does.
const SCRIPT: &str = "document.forms[0].submit()";

/// Where the application waits, and how it wants to be told.
#[derive(Clone)]
pub(super) struct Back {
    pub(super) address: Url,
    /// One of [`MODES`].
    pub(super) mode: &'static str,
    pub(super) state: Option<String>,
}

impl Back {
    /// The answer that brings these there.
    pub(super) fn with(self, parameters: &[(&str, &str)]) -> Response {
        let mut address = self.address;
        let parameters = || parameters.iter().copied().chain(self.state.as_deref().map(|state| ("state", state)));
        match self.mode {
            "form_post" => return posted(&address, parameters()),
            "fragment" => {
                let fragment = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters()).finish();
                address.set_fragment(Some(&fragment));
            }
            _ => {
                address.query_pairs_mut().extend_pairs(parameters());
            }
        }
        let headers = [("location", address.to_string()), ("cache-control", "no-store".to_owned())];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}

fn posted<'a>(address: &Url, parameters: impl Iterator<Item = (&'a str, &'a str)>) -> Response {
    let fields: String = parameters
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)))
        .collect();
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Going back · contoso.example</title></head>\
         <body><form method=\"post\" action=\"{}\">{fields}<button>Continue</button></form><script>{SCRIPT}</script></body></html>",
        escape(address.as_str())
    );
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; base-uri 'none'; frame-ancestors 'none'; form-action {}",
        STANDARD.encode(Sha256::digest(SCRIPT)),
        address.origin().ascii_serialization()
    );
    ([("content-security-policy", policy.as_str()), ("cache-control", "no-store")], Html(html)).into_response()
}

//! A page of a list, with the address of the one after it as a `Link` (RFC 8288).

use axum::Json;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What is answered, and where it was asked.
#[derive(Debug)]
pub struct Paged<T> {
    pub next: Option<String>,
    pub at: Uri,
    pub body: T,
}

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(self) -> Response {
        let link = self.next.and_then(|next| {
            let rest = form_urlencoded::parse(self.at.query().unwrap_or_default().as_bytes());
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(rest.filter(|(name, _)| name != "after"))
                .append_pair("after", &next)
                .finish();
            HeaderValue::from_str(&format!("<{}?{query}>; rel=\"next\"", self.at.path())).ok()
        });
        let mut answer = Json(self.body).into_response();
        if let Some(link) = link {
            answer.headers_mut().insert(header::LINK, link);
        }
        answer
    }
}

//! A page of a list, with the address of the one after it as a `Link` (RFC 8288).

use super::list::link;
use axum::Json;
use axum::http::{Uri, header};
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
        let link = self.next.and_then(|next| link(&self.at, &next));
        let mut answer = Json(self.body).into_response();
        if let Some(link) = link {
            answer.headers_mut().insert(header::LINK, link);
        }
        answer
    }
}

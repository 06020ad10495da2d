//! The way from a page of a list to the next one, as a header.

use super::list::link;
use axum::http::header::LINK;
use axum::http::{HeaderName, HeaderValue, Uri};
use axum::response::AppendHeaders;

/// `Link: <…?after=…>; rel="next"`, where there is a next page.
pub fn linked(here: &Uri, next: Option<&str>) -> Option<AppendHeaders<[(HeaderName, HeaderValue); 1]>> {
    Some(AppendHeaders([(LINK, link(here, next?)?)]))
}

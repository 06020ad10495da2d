//! The way from a page of a list to the next one, as a header.

use axum::http::header::LINK;
use axum::http::{HeaderName, Uri};
use axum::response::AppendHeaders;

/// `Link: <…?after=…>; rel="next"`, where there is a next page.
pub fn linked(here: &Uri, next: Option<&str>) -> Option<AppendHeaders<[(HeaderName, String); 1]>> {
    let next = next?;
    let asked = form_urlencoded::parse(here.query().unwrap_or_default().as_bytes());
    let kept = asked.filter(|(name, _)| name != "after");
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair("after", next).finish();
    Some(AppendHeaders([(LINK, format!("<{}?{query}>; rel=\"next\"", here.path()))]))
}

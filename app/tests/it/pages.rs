//! What each page shows in each of its states, and what no page may contain.

pub(crate) mod access;
pub(crate) mod audit;
pub(crate) mod changes;
pub(crate) mod environment;
pub(crate) mod environments;
pub(crate) mod job;
pub(crate) mod jobs;
pub(crate) mod new_environment;
pub(crate) mod notices;
pub(crate) mod people;
pub(crate) mod policies;
mod problems;
pub(crate) mod programs;
pub(crate) mod request;
pub(crate) mod secrets;
mod sign_in;

use crate::fake::{Fake, page};
use axum::http::StatusCode;

/// The text that a person would read, without markup and scripts.
pub(crate) fn text(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let skip = if rest[open..].starts_with("<script") { "</script>" } else { ">" };
        match rest[open..].find(skip) {
            Some(close) => rest = &rest[open + close + skip.len()..],
            None => return out,
        }
        if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the content security policy forbids, and what the router must not take over.
pub(crate) fn keeps_the_policy(html: &str) {
    assert!(!html.contains(" style="), "a style attribute");
    assert!(!html.contains(" onclick") && !html.contains(" onload"), "an inline handler");
    for script in html.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap_or_default();
        let runs = !tag.contains("type=\"application/json\"");
        assert!(!runs || tag.contains("nonce="), "a script without nonce: {tag}");
    }
    for link in html.split("<a ").skip(1) {
        let tag = link.split('>').next().unwrap_or_default();
        assert!(tag.contains("rel=\"external"), "a link that the router would take over: {tag}");
    }
}

#[tokio::test]
async fn an_address_that_names_nothing_is_not_found() {
    let (status, html) = page(Fake::default(), "/nowhere").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(text(&html).contains("There is nothing here"));
    keeps_the_policy(&html);
}

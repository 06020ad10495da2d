//! Every route meets a stranger: people are led to the sign-in page, programs get a 401, and nothing else is told.

use crate::support::bed::Bed;
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use axum::http::StatusCode;

/// What anybody may have: the way in, and what belongs to no one.
const OPEN: [&str; 5] = ["/sign-in", "/sign-in/back", "/sign-out", "/appearance", "/healthz"];

/// The routes as the router's own file lists them, those of programs under their prefix, with an id in place of each
/// part that varies.
fn routes() -> Vec<(String, String)> {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/router.rs")).unwrap();
    let mut found = Vec::new();
    for line in source.lines().filter_map(|line| line.trim().strip_prefix(".route(\"")) {
        let (path, rest) = line.split_once('"').unwrap();
        let method = if rest.contains("post(") { "POST" } else { "GET" };
        let prefix = if rest.contains("rest::") { "/api/v1" } else { "" };
        let filled: Vec<&str> = path.split('/').map(|part| if part.starts_with('{') { "some" } else { part }).collect();
        found.push((method.to_owned(), format!("{prefix}{}", filled.join("/"))));
    }
    assert!(found.len() > 20, "the router is written otherwise now, and this test reads nothing");
    found
}

/// Pages have no line in the router; their addresses do.
const PAGES: [&str; 15] = [
    "/",
    "/environments",
    "/environments/new",
    "/environments/some",
    "/requests",
    "/requests/some",
    "/approvals",
    "/jobs",
    "/jobs/some",
    "/sessions",
    "/audit",
    "/policies",
    "/policies/new",
    "/policies/some",
    "/no/such/page",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_led_to_the_sign_in_page() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    for page in PAGES {
        let seen = Browser::on(&portal.router).get(page).await;
        assert_eq!(seen.leads_to(), app::routes::sign_in_back_to(page), "{page}");
    }
    for (method, path) in routes() {
        if OPEN.contains(&path.as_str()) || path.starts_with("/pkg") {
            continue;
        }
        let mut browser = Browser::on(&portal.router);
        let seen = match method.as_str() {
            "GET" => browser.get(&path).await,
            _ => browser.post(&path, &[("decision", "approve"), ("vault_name", "kv-a"), ("draft", "d")]).await,
        };
        if path == "/api/some" {
            assert_eq!(seen.status, StatusCode::NOT_FOUND);
        } else if path.starts_with("/api/v1/") {
            assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(seen.header("content-type"), "application/problem+json");
        } else {
            assert!(seen.leads_to().starts_with("/sign-in?back="), "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_told_how_to_say_who_they_are() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    for (method, path) in
        [("POST", "/api/v1/requests"), ("POST", "/api/v1/requests/x/approval"), ("GET", "/api/v1/jobs/x")]
    {
        let mut browser = Browser::on(&portal.router);
        let seen = if method == "GET" { browser.get(path).await } else { browser.post(path, &[]).await };
        assert_eq!((seen.status, seen.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"), "{path}");
        assert!(seen.body.contains("keystead token create"));
    }
}

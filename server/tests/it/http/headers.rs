//! The headers of every answer: a policy with a nonce that the page's script carries, and nothing that another site could use.

use crate::support::bed::Bed;
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use axum::body::Body;
use axum::http::{Request, StatusCode};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_a_policy_of_its_own_and_no_style_in_its_markup() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let mut browser = Browser::on(&portal.router);
    let (one, two) = (browser.get("/sign-in").await, browser.get("/sign-in").await);
    let nonce = |policy: &str| policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
    let policy = one.header("content-security-policy");
    assert_ne!(nonce(policy), nonce(two.header("content-security-policy")));
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(policy.contains("'wasm-unsafe-eval'") && !policy.contains("unsafe-inline"));
    assert!(!one.body.contains(" style=") && !one.body.contains(" onclick="), "{}", one.body);
    for script in one.body.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains(&format!("nonce=\"{}\"", nonce(policy))), "{tag}");
    }
    assert_eq!(one.header("referrer-policy"), "same-origin");
    assert_eq!(one.header("x-content-type-options"), "nosniff");
    assert_eq!(one.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_may_load_nothing() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    for path in ["/healthz", "/api/openapi.json", "/api/nothing", "/jobs/x/log.txt", "/pkg/none.js"] {
        let seen = Browser::on(&portal.router).get(path).await;
        assert!(seen.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(seen.header("x-frame-options"), "DENY", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_is_refused() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let mut browser = Browser::on(&portal.router);
    browser.sign_in("member@contoso.example", "/").await;
    let foreign = Request::post("/environments/new")
        .header("host", "127.0.0.1:4170")
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("name=stolen"));
    assert_eq!(browser.send(foreign.unwrap()).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_end_is_refused() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let mut browser = Browser::on(&portal.router);
    browser.sign_in("member@contoso.example", "/").await;
    let long = "x".repeat(300 * 1024);
    let seen = browser.post("/environments/new", &[("reason", &long)]).await;
    assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE);
}

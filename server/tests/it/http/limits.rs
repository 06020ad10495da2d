//! How often somebody may ask: people, programs, strangers and the sign-in, each for themselves; and who it is that asks.

use crate::support::bed::Bed;
use crate::support::browser::{Browser, Seen};
use crate::support::portal::Portal;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use keystead::config::{Config, RequestLimits};
use keystead::service::accounts::make_token;
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use url::Url;

async fn limited(bed: &Bed) -> Portal {
    let change = |config: &mut Config| {
        config.limits = RequestLimits {
            person_a_minute: 8,
            token_a_minute: 3,
            stranger_a_minute: 5,
            sign_in_a_minute: 2,
            ..RequestLimits::default()
        };
    };
    Portal::configured(bed.store.clone(), change).await
}

/// From this address.
async fn from(browser: &mut Browser, peer: [u8; 4], mut request: Request<Body>) -> Seen {
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 50_000))));
    browser.send(request).await
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn post(path: &str) -> Request<Body> {
    let request = Request::post(path).header("host", "127.0.0.1:4170").header("origin", "http://127.0.0.1:4170");
    request.header("content-type", "application/x-www-form-urlencoded").body(Body::from("account=&back=/")).unwrap()
}

async fn signed_in(portal: &Portal, name: &str) -> Browser {
    let mut browser = Browser::on(&portal.router);
    browser.sign_in(&format!("{name}@contoso.example"), "/").await;
    browser
}

const HERE: [u8; 4] = [192, 0, 2, 1];
const THERE: [u8; 4] = [192, 0, 2, 2];

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_slowed_by_address_and_nobody_else_pays() {
    let bed = Bed::sqlite().await;
    let portal = limited(&bed).await;
    let mut stranger = Browser::on(&portal.router);
    for _ in 0..5 {
        assert_eq!(from(&mut stranger, HERE, get("/sign-in")).await.status, StatusCode::OK);
    }
    let refused = from(&mut stranger, HERE, get("/environments")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "12"));
    assert!(
        refused.body.contains("<h1>Too many requests</h1>") && refused.body.contains("in 12 s"),
        "{}",
        refused.body
    );
    assert!(refused.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(refused.header("set-cookie"), "");
    for path in ["/healthz", "/api/openapi.json"] {
        assert_eq!(from(&mut stranger, HERE, get(path)).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(from(&mut stranger, HERE, get("/pkg/none.js")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(from(&mut stranger, THERE, get("/sign-in")).await.status, StatusCode::OK);
    // Somebody known from the same address.
    let mut member = signed_in(&portal, "member").await;
    assert_eq!(from(&mut member, HERE, get("/environments")).await.status, StatusCode::OK);
    portal.clock.advance(12_000);
    assert_eq!(from(&mut stranger, HERE, get("/sign-in")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sign_in_is_stricter() {
    let bed = Bed::sqlite().await;
    let portal = limited(&bed).await;
    let mut stranger = Browser::on(&portal.router);
    for _ in 0..2 {
        assert!(from(&mut stranger, HERE, post("/sign-in")).await.status.is_redirection());
    }
    for request in [post("/sign-in"), get("/sign-in/back?code=a&state=b")] {
        let refused = from(&mut stranger, HERE, request).await;
        assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "30"));
    }
    assert_eq!(from(&mut stranger, HERE, get("/sign-in")).await.status, StatusCode::OK, "the page itself");
    assert!(from(&mut stranger, THERE, post("/sign-in")).await.status.is_redirection());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_slowed_wherever_they_come_from() {
    let bed = Bed::sqlite().await;
    let portal = limited(&bed).await;
    let (mut one, mut two) = (signed_in(&portal, "member").await, signed_in(&portal, "manager").await);
    for number in 0..8 {
        assert_eq!(from(&mut one, [192, 0, 2, number], get("/sessions")).await.status, StatusCode::OK, "{number}");
    }
    let refused = from(&mut one, THERE, get("/sessions")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "8"));
    let script = one.ask("/ask/requests/plan", &serde_json::json!({})).await;
    assert_eq!(script.status, StatusCode::TOO_MANY_REQUESTS);
    let said: app::error::PortalError = serde_json::from_str(&script.body).unwrap();
    assert!(said.message.contains("Too many requests"), "{said}");
    assert_eq!(from(&mut two, THERE, get("/sessions")).await.status, StatusCode::OK);
    portal.clock.advance(60_000);
    assert_eq!(from(&mut one, HERE, get("/sessions")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_slowed_by_its_token_and_a_guesser_by_address() {
    let bed = Bed::sqlite().await;
    let portal = limited(&bed).await;
    let member = portal.member().await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let until = portal.now().plus(3_600_000);
        let token = make_token(&portal.store, &member.account.name, portal.now(), until).await.unwrap().unwrap();
        tokens.push(token.expose_secret().to_owned());
    }
    let ask = |token: &str| {
        Request::get("/api/v1/jobs/none")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap()
    };
    let mut program = Browser::on(&portal.router);
    for _ in 0..3 {
        assert_eq!(from(&mut program, HERE, ask(&tokens[0])).await.status, StatusCode::NOT_FOUND);
    }
    let refused = from(&mut program, THERE, ask(&tokens[0])).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "20"));
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let problem: serde_json::Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!((&problem["type"], &problem["status"]), (&"/problems/too-many".into(), &429.into()), "{problem}");
    assert_eq!(from(&mut program, HERE, ask(&tokens[1])).await.status, StatusCode::NOT_FOUND);

    for number in 0..5 {
        let guessed = from(&mut program, HERE, ask(&format!("keystead_{number}"))).await;
        assert_eq!(guessed.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(from(&mut program, HERE, ask("keystead_6")).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        from(&mut program, HERE, ask(&tokens[1])).await.status,
        StatusCode::NOT_FOUND,
        "the right one is let in"
    );
}

/// What a proxy says counts where it is trusted, for the limit and for the record; anybody else only speaks for themselves.
#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_the_caller_is_whom_it_names() {
    let bed = Bed::sqlite().await;
    let change = |config: &mut Config| {
        config.public = Url::parse("https://keystead.contoso.example").ok();
        config.proxy.trusted = vec!["10.0.0.0/8".to_owned().try_into().unwrap()];
        config.limits.stranger_a_minute = 2;
    };
    let portal = Portal::configured(bed.store.clone(), change).await;
    let mut browser = Browser::on(&portal.router);
    let forwarded = |caller: &str, scheme: &str| {
        let request = Request::get("/sign-in?back=/jobs").header("x-forwarded-for", caller);
        request.header("x-forwarded-proto", scheme).body(Body::empty()).unwrap()
    };
    let proxy = [10, 0, 0, 1];
    for (peer, caller, scheme, status) in [
        (proxy, "203.0.113.1", "https", StatusCode::OK),
        (proxy, "198.51.100.9, 203.0.113.1", "https", StatusCode::OK),
        (proxy, "198.51.100.8, 203.0.113.1", "https", StatusCode::TOO_MANY_REQUESTS),
        (proxy, "203.0.113.2", "https", StatusCode::OK),
        (proxy, "203.0.113.2", "http", StatusCode::PERMANENT_REDIRECT),
        // Nobody trusts this one, whatever it says.
        (HERE, "203.0.113.3", "http", StatusCode::OK),
        (HERE, "203.0.113.4", "https", StatusCode::OK),
        (HERE, "203.0.113.5", "https", StatusCode::TOO_MANY_REQUESTS),
    ] {
        let seen = from(&mut browser, peer, forwarded(caller, scheme)).await;
        assert_eq!(seen.status, status, "{peer:?} {caller} {scheme}");
        if status.is_redirection() {
            assert_eq!(seen.leads_to(), "https://keystead.contoso.example/sign-in?back=/jobs");
        }
    }
}

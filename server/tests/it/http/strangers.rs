//! Every route meets a stranger: people are led to the sign-in page, programs get a 401, and nothing else is told.

use crate::support::bed::Bed;
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use crate::support::routes;
use app::portal::Tokens;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::account::Role;
use domain::permission::Action;
use domain::view::token::New;
use keystead::service::accounts::make_token;
use secrecy::ExposeSecret;

/// What anybody may have: the way in, and what belongs to no one.
const OPEN: [&str; 6] = ["/sign-in", "/sign-in/back", "/sign-out", "/appearance", "/healthz", "/api/v1/sign-in"];

/// Pages have no line in the router; their addresses do.
const PAGES: [&str; 23] = [
    "/",
    "/environments",
    "/environments/new",
    "/environments/some",
    "/environments/some/access",
    "/requests",
    "/requests/some",
    "/approvals",
    "/jobs",
    "/jobs/some",
    "/sessions",
    "/notices",
    "/tokens",
    "/tokens/some",
    "/webhooks",
    "/webhooks/some",
    "/people",
    "/people/leaving",
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
    for (method, path) in routes::all() {
        let path = routes::filled(&path);
        if OPEN.contains(&path.as_str()) || path.starts_with("/pkg") {
            continue;
        }
        let mut browser = Browser::on(&portal.router);
        let seen = match method {
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

/// What is no token, one that was never given, one that has ended, and one that came in another way than it is told.
#[tokio::test(flavor = "multi_thread")]
async fn no_endpoint_takes_a_token_that_is_none() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let member = portal.member().await;
    let (now, name) = (portal.now(), member.account.name.as_str());
    let ended = make_token(&portal.store, name, now, now.plus(1_000)).await.unwrap().unwrap();
    let valid = make_token(&portal.store, name, now, now.plus(3_600_000)).await.unwrap().unwrap();
    let new = New { name: "revoked".into(), ..New::default() };
    let revoked = portal.service.create_token(&member, &new).await.unwrap();
    portal.service.revoke_token(&member, &revoked.row.id).await.unwrap();
    portal.clock.advance(2_000);
    let mut forged = revoked.token.clone();
    forged.replace_range(20..21, if &forged[20..21] == "a" { "b" } else { "a" });
    let unknown = format!("keystead_{}", "0".repeat(64));
    let shown = [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer none".to_owned(),
        format!("Bearer {unknown}"),
        format!("Bearer {}", ended.expose_secret()),
        format!("Bearer {}", revoked.token),
        format!("Bearer {forged}"),
        "Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.".to_owned(),
        format!("Basic {}", valid.expose_secret()),
        valid.expose_secret().to_owned(),
    ];
    let closed = |path: &str| path.starts_with("/api/v1/") && !OPEN.contains(&path);
    for (method, path) in routes::all().into_iter().filter(|(_, path)| closed(path)) {
        for shown in &shown {
            let request = Request::builder().method(method).uri(routes::filled(&path)).header("authorization", shown);
            let seen = Browser::on(&portal.router).send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "{method} {path} with {shown}");
        }
    }
}

/// One that only sees changes nothing anywhere, whatever its owner may; the table of all actions says where it is refused.
#[tokio::test(flavor = "multi_thread")]
async fn no_endpoint_changes_anything_for_a_token_that_only_sees() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let stage = super::table::stage(&portal).await;
    let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, Some("payments")).await;
    let new = New { name: "sees".into(), scopes: vec!["see".into()], ..New::default() };
    let token = portal.service.create_token(&engineer, &new).await.unwrap();
    let bodies: Vec<super::table::Call> =
        Action::ALL.into_iter().flat_map(|action| super::table::over_rest(action, &stage)).collect();
    let changing = routes::all().into_iter().filter(|(method, path)| *method != "GET" && path.starts_with("/api/v1/"));
    for (method, path) in changing {
        let place = path.trim_start_matches("/api/v1");
        let shape = |path: &str| routes::shape(path, place);
        let asked = bodies.iter().find(|(verb, known, _)| *verb == method && shape(known));
        let call = asked.cloned().unwrap_or_else(|| (method, routes::filled(place), Some(serde_json::json!({}))));
        let seen = super::table::call(&portal, &call, Some(&token.token)).await;
        let refused = match asked {
            Some(_) => seen.status == StatusCode::FORBIDDEN,
            None => seen.status.is_client_error() && seen.status != StatusCode::UNAUTHORIZED,
        };
        assert!(refused, "{call:?}: {} {}", seen.status, seen.body);
    }
}

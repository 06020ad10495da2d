//! Signing in at the directory and out again; the way back, and sessions that end.

use crate::support::bed::{Bed, both};
use crate::support::browser::{Browser, directory};
use crate::support::portal::{Portal, control};
use axum::http::StatusCode;
use keystead::store::{Store, Use};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_in_and_comes_back_to_where_they_were() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let mut browser = Browser::on(&portal.router);
        let sent = browser.get("/jobs?environment=a").await;
        let page = browser.get(sent.leads_to()).await;
        assert_eq!(page.status, StatusCode::OK);
        let back = browser.sign_in("manager@contoso.example", "/jobs?environment=a").await;
        assert_eq!(back.leads_to(), "/jobs?environment=a");
        let page = browser.get("/environments").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("manager@contoso.example"), "{}", page.body);
        assert!(page.body.contains("Team Payments, manager"), "groups and roles of the token say so");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_gets_another_name_at_sign_in() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let mut browser = Browser::on(&portal.router);
        let left = browser.post("/sign-in", &[("account", ""), ("back", "/")]).await;
        let before = browser.cookie("keystead").unwrap().to_owned();
        let returned = directory(left.leads_to(), "member@contoso.example").await;
        let arrived = browser.get(&returned).await;
        assert_eq!(arrived.leads_to(), "/");
        assert!(
            arrived.header("set-cookie").contains("SameSite=Lax") && arrived.header("set-cookie").contains("HttpOnly")
        );
        assert_ne!(browser.cookie("keystead").unwrap(), before);
        // The same answer of the directory a second time begins nothing.
        assert_eq!(Browser::on(&portal.router).get(&returned).await.leads_to(), "/sign-in");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_for_another_sign_in_lets_nobody_in() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let mut browser = Browser::on(&portal.router);
        browser.post("/sign-in", &[("account", ""), ("back", "/")]).await;
        let refused = browser.get("/sign-in/back?state=guessed&code=guessed").await;
        assert!(refused.leads_to().starts_with("/sign-in?back=%2F&refused="), "{}", refused.leads_to());
        assert!(browser.get("/environments").await.leads_to().starts_with("/sign-in"));
        browser.post("/sign-in", &[("account", ""), ("back", "//evil.example")]).await;
        let cancelled = browser.get("/sign-in/back?error=access_denied&error_description=You+cancelled").await;
        assert!(cancelled.leads_to().contains("access_denied"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_signing_out_by_rest_and_by_age() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        const HOUR: i64 = 3_600_000;
        let mut browser = Browser::on(&portal.router);
        browser.sign_in("member@contoso.example", "/").await;
        assert_eq!(browser.get("/environments").await.status, StatusCode::OK);
        browser.post("/sign-out", &[]).await;
        assert!(browser.get("/environments").await.leads_to().starts_with("/sign-in"));

        browser.sign_in("member@contoso.example", "/").await;
        for _ in 0..15 {
            portal.clock.advance(11 * HOUR);
            assert_eq!(browser.get("/environments").await.status, StatusCode::OK, "used within half a day");
        }
        portal.clock.advance(11 * HOUR);
        assert!(browser.get("/environments").await.leads_to().starts_with("/sign-in"), "a week is the longest");

        browser.sign_in("member@contoso.example", "/").await;
        portal.clock.advance(13 * HOUR);
        assert!(browser.get("/environments").await.leads_to().starts_with("/sign-in"), "unused for half a day");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_where_they_are_signed_in_and_ends_it_there_and_nobody_elses() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (mut here, mut there) = (Browser::on(&portal.router), Browser::on(&portal.router));
        let (mut third, mut stranger) = (Browser::on(&portal.router), Browser::on(&portal.router));
        for browser in [&mut here, &mut there, &mut third] {
            browser.sign_in("member@contoso.example", "/").await;
        }
        stranger.sign_in("manager@contoso.example", "/").await;
        let page = here.get("/sessions").await.body;
        assert!(page.contains("Here, and in 2 other browsers.") && page.contains("This browser"), "{page}");
        let ends: Vec<&str> =
            page.match_indices("/sessions/").filter_map(|(at, _)| page[at..].split('"').next()).collect();
        let one = ends.iter().find(|path| path.ends_with("/end")).unwrap();
        stranger.post(one, &[]).await;
        assert!(here.get("/sessions").await.body.contains("2 other browsers"), "nobody else's end ends it");
        here.post(one, &[]).await;
        assert!(here.get("/sessions").await.body.contains("one other browser"));
        here.post("/sessions/end-others", &[]).await;
        for ended in [&mut there, &mut third] {
            assert!(ended.get("/environments").await.leads_to().starts_with("/sign-in"));
        }
        assert_eq!(here.get("/environments").await.status, StatusCode::OK);
        assert_eq!(stranger.get("/environments").await.status, StatusCode::OK);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_by_not_being_used_is_not_listed_any_more() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        const HOUR: i64 = 3_600_000;
        let (mut here, mut there) = (Browser::on(&portal.router), Browser::on(&portal.router));
        there.sign_in("member@contoso.example", "/").await;
        here.sign_in("member@contoso.example", "/").await;
        portal.clock.advance(7 * HOUR);
        assert!(here.get("/sessions").await.body.contains("one other browser"));
        portal.clock.advance(6 * HOUR);
        let page = here.get("/sessions").await.body;
        assert!(page.contains("This browser") && !page.contains("other browser"), "{page}");
        assert!(there.get("/environments").await.leads_to().starts_with("/sign-in"), "as it is");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_too_many_groups_for_a_token_has_their_teams_or_is_told_why_not() {
    let bed = Bed::sqlite().await;
    let account = "third-member@contoso.example";
    control("/groups", &serde_json::json!({ "account": account, "count": 200 })).await;
    let portal = Portal::over(&bed).await;
    let mut browser = Browser::on(&portal.router);
    browser.sign_in(account, "/").await;
    let page = browser.get("/environments").await.body;
    assert!(page.contains("GroupMember.Read.All") && page.contains("signed in without your teams"), "{page}");
    assert!(!page.contains("Team Payments"));

    let me = portal.azure.me().await.unwrap().object_id;
    let all = control("/applications", &serde_json::Value::Null).await;
    let own = all.as_array().unwrap().iter().find(|one| one["object_id"] == me.as_str()).unwrap();
    let granted = serde_json::json!(["GroupMember.Read.All", "User.ReadBasic.All"]);
    let consents = serde_json::json!({ "application": granted, "delegated": [] });
    control("/consents", &serde_json::json!({ "application": own["application"], "consents": consents })).await;
    // Whoever has the old token is not helped by it: a portal that signs in anew is.
    let portal = Portal::over(&bed).await;
    let mut browser = Browser::on(&portal.router);
    browser.sign_in(account, "/").await;
    let page = browser.get("/environments").await.body;
    assert!(page.contains("Team Payments, member") && !page.contains("without your teams"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_replica_knows_a_session_and_none_keeps_one_that_was_ended() {
    let bed = Bed::postgres().await;
    let (here, there) =
        (Store::open(&bed.url, Use::Server).await.unwrap(), Store::open(&bed.url, Use::Server).await.unwrap());
    let (here, there) = (Portal::on(here).await, Portal::on(there).await);
    let mut browser = Browser::on(&here.router);
    // The way to the directory and back leads over two replicas.
    let left = browser.post("/sign-in", &[("account", ""), ("back", "/")]).await;
    browser.moved_to(&there.router);
    assert!(browser.get("/environments").await.leads_to().starts_with("/sign-in"));
    let returned = directory(left.leads_to(), "member@contoso.example").await;
    assert_eq!(browser.get(&returned).await.leads_to(), "/");
    for portal in [&here, &there, &here] {
        browser.moved_to(&portal.router);
        assert_eq!(browser.get("/environments").await.status, StatusCode::OK);
    }
    let mut thief = browser.clone();
    browser.post("/sign-out", &[]).await;
    assert!(thief.get("/environments").await.leads_to().starts_with("/sign-in"), "ended where it was ended");
    // The clock stands still, so that no cached session ages: only the announcement ends it here.
    thief.moved_to(&there.router);
    let ended = async { while !thief.get("/environments").await.status.is_redirection() {} };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("the other replica keeps it");
}

//! Somebody leaves, as browsers and the directory see it: signed out at once, not let in again, and proposed by the
//! directory's own word.

use crate::support::bed::{Bed, both};
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use app::portal::People;
use axum::http::StatusCode;
use azure_simulator::{Options, Simulator};
use domain::account::Role;
use domain::view::people::{Directory, Filter, Show};
use figment::providers::Env;
use keystead::config::Given;
use keystead::timers::{DirectoryLook, Next, Timer};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tower_sessions::SessionStore;

#[tokio::test(flavor = "multi_thread")]
async fn who_has_left_is_signed_out_at_once_and_not_let_in_until_it_is_taken_back() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let platform = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let mut engineer = portal.browser_of(&platform).await;
        let mut leaver = Browser::on(&portal.router);
        leaver.sign_in("auditor@contoso.example", "/").await;
        assert_eq!(leaver.get("/environments").await.status, StatusCode::OK);
        let page = engineer.get("/people?q=audi").await.body;
        let href = page.split("/people/leaving?account=").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let account = percent_encoding::percent_decode_str(&href).decode_utf8().unwrap().into_owned();
        let page = engineer.get(&format!("/people/leaving?account={href}")).await.body;
        assert!(page.contains("One session ends") && page.contains("auditor@contoso.example has left"), "{page}");

        let left = engineer.post("/people/leave", &[("account", &account)]).await;
        let page = engineer.get(left.leads_to()).await.body;
        assert!(page.contains("Marked as having left: 1 session ended."), "{page}");
        assert!(leaver.get("/environments").await.leads_to().starts_with("/sign-in"));
        let refused = leaver.sign_in("auditor@contoso.example", "/").await;
        let page = leaver.get(refused.leads_to()).await.body;
        assert!(page.contains("marked as having left"), "{page}");
        assert!(leaver.get("/environments").await.leads_to().starts_with("/sign-in"));

        engineer.post("/people/return", &[("account", &account)]).await;
        leaver.sign_in("auditor@contoso.example", "/").await;
        assert_eq!(leaver.get("/environments").await.status, StatusCode::OK);
    })
    .await;
}

/// Whoever watches a job when they are marked as having left is told nothing more of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_watches_ends_with_their_session() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let platform = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let request = portal.asked(&member, "watched").await;
        let job = portal.approved(&manager, &request).await.unwrap();
        let (leaver, other) = (portal.browser_of(&member).await, portal.browser_of(&manager).await);
        let path = format!("/jobs/{job}/events");
        let [watched, others] = [leaver.open(&path).await, other.open(&path).await];
        assert_eq!([watched.status(), others.status()], [StatusCode::OK; 2]);
        let read = |answer: axum::response::Response| {
            tokio::spawn(async move { axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap() })
        };
        let (mut watched, others) = (read(watched), read(others));
        portal.service.mark_left(&platform, &member.account.id).await.unwrap();
        let told = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                portal.clock.advance(15_000);
                if let Ok(told) = tokio::time::timeout(Duration::from_millis(20), &mut watched).await {
                    return told.unwrap();
                }
            }
        });
        let told = String::from_utf8_lossy(&told.await.unwrap()).into_owned();
        assert!(told.contains("event: again") && !told.contains("event: end"), "{told}");
        assert!(!others.is_finished(), "nobody else is sent away");
        others.abort();
        assert_eq!(leaver.open(&path).await.status(), StatusCode::SEE_OTHER);
    })
    .await;
}

/// A request that is under way while its session is ended writes nothing back.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_does_not_come_back_by_being_saved() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let session = tower_sessions::Session::new(None, Arc::new(portal.sessions.clone()), None);
        session.insert(keystead::http::session::ACCOUNT, &member.account).await.unwrap();
        session.save().await.unwrap();
        let id = session.id().unwrap();
        let record = portal.sessions.load(&id).await.unwrap().unwrap();
        portal.sessions.delete(&id).await.unwrap();
        portal.sessions.save(&record).await.unwrap();
        assert!(portal.sessions.load(&id).await.unwrap().is_none());
    })
    .await;
}

/// A directory of this test's own, for what it is told would change it for others.
struct Own {
    _folder: tempfile::TempDir,
    simulator: Simulator,
}

impl Own {
    async fn begin() -> Own {
        let folder = tempfile::tempdir().unwrap();
        let simulator = Simulator::start(Options::at_speed(folder.path(), 1000.0)).await.unwrap();
        Own { _folder: folder, simulator }
    }

    async fn portal(&self, bed: &Bed) -> Portal {
        let mut facts = self.simulator.ready();
        facts["database"] = json!({
            "server": "db.contoso.example:5432", "database": "payments", "username": "payments_app",
            "password_file": "/nowhere",
        });
        let config = Given::read(None, Env::prefixed("NOBODY_SETS_THIS__")).unwrap().with_facts(&facts).unwrap();
        Portal::configured(bed.store.clone(), |known| *known = config).await
    }

    async fn tell(&self, path: &str, body: Value) {
        let control = self.simulator.ready()["control"].as_str().unwrap().to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http.post(format!("{control}{path}")).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_proposes_and_nobody_is_marked_by_it() {
    let (bed, own) = (Bed::sqlite().await, Own::begin().await);
    let portal = own.portal(&bed).await;
    let platform = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
    for account in ["member", "third-member", "auditor"] {
        Browser::on(&portal.router).sign_in(&format!("{account}@contoso.example"), "/").await;
    }
    let ring = async |portal: &Portal| {
        let look = DirectoryLook { store: portal.store.clone(), azure: portal.azure.clone() };
        look.ring("", portal.now()).await.unwrap()
    };
    assert_eq!(ring(&portal).await, Next::Again(portal.now().plus(3_600_000)));
    let page = portal.browser_of(&platform).await.get("/people").await.body;
    assert!(page.contains("Keystead may not ask the directory") && page.contains("User.Read.All"), "{page}");

    let me = portal.azure.me().await.unwrap().client_id.unwrap();
    let granted = json!({"application": ["User.Read.All"], "delegated": []});
    own.tell("/consents", json!({"application": me, "consents": granted})).await;
    // Whoever has the old token is not helped by it.
    let portal = own.portal(&bed).await;
    ring(&portal).await;
    let perhaps = Filter { show: Show::Perhaps, ..Filter::default() };
    let list = portal.service.people(&platform, &perhaps).await.unwrap();
    assert_eq!((list.rows.len(), list.looked.unwrap().refused), (0, None));
    for (account, state) in [("member", "disabled"), ("third-member", "deleted")] {
        own.tell("/accounts", json!({"account": format!("{account}@contoso.example"), "state": state})).await;
    }
    ring(&portal).await;
    let list = portal.service.people(&platform, &perhaps).await.unwrap();
    let told: Vec<_> = list.rows.iter().map(|row| (row.name.as_str(), row.directory.unwrap())).collect();
    assert_eq!(
        told,
        [("member@contoso.example", Directory::Disabled), ("third-member@contoso.example", Directory::Gone)]
    );
    assert_eq!((list.perhaps, list.left, list.here), (2, 0, 4), "proposed, not marked");
    let page = portal.browser_of(&platform).await.get("/people?show=perhaps").await.body;
    assert!(page.contains("Disabled in the directory") && page.contains("Gone from the directory"), "{page}");
    own.tell("/accounts", json!({"account": "member@contoso.example", "state": "enabled"})).await;
    ring(&portal).await;
    assert_eq!(portal.service.people(&platform, &perhaps).await.unwrap().rows.len(), 1);
}

//! Thirty-two at once: of changes that are meant for one state one is made, of repeats under one key all have one effect.

use crate::support::bed::{both, number};
use crate::support::browser::Seen;
use crate::support::living::small;
use crate::support::portal::Portal;
use crate::support::program::Program;
use app::portal::{Changes, People};
use axum::body::Body;
use axum::http::{Method, Request};
use domain::account::Role;
use futures::future::join_all;
use serde_json::{Value, json};

/// Each asked at the same time, every other one at a second replica on the same database; on SQLite there is none, and the
/// same one is asked.
async fn at_once(program: &Program, beside: &Portal, question: impl Fn(&Program) -> Request<Body>) -> Vec<Seen> {
    let all = (0..32).map(|number| {
        let program = if number % 2 == 0 { program.clone() } else { program.at(beside) };
        let question = question(&program);
        tokio::spawn(async move { program.send(question).await })
    });
    join_all(all).await.into_iter().map(Result::unwrap).collect()
}

/// One was made; the others were told how the thing is now.
fn one_wins(all: &[Seen], path: &str, current: &Value, tag: &str) {
    let won = all.iter().filter(|seen| seen.status.is_success()).count();
    assert_eq!(won, 1, "{path}: {:?}", all.iter().map(|seen| seen.status.as_u16()).collect::<Vec<_>>());
    for seen in all.iter().filter(|seen| !seen.status.is_success()) {
        assert_eq!(
            (seen.status.as_u16(), seen.problem().as_str()),
            (412, "precondition-failed"),
            "{path}: {}",
            seen.body
        );
        let told = &seen.json()["current"];
        assert_eq!((&told["row"]["state"], &told["waits"]), (&current["row"]["state"], &current["waits"]), "{path}");
        assert_eq!(told["record"], current["record"], "{path}");
        let state = |tag: &str| tag.split('-').next().unwrap().to_owned();
        assert_eq!(state(seen.header("etag")), state(tag), "{path}: its tag is that of the thing as it is now");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_two_changes_of_one_state_one_is_made() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let beside = portal.restarted().await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let leaver = portal.caller("leaver", Role::Member, Some("payments")).await;
        let request = portal.asked(&member, "spoken-of").await;
        let orphaned = format!("orphaned-{}", bed.name);
        let left = portal.asked(&leaver, &orphaned).await;
        portal.approved(&manager, &left).await.unwrap();
        portal.service.mark_left(&engineer, &leaver.account.id).await.unwrap();
        let standing = format!("many-{}", bed.name);
        portal.built(&member, &manager, small(&standing)).await;
        let digest = portal.service.release(&manager, &standing).await.unwrap().digest;
        let program = Program::of(&portal, &manager).await;
        let changes = [
            (format!("/requests/{request}"), "comments", json!({"comment": "why?"})),
            (format!("/environments/{orphaned}"), "ownership", Value::Null),
            (format!("/environments/{standing}"), "release", json!({"digest": digest, "reason": "a test"})),
        ];
        for (thing, change, body) in changes {
            let seen = program.get(&thing).await.header("etag").to_owned();
            let path = format!("{thing}/{change}");
            let body = Some(&body).filter(|body| !body.is_null());
            let all = at_once(&program, &beside, |program| {
                program.question(&Method::POST, &path, &[("if-match", &seen)], body)
            });
            let all = all.await;
            let now = program.get(&thing).await;
            one_wins(&all, &path, &now.json(), now.header("etag"));
        }
        let releases = number(&bed.store, "select count(*) from request where kind = 'release'").await;
        let taken = number(&bed.store, "select count(*) from audit where act = 'environment-taken-on'").await;
        let words = number(&bed.store, "select count(*) from record where said = 'why?'").await;
        assert_eq!((releases, taken, words), (1, 1, 1), "{}", bed.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_two_changes_of_a_webhook_or_a_token_one_is_made() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let beside = portal.restarted().await;
        let manager = portal.manager().await;
        let program = Program::of(&portal, &manager).await;
        let hook = json!({"team": "payments", "name": "chat", "url": "https://203.0.114.1/hook"});
        let webhook = program.post("/webhooks", &hook).await.json()["id"].as_str().unwrap().to_owned();
        let token =
            program.post("/tokens", &json!({"name": "nightly"})).await.json()["id"].as_str().unwrap().to_owned();
        let changes = [
            (Method::PATCH, format!("/webhooks/{webhook}"), Some(json!({"name": "other chat"}))),
            (Method::DELETE, format!("/tokens/{token}"), None),
        ];
        for (method, thing, body) in changes {
            let seen = program.get(&thing).await.header("etag").to_owned();
            let all = at_once(&program, &beside, |program| {
                program.question(&method, &thing, &[("if-match", &seen)], body.as_ref())
            });
            let all = all.await;
            let now = program.get(&thing).await;
            one_wins(&all, &thing, &now.json(), now.header("etag"));
        }
        let thing = format!("/webhooks/{webhook}");
        let seen = program.get(&thing).await.header("etag").to_owned();
        let all = at_once(&program, &beside, |program| {
            program.question(&Method::DELETE, &thing, &[("if-match", &seen)], None)
        });
        let all = all.await;
        assert_eq!(all.iter().filter(|seen| seen.status.is_success()).count(), 1, "{}", bed.name);
        assert!(all.iter().all(|seen| seen.status.is_success() || seen.problem() == "not-found"), "{}", bed.name);
        const TOLD: &str = "select count(*) from audit
            where act in ('webhook-changed', 'webhook-removed', 'token-revoked')";
        assert_eq!(number(&bed.store, TOLD).await, 3, "{}: each is told once", bed.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_two_repeats_under_one_key_one_has_an_effect() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let beside = portal.restarted().await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let request = portal.asked(&member, "approved").await;
        let program = Program::of(&portal, &manager).await;
        let digest = program.get(&format!("/requests/{request}")).await.json()["digest"].clone();
        let questions = [
            (format!("/requests/{request}/comments"), json!({"comment": "fine"}), "select count(*) from record"),
            (format!("/requests/{request}/approval"), json!({"digest": digest}), "select count(*) from job"),
            ("/tokens".to_owned(), json!({"name": "build"}), "select count(*) from token where name = 'build'"),
        ];
        for (path, body, effects) in questions {
            let before = number(&bed.store, effects).await;
            let all = at_once(&program, &beside, |program| program.keyed("one-key", &path, &body)).await;
            let made = all.iter().find(|seen| seen.status.is_success()).expect("one was answered").answer();
            for seen in &all {
                match seen.status.is_success() {
                    true => assert_eq!(seen.answer(), made, "{}: {path}", bed.name),
                    false => assert_eq!(
                        (seen.problem().as_str(), seen.header("retry-after")),
                        ("key-in-flight", "1"),
                        "{}: {path}",
                        bed.name
                    ),
                }
            }
            assert_eq!(number(&bed.store, effects).await - before, 1, "{}: {path}", bed.name);
            assert_eq!(program.once("one-key", &path, &body).await.answer(), made, "{}: {path}", bed.name);
        }
    })
    .await;
}

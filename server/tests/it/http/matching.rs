//! Each thing that is read has a tag, and each change says by it what was looked at.

use crate::support::bed::{Bed, both};
use crate::support::browser::Seen;
use crate::support::portal::Portal;
use crate::support::program::Program;
use app::portal::Requests;
use axum::http::Method;
use domain::account::Role;
use domain::request::Decision;
use keystead::service::expected;
use serde_json::json;

fn tag(seen: &Seen) -> String {
    let tag = seen.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{} has no strong tag: {tag:?}", seen.body);
    tag
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_has_it_already_is_told_so() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let request = portal.asked(&member, "built").await;
        let digest = portal.service.request(&manager, &request).await.unwrap().digest;
        let decided = portal.service.decide(&manager, &request, Decision::Approve, "", &digest, None).await;
        let job = decided.unwrap().job.unwrap();
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let engineer = Program::of(&portal, &engineer).await;
        let text = "title = \"Small\"\nwarn = { nodes = { max = 5 } }\n";
        assert_eq!(engineer.post("/policies", &json!({"text": text})).await.status.as_u16(), 201);
        let things = [
            format!("/requests/{request}"),
            "/environments/built".into(),
            format!("/jobs/{job}"),
            "/policies/small".into(),
        ];
        for path in things {
            let first = engineer.get(&path).await;
            let has = tag(&first);
            portal.clock.advance(1_000);
            let asked = |header: &str| engineer.question(&Method::GET, &path, &[("if-none-match", header)], None);
            let same = engineer.send(asked(&has)).await;
            // What is at work is shown with how long, so that it is another one each time.
            if !path.starts_with("/jobs") && !path.starts_with("/environments") {
                assert_eq!((same.status.as_u16(), same.body.as_str(), tag(&same)), (304, "", has), "{path}");
            }
            let other = engineer.send(asked("\"other\"")).await;
            assert_eq!(other.status.as_u16(), 200, "{path}");
        }
        assert_eq!(engineer.get("/requests").await.header("etag"), "", "a list is no thing");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_says_what_it_is_meant_for() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (caller, manager) = (portal.member().await, portal.manager().await);
        let (member, manager) = (Program::of(&portal, &caller).await, Program::of(&portal, &manager).await);
        let path = format!("/requests/{}", portal.asked(&caller, "one").await);
        let comments = format!("{path}/comments");
        let say = |text: &str| json!({"comment": text});

        let without = member.send(member.question(&Method::POST, &comments, &[], Some(&say("a")))).await;
        assert_eq!((without.status.as_u16(), without.problem().as_str()), (428, "precondition-required"));
        let seen = member.get(&path).await;
        let before = tag(&seen);
        assert_eq!(manager.change(&comments, &before, &say("why?")).await.status.as_u16(), 201);

        // Whoever has read it before that has not read all of it.
        let digest = seen.json()["digest"].clone();
        let approval = (format!("{path}/approval"), json!({"digest": digest}));
        let stale = manager.change(&approval.0, &before, &approval.1).await;
        assert_eq!((stale.status.as_u16(), stale.problem().as_str()), (412, "precondition-failed"), "{}", bed.name);
        let present = stale.json()["current"].clone();
        assert_eq!(present["record"].as_array().unwrap().last().unwrap()["text"], "why?");
        assert_eq!(present["row"]["state"], "waiting");
        let now = tag(&stale);
        assert_eq!(now, tag(&manager.get(&path).await));
        for wrong in [format!("W/{now}"), "\"a\"".into(), "nonsense".into()] {
            assert_eq!(manager.change(&approval.0, &wrong, &approval.1).await.status.as_u16(), 412, "{wrong}");
        }
        let listed = format!("\"a\", {now}");
        assert_eq!(manager.change(&approval.0, &listed, &approval.1).await.status.as_u16(), 202);
        let late = member.change(&comments, &now, &say("thanks")).await;
        assert_eq!((late.status.as_u16(), &late.json()["current"]["row"]["state"]), (412, &json!("approved")));
        assert_eq!(member.change(&comments, "*", &say("thanks")).await.status.as_u16(), 201);
        // What is not there, or not for them, is so whatever they say they saw.
        for tag in ["*", "\"a\""] {
            assert_eq!(member.change("/requests/none/comments", tag, &say("a")).await.problem(), "not-found");
        }
    })
    .await;
}

/// The thing becomes another one between the look at its tag and the change itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_held_against_the_one_that_the_change_is_decided_by() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let id = portal.asked(&member, "one").await;
        let program = Program::of(&portal, &manager).await;
        let before = tag(&program.get(&format!("/requests/{id}")).await);
        let digest = portal.service.request(&manager, &id).await.unwrap().digest;
        portal.service.comment(&member, &id, "wait").await.unwrap();
        let decide = || portal.service.decide(&manager, &id, Decision::Approve, "", &digest, None);
        let (refused, stale) = expected::within(&before, decide()).await;
        assert!(stale && refused.unwrap_err().message.contains("changed since"));
        let now = tag(&program.get(&format!("/requests/{id}")).await);
        let (approved, stale) = expected::within(&now, decide()).await;
        let job = approved.unwrap().job.unwrap();
        assert!(!stale);

        // A job's word is judged by the log as it stands in the transaction that appends to it.
        let path = format!("/jobs/{job}");
        let seen = tag(&program.get(&path).await);
        let reason = json!({"reason": "a test"});
        assert_eq!(program.change(&format!("{path}/cancel"), &seen, &reason).await.status.as_u16(), 200);
        let late = program.change(&format!("{path}/cancel"), &seen, &reason).await;
        assert_eq!(late.problem(), "precondition-failed", "somebody has spoken to it since");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_a_thing_asks_for_it() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let member = Program::of(&portal, &portal.member().await).await;
    let document = crate::support::document::of(&portal).await;
    let mut asked = 0;
    for operation in document.operations() {
        let thing = operation.path.find('}').map(|end| &operation.path[..=end]);
        let readable = thing.is_some_and(|thing| document.has("get", thing));
        if operation.method == "get" || operation.method == "put" || !readable {
            continue;
        }
        let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).unwrap();
        let body = operation.example();
        let seen =
            member.send(member.question(&method, &operation.filled(|_, _| "some".into()), &[], body.as_ref())).await;
        assert_eq!(seen.problem(), "precondition-required", "{} {}", operation.method, operation.path);
        asked += 1;
    }
    assert!(asked > 10);
}

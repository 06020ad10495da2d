//! Bodies that nobody means well by, and callers that may not: every operation of the document meets all of them.

use crate::support::bed::Bed;
use crate::support::browser::{Browser, Seen};
use crate::support::document::{self, Document, Operation};
use crate::support::portal::Portal;
use crate::support::program::Program;
use axum::body::Body;
use axum::http::{Method, Request};
use domain::account::Role;
use futures::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn method(operation: &Operation<'_>) -> Method {
    Method::from_bytes(operation.method.to_uppercase().as_bytes()).unwrap()
}

fn takes_a_body<'a>(document: &'a Document) -> Vec<Operation<'a>> {
    let all = document.operations().into_iter().filter(|operation| operation.told.get("requestBody").is_some());
    all.collect()
}

fn raw(member: &Program, operation: &Operation<'_>, kind: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let path = operation.filled(|_, _| "some".into());
    let mut request = member.question(&method(operation), &path, &[("if-match", "*")], None);
    if let Some(kind) = kind {
        request.headers_mut().insert("content-type", kind.parse().unwrap());
    }
    *request.body_mut() = body.into();
    request
}

/// A clear refusal: a problem document whose kind has a page of its own.
fn refused(seen: &Seen, said: &str, kinds: &mut BTreeSet<String>) {
    assert!((400..500).contains(&seen.status.as_u16()), "{said}: {} {}", seen.status, seen.body);
    kinds.insert(seen.problem());
    let problem = seen.json();
    assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{said}");
    assert!(problem["errors"].as_array().is_none_or(|all| all.iter().all(|one| {
        one["pointer"].as_str().is_some_and(|pointer| pointer.starts_with('#')) && one["message"].is_string()
    })));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_body_is_too_odd_for_a_clear_refusal() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let member = Program::of(&portal, &portal.member().await).await;
    let document = document::of(&portal).await;
    let json = "application/json";
    let mut kinds = BTreeSet::new();
    for operation in takes_a_body(&document) {
        let name = format!("{} {}", operation.method, operation.path);
        let deep =
            |open: &str, close: &str| format!("{{\"comment\": {}1{}}}", open.repeat(40_000), close.repeat(40_000));
        let long = format!("{{\"comment\": \"{}\"}}", "a".repeat(256 * 1024));
        let bodies: Vec<(&str, u16, Vec<u8>)> = vec![
            ("nothing", 400, Vec::new()),
            ("what breaks off", 400, b"{\"comment\": \"a".to_vec()),
            ("what goes on", 400, b"{} {}".to_vec()),
            ("no UTF-8", 400, b"{\"comment\": \"\xff\xfe\"}".to_vec()),
            ("half a character", 400, b"{\"comment\": \"\\ud800\"}".to_vec()),
            ("a number beyond all", 400, b"{\"comment\": 1e999999}".to_vec()),
            ("a field twice", 400, b"{\"comment\": \"a\", \"comment\": \"b\"}".to_vec()),
            ("endless lists", 400, deep("[", "]").into_bytes()),
            ("endless objects", 400, deep("{\"a\":", "}").into_bytes()),
            ("too much", 413, long.into_bytes()),
            ("a list", 422, b"[]".to_vec()),
            ("a text", 422, b"\"a\"".to_vec()),
            ("a huge number", 422, format!("1{}", "0".repeat(200)).into_bytes()),
            ("null", 422, b"null".to_vec()),
            ("an unknown field", 422, b"{\"nodse\": \"3\"}".to_vec()),
        ];
        for (what, status, body) in bodies {
            let seen = member.send(raw(&member, &operation, Some(json), body)).await;
            let said = format!("{what} to {name}");
            refused(&seen, &said, &mut kinds);
            assert_eq!(seen.status.as_u16(), status, "{said}: {}", seen.body);
        }
        // Each field of another type than its own.
        let example = operation.example().unwrap_or_else(|| panic!("{name} has no example of its body"));
        for (field, value) in example.as_object().unwrap() {
            let other = if value.is_array() { json!({"a": 1}) } else { json!([[]]) };
            let mut body = example.clone();
            body[field] = other;
            let seen = member.send(raw(&member, &operation, Some(json), body.to_string())).await;
            refused(&seen, &format!("{field} of {name}"), &mut kinds);
            let pointer = format!("#/{field}");
            let points =
                seen.json()["errors"].as_array().is_some_and(|all| all.iter().any(|one| one["pointer"] == pointer));
            assert!(seen.status.as_u16() == 422 && points, "{pointer} of {name}: {}", seen.body);
        }
        for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("multipart/form-data")] {
            let seen = member.send(raw(&member, &operation, kind, "{}")).await;
            refused(&seen, &name, &mut kinds);
            assert_eq!(seen.problem(), "unsupported-media-type", "{name} as {kind:?}");
        }
        // What the example says can be read: whatever is refused now is refused for what it means.
        let seen = member.send(raw(&member, &operation, Some(json), example.to_string())).await;
        let unread =
            seen.body.contains("no such field") || seen.body.contains("wanted here") || seen.body.contains("is needed");
        assert!(
            ![400, 413, 415, 500].contains(&seen.status.as_u16()) && !unread,
            "{name}: {} {}",
            seen.status,
            seen.body
        );
    }
    for operation in document.operations() {
        let path = format!("{}?nonsense=1", operation.filled(|_, _| "some".into()));
        let asked = member.question(&method(&operation), &path, &[("if-match", "*")], None);
        let seen = member.send(asked).await;
        assert_eq!(seen.problem(), "bad-request", "{} {path}", operation.method);
        assert!(seen.body.contains("nonsense"), "{}", seen.body);
        if operation.method != "get" && operation.told.get("requestBody").is_none() {
            let seen = member.send(raw(&member, &operation, Some(json), "{\"a\": 1}")).await;
            assert_eq!(seen.problem(), "bad-request", "{} {path} takes no body", operation.method);
        }
    }
    for kind in kinds {
        let page = Browser::on(&portal.router).get(&format!("/problems/{kind}")).await;
        assert!(page.status.is_success() && page.body.contains("What to do"), "{kind}: {}", page.status);
    }
}

/// Of every operation at the same time, so that it takes one second and not forty.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_sending_is_not_waited_for() {
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), |config| config.limits.body_seconds = 1).await;
    let member = Program::of(&portal, &portal.member().await).await;
    let document = document::of(&portal).await;
    let operations = takes_a_body(&document);
    let all = operations.iter().map(|operation| {
        let stops = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        member.send(raw(&member, operation, Some("application/json"), stops))
    });
    for (seen, operation) in join_all(all).await.iter().zip(&operations) {
        assert_eq!(seen.problem(), "timeout", "{} {}", operation.method, operation.path);
    }
}

/// What can be named of a team's: by these the addresses are filled.
struct Theirs {
    request: String,
    job: String,
}

impl Theirs {
    fn fill(&self, collection: &str, _: &str) -> String {
        match collection {
            "environments" => "hidden-one".to_owned(),
            "requests" => self.request.clone(),
            "jobs" => self.job.clone(),
            _ => "some".to_owned(),
        }
    }
}

async fn theirs(portal: &Portal) -> Theirs {
    let member = Program::of(portal, &portal.member().await).await;
    let manager = Program::of(portal, &portal.manager().await).await;
    let wish =
        json!({"name": "hidden-one", "team": "payments", "region": "westeurope", "template": "web-app-one-node"});
    let asked = member.post("/requests", &wish).await.json();
    let request = asked["row"]["id"].as_str().unwrap().to_owned();
    let approved = manager.post(&format!("/requests/{request}/approval"), &json!({"digest": asked["digest"]})).await;
    let job = approved.json()["job"].as_str().unwrap().to_owned();
    Theirs { request, job }
}

/// The question with the example of its body.
fn asked(program: &Program, operation: &Operation<'_>, theirs: &Theirs) -> Request<Body> {
    let path = operation.filled(|collection, name| theirs.fill(collection, name));
    program.question(&method(operation), &path, &[("if-match", "*")], operation.example().as_ref())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_team_finds_nothing_whatever_it_asks() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let theirs = theirs(&portal).await;
    for role in [Role::Member, Role::Manager] {
        let other = portal.caller("other", role, Some("catalogue")).await;
        let other = Program::of(&portal, &other).await;
        for operation in document::of(&portal).await.operations() {
            let said = format!("{} {}", operation.method, operation.path);
            let seen = other.send(asked(&other, &operation, &theirs)).await;
            let leaks = ["hidden-one", &theirs.request, &theirs.job].iter().any(|word| seen.body.contains(*word));
            assert!(!leaks || seen.status.as_u16() == 422, "{said}: {} {}", seen.status, seen.body);
            if operation.path.contains('{') {
                let status = seen.status.as_u16();
                assert!(matches!(status, 403 | 404), "{said}: {status} {}", seen.body);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_looks_changes_nothing_whatever_they_ask() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let theirs = theirs(&portal).await;
    let auditor = portal.caller("auditor", Role::Auditor, None).await;
    let auditor = Program::of(&portal, &auditor).await;
    for operation in document::of(&portal).await.operations() {
        let seen = auditor.send(asked(&auditor, &operation, &theirs)).await;
        let said = format!("{} {}: {} {}", operation.method, operation.path, seen.status, seen.body);
        match operation.method {
            "get" => assert!(!seen.status.is_server_error(), "{said}"),
            // Who has handed nothing over has nothing to take back, and is told that it is so.
            "delete" if operation.path.ends_with("/handover") => assert_eq!(seen.status, 204, "{said}"),
            _ => assert!(seen.status.is_client_error(), "{said}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_field_is_pointed_at() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let member = Program::of(&portal, &portal.member().await).await;
    let wish = json!({"name": "No", "team": "payments", "region": "nowhere", "template": "web-app-one-node"});
    let seen = member.post("/requests", &wish).await.json();
    let pointers: Vec<&Value> = seen["errors"].as_array().unwrap().iter().map(|one| &one["pointer"]).collect();
    assert_eq!(pointers, ["#/name", "#/region"]);
    let typo = member.post("/requests", &json!({"name": "one", "nodse": "3"})).await.json();
    assert_eq!(typo["errors"][0]["message"], "There is no such field here. Is `nodes` meant?");
    let missing = member.post("/requests/some/approval", &json!({"comment": "a"})).await.json();
    assert_eq!((&missing["errors"][0]["pointer"], &missing["status"]), (&json!("#/digest"), &json!(422)));
}

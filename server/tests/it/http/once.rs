//! A question under a key: one effect and one answer, whoever repeats it when, wherever a server was lost meanwhile.

use crate::support::bed::{Bed, both, number, sql, text};
use crate::support::portal::Portal;
use crate::support::program::Program;
use axum::http::Method;
use domain::account::Role;
use futures::future::join_all;
use serde_json::{Value, json};
use std::future::poll_fn;
use std::task::Poll;
use tower::ServiceExt;

const DAY: i64 = 24 * 3_600_000;

fn wish(name: &str) -> Value {
    json!({"name": name, "team": "payments", "region": "westeurope", "template": "web-app-one-node"})
}

async fn requests(bed: &Bed) -> i64 {
    number(&bed.store, "select count(*) from request").await
}

/// As a server leaves it that is lost between the effect and the answer.
async fn lose_answers(bed: &Bed) {
    sql(&bed.store, "update once set status = null, key_id = null, answer = null", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_has_the_same_answer_and_no_effect() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = Program::of(&portal, &portal.member().await).await;
        let first = member.once("k-1", "/requests", &wish("only-one")).await;
        assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, ""), "{}", first.body);
        portal.clock.advance(60_000);
        let second = member.once("\"k-1\"", "/requests", &wish("only-one")).await;
        assert_eq!((second.status, &second.body), (first.status, &first.body), "{}", bed.name);
        assert_eq!(second.header("location"), first.header("location"));
        assert_eq!(second.header("content-type"), "application/json");
        assert_eq!(second.header("idempotency-replayed"), "true");
        assert_eq!(requests(&bed).await, 1);

        let other = member.once("k-1", "/requests", &wish("other")).await;
        assert_eq!((other.status.as_u16(), other.problem().as_str()), (422, "key-reused"));
        // The key of somebody else, and of another address, is another key.
        let colleague = portal.caller("colleague", Role::Member, Some("payments")).await;
        let theirs = Program::of(&portal, &colleague).await.once("k-1", "/requests", &wish("two")).await;
        assert_eq!(theirs.status.as_u16(), 201, "{}", theirs.body);
        let comments = format!("{}/comments", &first.header("location")[7..]);
        assert_eq!(member.once("k-1", &comments, &json!({"comment": "a"})).await.status.as_u16(), 201);
        assert_eq!(requests(&bed).await, 2);
        // Nothing of it can be read from the database; what is sealed or hashed has no hyphen by accident.
        let kept = text(&bed.store, "select max(answer || asked || id) from once").await;
        assert!(!kept.contains("k-1") && !kept.contains("only-one"));

        // A day later it is a new question.
        portal.clock.advance(DAY);
        assert_eq!(member.once("k-1", "/requests", &wish("only-one")).await.status.as_u16(), 401, "the token is older");
        let again = Program::of(&portal, &portal.member().await).await;
        assert_eq!(again.once("k-1", "/requests", &wish("only-one")).await.problem(), "invalid", "the name is held");
        assert!(number(&bed.store, "select count(*) from once").await > 1);
        keystead::store::once::sweep(&bed.store, portal.now().plus(-DAY)).await.unwrap();
        assert_eq!(number(&bed.store, "select count(*) from once").await, 1, "what is older is gone");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_refused_again_and_what_only_had_to_wait_is_not() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = Program::of(&portal, &portal.member().await).await;
        let wrong = json!({"name": "No"});
        let first = member.once("k-1", "/requests", &wrong).await;
        assert_eq!(first.problem(), "invalid");
        let second = member.once("k-1", "/requests", &wrong).await;
        assert_eq!((&second.body, second.header("idempotency-replayed")), (&first.body, "true"));
        assert_eq!(member.once("k-1", "/requests", &wish("one")).await.problem(), "key-reused");

        let asked = member.once("k-2", "/requests", &wish("one")).await;
        let path = format!("{}/comments", &asked.header("location")[7..]);
        let say = json!({"comment": "a"});
        let key = ("idempotency-key", "k-3");
        let without = member.send(member.question(&Method::POST, &path, &[key], Some(&say))).await;
        assert_eq!(without.problem(), "precondition-required");
        let stale =
            member.send(member.question(&Method::POST, &path, &[key, ("if-match", "\"a-b\"")], Some(&say))).await;
        assert_eq!(stale.problem(), "precondition-failed");
        assert_eq!(member.once("k-3", &path, &say).await.status.as_u16(), 201, "nothing was kept of these");

        let (long, spaced) = ("k".repeat(256), "a b".to_owned());
        for key in ["", long.as_str(), spaced.as_str()] {
            assert_eq!(member.once(key, "/requests", &wish("two")).await.problem(), "bad-request", "{key:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_two_at_once_one_has_the_effect() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        // A second replica on the same database; on SQLite there is none, and the same one is asked.
        let beside = Portal::over(&bed).await;
        let member = Program::of(&portal, &portal.member().await).await;
        let all = (0..32).map(|number| {
            let program = if number % 2 == 0 { member.clone() } else { member.at(&beside) };
            tokio::spawn(async move { program.once("k-1", "/requests", &wish("one")).await })
        });
        let answers: Vec<_> = join_all(all).await.into_iter().map(Result::unwrap).collect();
        let made = answers.iter().find(|seen| seen.status.as_u16() == 201).expect("one was answered").answer();
        for seen in &answers {
            match seen.status.as_u16() {
                201 => assert_eq!(seen.answer(), made, "{}", bed.name),
                _ => assert_eq!((seen.problem().as_str(), seen.header("retry-after")), ("key-in-flight", "1")),
            }
        }
        assert_eq!((requests(&bed).await, member.once("k-1", "/requests", &wish("one")).await.answer()), (1, made));
    })
    .await;
}

/// The server is lost at every point at which it ever waits, one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_server_is_lost_the_repeat_finds_one_effect() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = Program::of(&portal, &portal.member().await).await;
        let first = member.post("/requests", &wish("first")).await;
        let path = format!("{}/comments", &first.header("location")[7..]);
        let (mut whole, mut lost) = (false, 0);
        while !whole {
            lost += 1;
            let (key, say) = (format!("k-{lost}"), json!({"comment": format!("number {lost}")}));
            let mut answer = Box::pin(portal.router.clone().oneshot(member.keyed(&key, &path, &say)));
            let mut left = lost;
            whole = poll_fn(|cx| match left {
                0 => Poll::Ready(false),
                _ => {
                    left -= 1;
                    answer.as_mut().poll(cx).map(|_| true)
                }
            })
            .await;
            drop(answer);
            let repeat = member.once(&key, &path, &say).await;
            assert_eq!(repeat.status.as_u16(), 201, "{} after {lost}: {}", bed.name, repeat.body);
            let again = member.once(&key, &path, &say).await;
            assert_eq!(again.body, repeat.body);
            let said = repeat.json()["record"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|entry| entry["text"] == say["comment"])
                .count();
            assert_eq!(said, 1, "{} after {lost}", bed.name);
            assert!(lost < 2_000, "it never ends");
        }
        assert!(lost > 1, "it waits somewhere");
    })
    .await;
}

/// Every kind of effect: its answer is lost with the server, and made again from what is there.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_made_again() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = Program::of(&portal, &portal.member().await).await;
        let manager = Program::of(&portal, &portal.manager().await).await;
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let engineer = Program::of(&portal, &engineer).await;
        let leaver = portal.caller("leaver", Role::Member, Some("payments")).await;
        let mut number = 0;
        let mut twice = async |program: &Program, path: &str, body: Value| {
            number += 1;
            let key = format!("k-{number}");
            let first = program.once(&key, path, &body).await;
            assert!(first.status.is_success(), "{path}: {} {}", first.status, first.body);
            lose_answers(&bed).await;
            let restarted = Portal::over(&bed).await;
            let repeat = program.at(&restarted).once(&key, path, &body).await;
            assert_eq!(repeat.answer(), first.answer(), "{}: {path}", bed.name);
            assert_eq!(repeat.header("idempotency-replayed"), "true");
            first.answer()
        };
        let id = |answer: &(u16, String, Value)| answer.2["row"]["id"].as_str().unwrap().to_owned();
        let built = id(&twice(&member, "/requests", wish("built")).await);
        let digest = member.get(&format!("/requests/{built}")).await.json()["digest"].clone();
        twice(&member, &format!("/requests/{built}/comments"), json!({"comment": "please"})).await;
        let approved = twice(&manager, &format!("/requests/{built}/approval"), json!({"digest": digest})).await;
        let job = approved.2["job"].as_str().unwrap().to_owned();
        twice(&member, &format!("/jobs/{job}/cancel"), json!({"reason": "not now"})).await;
        let rejected = id(&twice(&member, "/requests", wish("rejected")).await);
        twice(&manager, &format!("/requests/{rejected}/rejection"), json!({"comment": "no"})).await;
        let returned = id(&twice(&member, "/requests", wish("returned")).await);
        twice(&manager, &format!("/requests/{returned}/changes"), json!({"comment": "smaller"})).await;
        let withdrawn = id(&twice(&member, "/requests", wish("withdrawn")).await);
        twice(&member, &format!("/requests/{withdrawn}/withdrawal"), Value::Null).await;
        let text = "title = \"Small\"\nwarn = { nodes = { max = 5 } }\n";
        twice(&engineer, "/policies", json!({"text": text, "base": 0})).await;
        twice(&engineer, "/policies/small/versions", json!({"text": text, "base": 1})).await;
        twice(&engineer, "/policies/small/switch", json!({"seen": null, "version": 2})).await;
        twice(&engineer, "/people/departures", json!({"account": leaver.account.id.0})).await;
        twice(&engineer, "/people/returns", json!({"account": leaver.account.id.0})).await;
    })
    .await;
}

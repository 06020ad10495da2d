//! A secret is set over the version that was looked at, once at a time, and its value goes to the vault alone.

use crate::support::bed::{Bed, both, number};
use crate::support::living::small;
use crate::support::portal::{Portal, control};
use crate::support::program::Program;
use axum::http::Method;
use domain::naming::PASSWORD;
use futures::future::join_all;
use keystead::store::claim::{self, Claim};
use serde_json::json;

const VALUE: &str = "set-by-hand-5d01";
const TOLD: &str = "select count(*) from audit where act in ('secret-asked', 'secrets-written') and way = 'token'";

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_set_over_the_version_that_was_read_and_the_checks_run() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.asked(&member, "unbuilt").await;
    let built = portal.built(&member, &manager, small("reset")).await;
    let program = Program::of(&portal, &member).await;
    let path = format!("/environments/reset/secrets/{PASSWORD}");
    let put =
        |tag: &str, body: serde_json::Value| program.question(&Method::PUT, &path, &[("if-match", tag)], Some(&body));

    let before = program.get(&path).await;
    let tag = before.header("etag").to_owned();
    let bare = program.send(program.question(&Method::PUT, &path, &[], Some(&json!({"value": VALUE})))).await;
    assert_eq!((bare.status.as_u16(), bare.problem().as_str()), (428, "precondition-required"), "{}", bare.body);
    for (body, status) in [(json!({"value": ""}), 422), (json!({}), 422), (json!({"value": "x".repeat(25_001)}), 422)] {
        let refused = program.send(put(&tag, body)).await;
        assert_eq!(refused.status.as_u16(), status, "{}", refused.body);
    }
    let set = program.send(put(&tag, json!({"value": VALUE}))).await;
    assert_eq!(set.status.as_u16(), 200, "{}", set.body);
    let now = program.get(&path).await;
    assert_eq!(now.json()["version"], set.json()["version"]);
    assert_ne!(now.json()["version"], before.json()["version"]);
    let late = program.send(put(&tag, json!({"value": "another"}))).await;
    assert_eq!(
        (late.status.as_u16(), &late.json()["current"]["version"]),
        (412, &now.json()["version"]),
        "{}",
        late.body
    );

    let name = program.question(
        &Method::PUT,
        "/environments/reset/secrets/Webapp-DB-Server-Name",
        &[("if-match", "*")],
        Some(&json!({"value": "elsewhere"})),
    );
    let approved = program.send(name).await;
    assert_eq!(approved.status.as_u16(), 409, "{}", approved.body);
    assert!(approved.body.contains("follows from what was approved"), "{}", approved.body);
    assert_eq!(program.get("/environments/reset/secrets/none").await.status.as_u16(), 404);
    let unbuilt = format!("/environments/unbuilt/secrets/{PASSWORD}");
    assert!(program.get(&unbuilt).await.json()["version"].is_null());
    let early = program.question(&Method::PUT, &unbuilt, &[("if-match", "*")], Some(&json!({"value": VALUE})));
    let early = program.send(early).await;
    assert_eq!(early.status.as_u16(), 409, "{}", early.body);

    assert_eq!(number(&bed.store, TOLD).await, 2, "once before the vault was asked, and once after");
    let runs = program.get("/environments/reset/validations?limit=1").await.json();
    assert_eq!((&runs["rows"][0]["by"], &runs["rows"][0]["running"]), (&json!(member.account.name), &json!(true)));
    // All four are still of the set that the job has written: nothing is to be repaired.
    portal.looked(&built.job.environment).await;
    let drift = &program.get("/environments/reset").await.json()["drift"];
    assert!(drift.is_null() || drift["lines"] == json!([]), "{drift}");
    for ending in ["", "-wal"] {
        let bytes = std::fs::read(format!("{}{ending}", bed.url)).unwrap_or_default();
        assert!(!bytes.windows(VALUE.len()).any(|window| window == VALUE.as_bytes()), "{}{ending}", bed.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_refuses_is_told_with_its_cause_and_leaves_it_to_the_next() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.built(&member, &manager, small("guarded")).await;
    let program = Program::of(&portal, &member).await;
    let path = format!("/environments/guarded/secrets/{PASSWORD}");
    let read = program.get(&path).await;
    let tag = read.header("etag").to_owned();
    let same = program.send(program.question(&Method::GET, &path, &[("if-none-match", &tag)], None)).await;
    assert_eq!((same.status.as_u16(), same.body.as_str()), (304, ""));

    let put = || program.question(&Method::PUT, &path, &[("if-match", &tag)], Some(&json!({"value": VALUE})));
    for (place, (named, cause)) in [
        ("vault-firewall", "Keystead's is not among them"),
        ("secret-forbidden-by-role", "has no role in this vault"),
        ("secret-deleted", "can still be recovered"),
    ]
    .into_iter()
    .enumerate()
    {
        let fault = json!({"named": named, "method": "PUT", "host": "kv-guarded.vault.azure.net", "times": 1});
        control("/faults", &fault).await;
        let refused = program.send(put()).await;
        assert_eq!(refused.status.as_u16(), 503, "{named}: {}", refused.body);
        assert!(refused.body.contains(cause), "{named}: {}", refused.body);
        assert!(!refused.body.contains(VALUE), "{named}: {}", refused.body);
        let told = i64::try_from(place).unwrap() + 1;
        assert_eq!(number(&bed.store, TOLD).await, told, "{named}: that it was asked is kept, not that it was set");
    }
    assert_eq!(program.get(&path).await.json()["version"], read.json()["version"]);
    let set = program.send(put()).await;
    assert_eq!(set.status.as_u16(), 200, "{}", set.body);
    assert_eq!(number(&bed.store, TOLD).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_two_who_set_it_at_once_one_does() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let beside = portal.restarted().await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let name = format!("reset-{}", bed.name);
        let built = portal.built(&member, &manager, small(&name)).await;
        let program = Program::of(&portal, &member).await;
        let path = format!("/environments/{name}/secrets/{PASSWORD}");
        let tag = program.get(&path).await.header("etag").to_owned();
        let all = (0..32).map(|number| {
            let program = if number % 2 == 0 { program.clone() } else { program.at(&beside) };
            let value = json!({"value": format!("{VALUE}-{number}")});
            let question = program.question(&Method::PUT, &path, &[("if-match", &tag)], Some(&value));
            tokio::spawn(async move { program.send(question).await })
        });
        let all: Vec<_> = join_all(all).await.into_iter().map(Result::unwrap).collect();
        let statuses: Vec<u16> = all.iter().map(|seen| seen.status.as_u16()).collect();
        let won: Vec<_> = all.iter().filter(|seen| seen.status.is_success()).collect();
        assert_eq!(won.len(), 1, "{}: {statuses:?}", bed.name);
        // Whoever came while it was set is told so, whoever came later how it is now.
        assert!(statuses.iter().all(|status| [200, 409, 412].contains(status)), "{}: {statuses:?}", bed.name);
        assert_eq!(program.get(&path).await.json()["version"], won[0].json()["version"], "{}", bed.name);
        assert_eq!(number(&bed.store, TOLD).await, 2, "{}", bed.name);

        // What a server that died has left behind holds nobody up for long.
        let mut tx = bed.store.begin().await.unwrap();
        let now = portal.clock.now();
        let left = Claim { environment: &built.job.environment, name: PASSWORD, until: now.plus(30_000) };
        assert!(claim::take(&mut tx, &left, now).await.unwrap(), "{}", bed.name);
        tx.commit().await.unwrap();
        let again = || program.question(&Method::PUT, &path, &[("if-match", "*")], Some(&json!({"value": VALUE})));
        let held = program.send(again()).await;
        assert_eq!(held.status.as_u16(), 409, "{}: {}", bed.name, held.body);
        portal.clock.advance(31_000);
        let free = program.send(again()).await;
        assert_eq!(free.status.as_u16(), 200, "{}: {}", bed.name, free.body);
    })
    .await;
}

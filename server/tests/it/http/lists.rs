//! Lists over REST: every page has its rows once whatever is added meanwhile, in each order, within each bound.

use crate::support::bed::{both, sql};
use crate::support::portal::Portal;
use crate::support::program::Program;
use app::portal::Requests;
use domain::account::{Caller, Role};
use serde_json::Value;
use std::collections::BTreeSet;

/// Environments of these names, each with its request, as the service leaves them.
async fn asked(portal: &Portal, caller: &Caller, names: &[impl AsRef<str>]) {
    for name in names {
        portal.asked(caller, name.as_ref()).await;
    }
}

fn of(page: &Value, field: &str) -> Vec<String> {
    let rows = page["rows"].as_array().unwrap().iter();
    rows.map(|row| row[field].as_str().unwrap().to_owned()).collect()
}

/// What `Link` calls the next page.
fn next(link: &str) -> Option<&str> {
    link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_every_row_once_though_others_are_added_between() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let program = Program::of(&portal, &member).await;
        let mut before: Vec<String> = ["bravo", "delta", "foxtrot", "hotel", "juliet"].map(str::to_owned).into();
        asked(&portal, &member, &before).await;
        let lists = [
            ("/environments?limit=2", "name"),
            ("/environments?sort=name&limit=2", "name"),
            ("/environments?sort=newest&limit=2", "name"),
            ("/environments?sort=name&owner=member@contoso.example&limit=2", "name"),
            ("/environments?sort=newest&team=payments&state=waiting&limit=2", "name"),
            ("/requests?limit=2", "environment"),
            ("/requests?sort=oldest&limit=2", "environment"),
            ("/requests?team=payments&kind=create&state=waiting&limit=2", "environment"),
            ("/requests?show=mine&sort=oldest&limit=2", "environment"),
        ];
        for (number, (list, field)) in lists.into_iter().enumerate() {
            let (mut seen, mut at, mut added) = (Vec::new(), list.to_owned(), Vec::new());
            loop {
                let page = program.get(&at).await;
                assert_eq!(page.status, 200, "{at}: {}", page.body);
                seen.extend(of(&page.json(), field));
                if added.is_empty() {
                    // One before everything in the order of names, one in the middle, one behind.
                    added = vec![format!("a-{}", 90 - number), format!("e-{number}"), format!("z-{number}")];
                    asked(&portal, &member, &added).await;
                }
                let cursor = page.json()["next"].clone();
                match next(page.header("link")) {
                    Some(address) => {
                        assert!(address.contains("limit=2") && address.contains("after="), "{address}");
                        assert!(cursor.is_string());
                        at = address.to_owned();
                    }
                    None => {
                        assert!(cursor.is_null(), "{list}");
                        break;
                    }
                }
            }
            let once: BTreeSet<&String> = seen.iter().collect();
            assert_eq!(once.len(), seen.len(), "{list} doubles a row: {seen:?}");
            assert!(before.iter().all(|name| seen.contains(name)), "{list} loses a row: {seen:?}");
            before.extend(added);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_sorted_bounded_and_cut_to_the_fields_that_are_asked_for() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let second = portal.caller("second", Role::Member, Some("payments")).await;
        asked(&portal, &member, &["charlie", "alpha"]).await;
        asked(&portal, &second, &["bravo"]).await;
        let program = Program::of(&portal, &member).await;
        let names = async |path: &str, field: &str| of(&program.get(path).await.json(), field);
        assert_eq!(names("/environments?sort=name", "name").await, ["alpha", "bravo", "charlie"]);
        assert_eq!(names("/environments?sort=newest", "name").await, ["bravo", "alpha", "charlie"]);
        assert_eq!(names("/environments?owner=second@contoso.example", "name").await, ["bravo"]);
        assert_eq!(names("/environments?owner=nobody@contoso.example", "name").await, [""; 0]);
        assert_eq!(names("/environments?show=mine&owner=second@contoso.example", "name").await, [""; 0]);
        assert_eq!(names("/environments?state=ready", "name").await, [""; 0]);
        assert_eq!(names("/environments?team=catalogue", "name").await, [""; 0]);
        assert_eq!(names("/requests?sort=oldest", "environment").await, ["charlie", "alpha", "bravo"]);
        assert_eq!(names("/requests?owner=second@contoso.example", "environment").await, ["bravo"]);
        assert_eq!(names("/requests?kind=destroy", "environment").await, [""; 0]);
        assert_eq!(names("/requests?team=catalogue", "environment").await, [""; 0]);
        let withdrawn = portal.service.requests(&member, Default::default(), "").await.unwrap().rows[0].id.clone();
        portal.service.withdraw(&second, &withdrawn).await.unwrap();
        assert_eq!(names("/requests?state=withdrawn", "environment").await, ["bravo"]);
        assert_eq!(names("/environments?state=gone", "name").await, ["bravo"], "a state says what is shown");
        assert_eq!(names("/environments?state=waiting&sort=name", "name").await, ["alpha", "charlie"]);

        let page = program.get("/environments?fields=name,state&limit=1").await.json();
        let row = page["rows"][0].as_object().unwrap();
        assert_eq!(row.keys().collect::<Vec<_>>(), ["name", "state"]);
        let unknown = program.get("/requests?fields=name").await;
        assert!(unknown.status == 400 && unknown.body.contains("environment"), "{}", unknown.body);
        for wrong in ["/requests?limit=0", "/environments?limit=201", "/environments?sort=size", "/requests?state=lost"]
        {
            let seen = program.get(wrong).await;
            assert_eq!(
                (seen.status.as_u16(), seen.header("content-type")),
                (400, "application/problem+json"),
                "{wrong}"
            );
        }

        let manager = Program::of(&portal, &manager).await;
        let waits = manager.get("/approvals?limit=1").await;
        assert_eq!(of(&waits.json(), "environment"), ["charlie"], "the oldest first");
        let rest = manager.get(next(waits.header("link")).unwrap()).await;
        assert_eq!((of(&rest.json(), "environment"), rest.header("link")), (vec!["alpha".to_owned()], ""));
        assert_eq!(program.get("/approvals").await.json()["rows"], serde_json::json!([]));
    })
    .await;
}

/// One that an older server wrote has no column for its vault's name.
#[tokio::test(flavor = "multi_thread")]
async fn a_vault_name_is_held_whoever_wrote_the_row() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        portal.asked(&member, "holder").await;
        let held = async || keystead::store::environment::vault_held(&portal.store, "KV-holder").await.unwrap();
        assert!(held().await);
        sql(&portal.store, "update environment set vault = null where name = $1", &["holder"]).await;
        assert!(held().await);
        assert!(!keystead::store::environment::vault_held(&portal.store, "kv-hold").await.unwrap());
    })
    .await;
}

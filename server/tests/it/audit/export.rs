//! A file that was exported is whole, and is proved not to be once anything in it was touched.

use crate::support::bed::{Bed, both};
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::account::Role;
use domain::audit::{Act, Actor, Entry, Subject};
use keystead::audit::verify::{Report, verify};
use keystead::seal::Seal;
use keystead::service::accounts::make_token;
use keystead::store::audit;
use keystead::store::reseal::{self, Lost};
use secrecy::ExposeSecret;
use serde_json::Value;

/// A portal with some history, sealed twice.
async fn history(bed: &Bed) -> Portal {
    let portal = Portal::over(bed).await;
    let member = portal.member().await;
    for name in ["one", "two", "three"] {
        portal.asked(&member, name).await;
    }
    exported(&portal, "/audit/record.jsonl").await;
    let other = portal.caller("stranger", Role::Member, Some("catalogue")).await;
    let mut tx = portal.store.begin().await.unwrap();
    let team = domain::name::TeamName::parse("catalogue").unwrap();
    let entry = Entry::new(portal.now(), Act::LookAsked, Actor::of(&other), Subject::installation("x", "secret-plans"));
    let entry =
        entry.about(&domain::id::EnvironmentId::new("e-1"), "secret-plans", &team).with("note", "=cmd|'/C calc'!A0");
    audit::append(&mut tx, &entry).await.unwrap();
    tx.commit().await.unwrap();
    portal.asked(&member, "four").await;
    portal
}

async fn exported(portal: &Portal, path: &str) -> String {
    let seen = portal.browser("auditor").await.get(path).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert!(seen.header("content-disposition").starts_with("attachment"));
    seen.body
}

fn checked(lines: &[String]) -> Report {
    verify(lines.join("").as_bytes(), &[]).unwrap()
}

fn lines(file: &str) -> Vec<String> {
    file.split_inclusive('\n').map(str::to_owned).collect()
}

/// Lines in which it finds something, from 1; the end, which is over everything, not counted.
fn found(lines: &[String]) -> Vec<u64> {
    let mut at: Vec<u64> = checked(lines).findings.iter().map(|found| found.line).collect();
    at.dedup();
    at.retain(|line| *line != lines.len() as u64 || !lines[lines.len() - 1].contains("\"end\""));
    at
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_done_to_a_file_is_found() {
    both(|bed| async move {
        let portal = history(&bed).await;
        let whole = lines(&exported(&portal, "/audit/record.jsonl").await);
        let report = checked(&whole);
        assert_eq!(report.findings, [], "{}", whole.join(""));
        assert!(report.checkpoints >= 2 && report.entries >= 10, "{report:?}");
        assert_eq!((report.left_out, report.keys.len()), (0, 1));
        let key: Vec<String> = report.keys.iter().cloned().collect();
        assert_eq!(verify(whole.join("").as_bytes(), &key).unwrap().findings, []);
        let other = Seal::of_file(&tempfile::tempdir().unwrap().path().join("key")).unwrap();
        let foreign = verify(whole.join("").as_bytes(), &[other.signing().public()]).unwrap();
        let strange = foreign.findings.iter().filter(|found| found.what.contains("another key")).count();
        assert_eq!(strange as i64, report.checkpoints + 1, "every checkpoint, and the end");

        // Each line of the file: changed, removed, moved, said twice.
        for at in 0..whole.len() {
            let number = at as u64 + 1;
            let mut altered = whole.clone();
            altered[at] = altered[at].replacen("\":", "\": ", 1);
            assert!(!checked(&altered).findings.is_empty(), "{number}: white space");
            let mut removed = whole.clone();
            removed.remove(at);
            assert!(!checked(&removed).findings.is_empty(), "{number} removed: {}", whole[at]);
            let mut twice = whole.clone();
            twice.insert(at, whole[at].clone());
            assert!(!checked(&twice).findings.is_empty(), "{number} twice: {}", whole[at]);
            let mut moved = whole.clone();
            moved.swap(at, (at + 1) % whole.len());
            assert!(!checked(&moved).findings.is_empty(), "{number} moved: {}", whole[at]);
        }

        // And it is said where.
        let at = whole.iter().position(|line| line.contains("Create two")).unwrap();
        let number = at as u64 + 1;
        let mut altered = whole.clone();
        altered[at] = altered[at].replace("member@contoso.example", "manager@contoso.example");
        assert_eq!(found(&altered), [number]);
        let mut removed = whole.clone();
        removed.remove(at);
        assert_eq!(found(&removed), [number]);
        assert!(checked(&removed).findings[0].what.contains("missing before this line"));
        let mut moved = whole.clone();
        moved.swap(at, at + 1);
        assert!(found(&moved).contains(&number), "{:?}", checked(&moved));
        assert!(checked(&moved).findings.iter().any(|found| found.what.contains("it was moved")));
        let mut inserted = whole.clone();
        inserted.insert(at + 1, whole[at].replace("Create two", "Create ten"));
        assert!(
            checked(&inserted).findings.iter().any(|found| found.line == number + 1 && found.what.contains("inserted"))
        );
        assert!(checked(&whole[..whole.len() - 1]).findings.iter().any(|found| found.what.contains("cut off")));
        for nonsense in
            ["", "\n", "{", "null\n", "[]\n", "\u{0}\n", "{\"entry\":1}\n", "{\"checkpoint\":{}}\n", "{\"end\":[]}\n"]
        {
            assert!(!verify(nonsense.as_bytes(), &[]).unwrap().findings.is_empty(), "{nonsense:?}");
        }
        assert!(!verify(&[0xff, 0xfe, b'\n'][..], &[]).unwrap().findings.is_empty());

        forged(&whole, at);
        redacted(&whole, at);
    })
    .await;
}

/// The sealing key is changed by a command while this server runs: what follows is signed with the new one, and both
/// prove the whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_record_over_a_change_of_keys_is_proved_by_both() {
    both(|bed| async move {
        let portal = history(&bed).await;
        exported(&portal, "/audit/record.jsonl").await;
        let before = portal.seal.signing().public();
        let command = Seal::of(portal.seal.source().clone()).await.unwrap();
        let next = command.grow().await.unwrap();
        reseal::change(&portal.store, &command, &next, Lost::Refuse, portal.now()).await.unwrap();
        let whole = exported(&portal, "/audit/record.jsonl").await;
        let keys = command.public_keys();
        assert_eq!((keys.len(), &keys[0]), (2, &before));
        assert_eq!(portal.seal.id(), next, "the server that ran has heard of it");
        let report = verify(whole.as_bytes(), &keys).unwrap();
        assert_eq!((report.findings.as_slice(), report.keys.len()), (&[][..], 2), "{whole}");
        assert!(whole.contains("seal-key-changed"));
        for half in &keys {
            assert!(!verify(whole.as_bytes(), std::slice::from_ref(half)).unwrap().findings.is_empty());
        }
    })
    .await;
}

/// Somebody takes an entry out as a search would have done.
fn redacted(whole: &[String], at: usize) {
    use domain::audit::chain::{canonical, leaf};
    let value: Value = serde_json::from_str(&whole[at]).unwrap();
    let left = serde_json::json!({"hash": value["hash"], "left_out": leaf(&value["entry"]), "seq": value["seq"]});
    let mut lines = whole.to_vec();
    lines[at] = format!("{}\n", canonical(&left));
    let report = checked(&lines);
    assert_eq!(report.findings.len(), 1, "{report:?}");
    assert!(report.findings[0].what.contains("not those that were exported"));
}

/// Somebody who knows how the chain is made, and not the key, makes it anew from one line on.
fn forged(whole: &[String], at: usize) {
    use domain::audit::chain::{Link, canonical};
    let mut lines = whole.to_vec();
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let mut before = lines[..at].iter().rev().map(|line| read(line)).find(|line| line.get("hash").is_some()).unwrap();
    for line in &mut lines[at..] {
        let mut value = read(line);
        if value.get("entry").is_none() {
            continue;
        }
        value["entry"]["by"]["name"] = "nobody@contoso.example".into();
        let link = Link::next(before["seq"].as_i64().unwrap(), before["hash"].as_str().unwrap(), &value["entry"]);
        value["hash"] = link.hash.into();
        *line = format!("{}\n", canonical(&value));
        before = value;
    }
    let report = checked(&lines);
    assert!(report.findings.iter().any(|found| found.what.contains("at least one of them was altered")), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_exported_with_its_chain_and_without_what_it_leaves_out() {
    both(|bed| async move {
        let portal = history(&bed).await;
        let file = exported(&portal, "/audit/record.jsonl?environment=four").await;
        let report = verify(file.as_bytes(), &[]).unwrap();
        assert_eq!(report.findings, [], "{file}");
        assert_eq!(report.entries, 1);
        assert!(report.left_out > 0 && !file.contains("secret-plans") && !file.contains("Create one"), "{file}");

        let seen = portal.browser("manager").await.get("/audit/record.jsonl").await;
        assert_eq!(verify(seen.body.as_bytes(), &[]).unwrap().findings, []);
        assert!(seen.body.contains("Create one") && !seen.body.contains("secret-plans"), "{}", seen.body);
        let none = exported(&portal, "/audit/record.jsonl?to=2001-01-01").await;
        assert_eq!(verify(none.as_bytes(), &[]).unwrap().findings, []);
        let refused = portal.browser("member").await.get("/audit/record.jsonl").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(refused.body, domain::permission::NO_RECORD);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_holds_one_line_an_entry_and_no_formula() {
    both(|bed| async move {
        let portal = history(&bed).await;
        let table = exported(&portal, "/audit/record.csv?environment=secret-plans").await;
        let rows: Vec<&str> = table.trim_end().split("\r\n").collect();
        assert_eq!(rows.len(), 2, "{table}");
        assert!(rows[0].starts_with("number,time,action,person"));
        assert!(rows[1].contains("\"look-asked\"") && rows[1].contains("stranger@contoso.example"), "{table}");
        for cell in table.split(['\n', ',']) {
            assert!(!cell.trim_matches('"').starts_with(['=', '@', '+']), "{cell}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_searched_without_script() {
    both(|bed| async move {
        let portal = history(&bed).await;
        let mut auditor = portal.browser("auditor").await;
        let page = auditor.get("/audit?environment=two").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains("Create two") && !page.body.contains("Create one"), "{}", page.body);
        assert!(page.body.contains("aria-current=\"page\">Audit"), "the navigation leads here");
        let member = portal.browser("member").await.get("/audit").await;
        assert_eq!(member.status, StatusCode::FORBIDDEN);
        assert!(member.body.contains("managers, platform engineers and auditors read the record"));
        assert!(!member.body.contains("href=\"/audit\""), "nothing leads there");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_it_with_a_token_of_whoever_may() {
    both(|bed| async move {
        let portal = history(&bed).await;
        portal.auditor().await;
        for (name, status) in [("auditor", StatusCode::OK), ("member", StatusCode::FORBIDDEN)] {
            let (name, now) = (format!("{name}@contoso.example"), portal.now());
            let token = make_token(&portal.store, &name, now, now.plus(3_600_000)).await.unwrap().unwrap();
            let token = format!("Bearer {}", token.expose_secret());
            let ask = Request::get("/api/v1/audit?person=member").header("authorization", token);
            let seen = Browser::on(&portal.router).send(ask.body(Body::empty()).unwrap()).await;
            assert_eq!(seen.status, status, "{}", seen.body);
            if status == StatusCode::OK {
                assert_eq!(verify(seen.body.as_bytes(), &[]).unwrap().findings, []);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_answers_with_its_exit_code() {
    let bed = Bed::sqlite().await;
    let portal = history(&bed).await;
    let file = exported(&portal, "/audit/record.jsonl").await;
    let folder = tempfile::tempdir().unwrap();
    let verify = |text: &str, more: &[&str]| {
        let path = folder.path().join("record.jsonl");
        std::fs::write(&path, text).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_keystead"));
        command.current_dir(folder.path()).args(["audit", "verify"]).arg(&path).args(more).output().unwrap()
    };
    let whole = verify(&file, &[]);
    let said = String::from_utf8_lossy(&whole.stdout).into_owned();
    assert!(whole.status.success() && said.starts_with("whole: "), "{whole:?}");
    let key = said.split("signed with ").nth(1).unwrap().split(',').next().unwrap();
    let known = verify(&file, &["--key", key]);
    assert!(known.status.success() && !String::from_utf8_lossy(&known.stdout).contains("itself"), "{known:?}");
    let altered = verify(&file.replacen("Create two", "Create ten", 1), &[]);
    assert_eq!(altered.status.code(), Some(1));
    let said = String::from_utf8_lossy(&altered.stderr).into_owned();
    assert!(said.contains("is not what was sealed: it was altered"), "{said}");
    assert_eq!(verify(&file, &["--key", "AAAA"]).status.code(), Some(1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

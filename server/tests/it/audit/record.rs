//! What is done is written down in the transaction of its effect: who, on whose behalf, from where, over which plan.

use crate::support::bed::{both, number};
use crate::support::living::small;
use crate::support::portal::{PASSWORD, Portal, submission, submission_with};
use app::error::Code;
use app::portal::{Audit, Environments, Jobs, Requests};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use domain::request::Decision;
use domain::view::audit::{Filter, Form};
use futures::TryStreamExt;
use keystead::audit::evidence;
use keystead::service::accounts::make_token;
use keystead::timers::{RequestExpiry, Timer};
use secrecy::ExposeSecret;
use std::net::SocketAddr;

const TYPED: &str = "typed-pa55-word-44c1";

#[tokio::test(flavor = "multi_thread")]
async fn a_request_from_sending_to_its_end() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let auditor = portal.auditor().await;
        let [approved, rejected, withdrawn, expired] = [
            portal.asked(&member, "one").await,
            portal.asked(&member, "two").await,
            portal.asked(&member, "three").await,
            portal.asked(&member, "four").await,
        ];
        let digest = portal.service.request(&manager, &approved).await.unwrap().digest;
        portal.service.decide(&manager, &approved, Decision::Approve, "looks right", &digest, None).await.unwrap();
        // The same click again is no second decision.
        portal.service.decide(&manager, &approved, Decision::Approve, "looks right", &digest, None).await.unwrap();
        portal.service.decide(&manager, &rejected, Decision::Reject, "too large", "", None).await.unwrap();
        portal.service.withdraw(&member, &withdrawn).await.unwrap();
        portal.clock.advance(8 * 86_400_000);
        let expiry = RequestExpiry { store: portal.store.clone() };
        expiry.ring(expired.as_str(), portal.now()).await.unwrap();

        assert_eq!(portal.told("request-sent").await.len(), 4);
        assert_eq!(portal.told("request-approved").await, ["manager@contoso.example (browser): Create one"]);
        assert_eq!(portal.told("request-rejected").await, ["manager@contoso.example (browser): Create two"]);
        assert_eq!(portal.told("request-withdrawn").await, ["member@contoso.example (browser): Create three"]);
        assert_eq!(portal.told("request-expired").await, ["Keystead (keystead): Create four"]);
        let one = Filter { environment: "one".into(), ..Filter::default() };
        let rows = portal.read(&auditor, &one).await.rows;
        assert_eq!(rows[0].act, "Request approved");
        assert_eq!(rows[0].digest.as_deref(), Some(digest.as_str()), "{:?}", rows[0]);
        assert!(rows[0].detail.contains(&("comment".into(), "looks right".into())));
        // A password under way to the vault is sealed, and said nowhere.
        let person = Filter { person: "MANAGER@".into(), ..Filter::default() };
        assert_eq!(portal.read(&auditor, &person).await.rows.len(), 3, "sign-in and two decisions");
        let literal = Filter { person: "%".into(), ..Filter::default() };
        assert!(portal.read(&auditor, &literal).await.rows.is_empty());
        let long_ago = Filter { to: "2001-01-01".into(), ..Filter::default() };
        assert!(portal.read(&auditor, &long_ago).await.rows.is_empty());
        let wrong = Filter { from: "yesterday".into(), ..Filter::default() };
        assert!(portal.service.audit(&auditor, &wrong).await.unwrap_err().message.contains("2026-11-23"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_deed_leaves_no_trace_of_success() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let id = portal.asked(&member, "own").await;
        let digest = portal.service.request(&member, &id).await.unwrap().digest;
        portal.service.decide(&member, &id, Decision::Approve, "", &digest, None).await.unwrap_err();
        portal.service.submit(&member, submission("own")).await.unwrap_err();
        assert!(portal.told("request-approved").await.is_empty());
        assert_eq!(portal.told("request-sent").await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_job_does_to_secrets_and_rights_and_never_a_password() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let name = format!("told-{}", bed.name);
        portal.built(&member, &manager, small(&name)).await;
        portal.service.submit(&member, submission_with("typed", TYPED)).await.unwrap();
        portal.service.validate(&member, &name).await.unwrap();
        let written = portal.told("secrets-written").await;
        assert_eq!(written, ["Keystead for member@contoso.example (keystead): Webapp-DB-Server-…"]);
        assert!(portal.told("role-assigned").await.len() >= 3, "{:?}", portal.told("role-assigned").await);
        assert!(!portal.told("identity-made").await.is_empty());
        assert_eq!(portal.told("checks-asked").await.len(), 1);
        let archive = portal.service.evidence(&manager, &name).await.unwrap();
        proves_itself(&archive);
        assert_eq!(portal.service.evidence(&member, &name).await.unwrap_err().code, Code::Forbidden);
        portal.destroyed(&member, &manager, &name, true).await;
        assert_eq!(portal.told("secrets-removed").await.len(), 1);
        assert_eq!(portal.told("role-removed").await.len(), portal.told("role-assigned").await.len());
        assert_eq!(portal.told("purged").await.len(), 1, "{:?}", portal.told("purged").await);

        let auditor = portal.auditor().await;
        let mut said = format!("{:?}", portal.read(&auditor, &Filter::default()).await);
        for form in [Form::JsonLines, Form::Csv] {
            let parts = portal.service.audit_export(&auditor, &Filter::default(), form).await.unwrap();
            said.push_str(&parts.try_collect::<Vec<String>>().await.unwrap().concat());
        }
        said.push_str(&String::from_utf8_lossy(&archive));
        assert!(said.len() > 10_000);
        assert!(!said.contains(PASSWORD) && !said.contains(TYPED));
        const ROWS: &str = "select count(*) from audit where detail || subject_name || subject || actor_name || act || \
            coalesce(digest, '') like '%template-password%' or detail || subject_name || subject like '%typed-pa55%'";
        assert_eq!(number(&bed.store, ROWS).await, 0);
    })
    .await;
}

/// The archive is whole, and is not once any of its files was touched.
fn proves_itself(archive: &[u8]) {
    let check = |bytes: &[u8]| evidence::verify(std::io::Cursor::new(bytes), &[]).unwrap();
    let report = check(archive);
    assert_eq!((report.findings.as_slice(), report.keys.len()), (&[][..], 1));
    assert!(report.files >= 6, "environment, request, job, its log, validation, record: {report:?}");
    let text = String::from_utf8_lossy(archive).into_owned();
    for part in ["environment.json", "requests/", ".log.txt", "validations/", "record.jsonl", "as-approved"] {
        assert!(text.contains(part), "{part}");
    }
    // Each file's content changed by one letter, the archive's own sums made right again by nobody.
    let other = check(&[&archive[..200], b"x", &archive[201..]].concat());
    assert!(!other.findings.is_empty());
    assert!(!check(b"PK").findings.is_empty());
    assert!(!check(&archive[..archive.len() / 2]).findings.is_empty());
}

/// Files that were packed by whoever has another key, or another manifest.
#[test]
fn a_repacked_archive_is_told_apart() {
    let key = |bytes: u8| {
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [bytes; 32]);
        keystead::seal::Seal::of_text(&secrecy::SecretString::from(text)).unwrap().signing()
    };
    let files = [("a.txt".to_owned(), b"one".to_vec()), ("b.txt".to_owned(), b"two".to_vec())].into();
    let archive = evidence::pack(&files, serde_json::json!({}), &key(1)).unwrap();
    let check = |trusted: &[String]| evidence::verify(std::io::Cursor::new(&archive), trusted).unwrap().findings;
    assert_eq!(check(&[key(1).public()]), Vec::<String>::new());
    assert_eq!(check(&[key(2).public()]), ["manifest.json is signed with another key than the one given"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_to_a_job_with_its_reason() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let request = portal.asked(&member, "stopped").await;
        let job = portal.approved(&manager, &request).await.unwrap();
        portal.service.cancel(&member, &job, "wrong region").await.unwrap();
        portal.service.cancel(&member, &job, "").await.unwrap_err();
        assert_eq!(portal.told("job-cancelled").await, ["member@contoso.example (browser): Create stopped"]);
        let filter = Filter { action: "job-cancelled".into(), ..Filter::default() };
        let rows = portal.read(&portal.auditor().await, &filter).await.rows;
        assert_eq!(rows[0].detail, [("reason".to_owned(), "wrong region".to_owned())]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_named_by_its_hash_and_its_first_use_once() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, auditor) = (portal.member().await, portal.auditor().await);
        let name = member.account.name.as_str();
        let token = make_token(&portal.store, name, portal.now(), portal.now().plus(3_600_000)).await.unwrap().unwrap();
        let token = token.expose_secret();
        for from in [Some("10.1.2.3".to_owned()), None] {
            assert!(portal.accounts.owner(token, from).await.unwrap().is_some());
        }
        let created = portal.told("token-created").await;
        assert!(created[0].starts_with("Command line for member@contoso.example (command): Token "), "{created:?}");
        let used = portal.told("token-first-used").await;
        assert_eq!(used.len(), 1);
        assert!(used[0].starts_with("member@contoso.example (token, 10.1.2.3): Token "), "{used:?}");
        let said = format!("{:?}", portal.read(&auditor, &Filter::default()).await);
        assert!(!said.contains(&token[9..20]), "no part of the token");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_and_out_at_the_door_with_the_address() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let mut browser = portal.browser("member").await;
        let out = Request::post("/sign-out").header("host", "127.0.0.1:4170").header("origin", "http://127.0.0.1:4170");
        let mut out = out.body(Body::empty()).unwrap();
        out.extensions_mut().insert(ConnectInfo(SocketAddr::from(([10, 1, 2, 3], 50_000))));
        browser.send(out).await;
        assert_eq!(portal.told("sign-in").await, ["member@contoso.example (browser): member@contoso.example"]);
        assert_eq!(
            portal.told("sign-out").await,
            ["member@contoso.example (browser, 10.1.2.3): member@contoso.example"]
        );
    })
    .await;
}

/// Read from the sources: nothing but the sealer's one statement changes an entry, and nothing deletes one.
#[test]
fn nothing_is_ever_changed_or_deleted() {
    fn sources(folder: &std::path::Path) -> String {
        let mut text = String::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            text.push_str(&if path.is_dir() { sources(&path) } else { std::fs::read_to_string(&path).unwrap() });
        }
        text
    }
    let text = sources(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    assert_eq!(text.matches("update audit").count(), 1);
    assert_eq!(text.matches("delete from audit").count(), 0);
}

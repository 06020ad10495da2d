//! The form and its drafts: whatever is wrong, everything typed is kept but the password; what was sent or dropped is gone.

use crate::support::bed::{Bed, both};
use crate::support::browser::Browser;
use crate::support::portal::{Portal, form};
use axum::http::StatusCode;
use serde_json::{Value, json};

const PASSWORD: &str = "never-kept-77aa";

/// Every answer, one of them wrong.
const ANSWERS: [(&str, &str); 9] = [
    ("name", "Wrong Name"),
    ("team", "payments"),
    ("region", "northeurope"),
    ("template", "load-test"),
    ("nodes", "7"),
    ("db_server", "db.contoso.example:5433"),
    ("db_database", "mine"),
    ("db_username", "me"),
    ("reason", "because & why</textarea><b>bold"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_answer_loses_nothing_but_the_password() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let mut browser = Browser::on(&portal.router);
        browser.sign_in("member@contoso.example", "/").await;
        let mut fields = ANSWERS.to_vec();
        fields.push(("db_password", PASSWORD));
        let sent = browser.post("/environments/new", &fields).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER);
        let page = browser.get(sent.leads_to()).await;
        assert_eq!(page.status, StatusCode::OK);
        for (field, answer) in ANSWERS {
            let kept = page.body.contains(&answer.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
            assert!(kept, "{field} is lost: {}", page.body);
        }
        assert!(page.body.contains("3 to 21 lower-case letters"), "the sentence beside the field");
        assert!(!page.body.contains(PASSWORD));
        for ending in ["", "-wal"] {
            let bytes = std::fs::read(format!("{}{ending}", bed.url)).unwrap_or_default();
            assert!(!bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes()));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_sent_after_the_session_ended_is_there_after_signing_in_again() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let mut browser = Browser::on(&portal.router);
        let sent = browser.post("/environments/new", &ANSWERS).await;
        assert!(sent.leads_to().starts_with("/sign-in"));
        let back = browser.sign_in("member@contoso.example", "/environments/new").await;
        assert!(back.leads_to().starts_with("/environments/new?draft="), "{}", back.leads_to());
        let page = browser.get(back.leads_to()).await;
        assert!(page.body.contains("because &amp; why&lt;/textarea"));
    })
    .await;
}

/// What the form's script sends while somebody types; the draft's id, or null where it is gone.
async fn typed(browser: &mut Browser, draft: &Value, name: &str) -> Value {
    let question = json!({"draft": draft, "form": form(name)});
    let seen = browser.ask("/ask/drafts/save", &question).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    serde_json::from_str(&seen.body).unwrap()
}

/// Names of the drafts that the list of requests shows.
async fn listed(browser: &mut Browser) -> Vec<String> {
    let page = browser.get("/requests").await.body;
    let labels = page.split("aria-label=\"Drop the draft ").skip(1);
    labels.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_kept_in_one_draft_until_it_is_dropped_and_never_comes_back_by_itself() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let mut browser = Browser::on(&portal.router);
        browser.sign_in("member@contoso.example", "/").await;
        let first = typed(&mut browser, &Value::Null, "early").await;
        assert!(first.is_string());
        assert_eq!(typed(&mut browser, &first, "later").await, first);
        assert_eq!(listed(&mut browser).await, ["later"]);

        let dropped = browser.post("/environments/new/drop", &[("draft", first.as_str().unwrap())]).await;
        assert_eq!(dropped.leads_to(), "/requests");
        assert_eq!(typed(&mut browser, &first, "too-late").await, Value::Null);
        assert_eq!(listed(&mut browser).await, [""; 0]);

        let second = typed(&mut browser, &Value::Null, "anew").await;
        assert!(second.is_string() && second != first);
        assert_eq!(listed(&mut browser).await, ["anew"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_while_the_form_is_sent_is_no_error_and_leaves_no_draft_behind() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let mut browser = Browser::on(&portal.router);
        browser.sign_in("member@contoso.example", "/").await;
        let draft = typed(&mut browser, &Value::Null, "sent").await;
        let id = draft.as_str().unwrap();
        let four = [("name", "sent"), ("team", "payments"), ("region", "westeurope"), ("template", "load-test")];
        let sent = browser.post("/environments/new", &[&four[..], &[("draft", id)]].concat()).await;
        assert!(sent.leads_to().starts_with("/requests/"), "{}", sent.leads_to());
        assert_eq!(typed(&mut browser, &draft, "sent-and-more").await, Value::Null);
        assert_eq!(listed(&mut browser).await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_walk_needs_no_script() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (mut member, mut manager) = (Browser::on(&portal.router), Browser::on(&portal.router));
        member.sign_in("member@contoso.example", "/").await;
        manager.sign_in("manager@contoso.example", "/").await;
        let four = [("name", "plain"), ("team", "payments"), ("region", "westeurope"), ("template", "load-test")];
        let looked = member.post("/environments/new/plan", &four).await;
        assert!(looked.leads_to().starts_with("/environments/new?draft="));
        let draft = looked.leads_to().split(['=', '#']).nth(1).unwrap().to_owned();
        let mut fields = four.to_vec();
        fields.push(("draft", &draft));
        let sent = member.post("/environments/new", &fields).await;
        let request = sent.leads_to().to_owned();
        assert!(request.starts_with("/requests/"), "{request}");
        let page = manager.get(&request).await;
        let digest = page.body.split("name=\"digest\"").nth(1).unwrap().split("value=\"").nth(1).unwrap();
        let digest = digest.split('"').next().unwrap();
        let own = member.post(&format!("{request}/decision"), &[("decision", "approve"), ("digest", digest)]).await;
        assert_eq!(own.leads_to(), request);
        let told = member.get(&request).await;
        assert!(told.body.contains("Nobody decides on an own request"), "{}", told.body);
        let decided =
            manager.post(&format!("{request}/decision"), &[("decision", "approve"), ("digest", digest)]).await;
        let job = decided.leads_to().to_owned();
        assert!(job.starts_with("/jobs/"), "{job}");
        assert_eq!(member.get(&job).await.status, StatusCode::OK);
        let cancelled = member.post(&format!("{job}/cancel"), &[("reason", "")]).await;
        assert_eq!(cancelled.leads_to(), job);
        assert!(member.get(&job).await.body.contains("Say why in a few words"));
        member.post(&format!("{job}/cancel"), &[("reason", "a <b>wrong</b> size")]).await;
        let told = member.get(&job).await.body;
        assert!(told.contains("member cancelled it") && told.contains("a &lt;b&gt;wrong"), "{told}");
        let mut other = Browser::on(&portal.router);
        other.sign_in("second-member@contoso.example", "/").await;
        for page in [&request, &job, &"/environments/plain".to_owned()] {
            assert_eq!(other.get(page).await.status, StatusCode::NOT_FOUND, "{page}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_about_one_deleted_vault_is_none_about_another() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let mut browser = Browser::on(&portal.router);
    browser.sign_in("member@contoso.example", "/").await;
    for (about, kept) in [("kv-renamed", "purge"), ("kv-as-it-was-named", "")] {
        let choice = [("name", "renamed"), ("vault_deleted", "purge"), ("vault_held", about)];
        let looked = browser.post("/environments/new/plan", &choice).await;
        let page = browser.get(looked.leads_to().trim_end_matches("#plan")).await;
        assert!(page.body.contains(&format!(r#""vault_deleted":"{kept}""#)), "{about}: {}", page.body);
    }
}

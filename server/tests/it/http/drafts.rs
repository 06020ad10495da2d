//! The form without script: whatever is wrong, everything typed is kept but the password.

use crate::support::bed::both;
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use axum::http::StatusCode;

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
        let cancelled = member.post(&format!("{job}/cancel"), &[]).await;
        assert_eq!(cancelled.leads_to(), job);
        let mut other = Browser::on(&portal.router);
        other.sign_in("second-member@contoso.example", "/").await;
        for page in [&request, &job, &"/environments/plain".to_owned()] {
            assert_eq!(other.get(page).await.status, StatusCode::NOT_FOUND, "{page}");
        }
    })
    .await;
}

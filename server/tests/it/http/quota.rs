//! A full quota over HTTP: the form says so while it is filled, sending leads back to it, and room made is room.

use crate::support::bed::both;
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use axum::http::StatusCode;
use domain::quota::Limits;
use serde_json::{Value, json};

fn answers(name: &str) -> Vec<(&str, &str)> {
    vec![("name", name), ("team", "payments"), ("region", "westeurope"), ("template", "web-app-three-nodes")]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_quota_names_what_could_end_and_is_free_again_after_a_withdrawal() {
    both(|bed| async move {
        let two = Limits { environments: Some(1), cores: Some(8), monthly: None };
        let portal = Portal::configured(bed.store.clone(), |config| {
            config.teams.iter_mut().for_each(|team| team.quota = two.clone());
        })
        .await;
        let mut browser = Browser::on(&portal.router);
        browser.sign_in("member@contoso.example", "/").await;
        let sent = browser.post("/environments/new", &answers("holds-all")).await;
        let request = sent.leads_to().to_owned();
        assert!(request.starts_with("/requests/"), "{request}");
        assert!(browser.get("/environments").await.body.contains("€452"), "the list says what it costs");

        let form: Value =
            answers("wants-too").into_iter().map(|(name, answer)| (name.to_owned(), json!(answer))).collect();
        let asked = browser.ask("/ask/requests/plan", &json!({"form": form, "password_typed": false})).await;
        assert_eq!(asked.status, StatusCode::OK, "{}", asked.body);
        let panel: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!(panel["quota"]["environments"], json!({"held": 1, "asked": 1, "of": 1}));
        assert_eq!(panel["quota"]["cores"], json!({"held": 6, "asked": 6, "of": 8}));

        let refused = browser.post("/environments/new", &answers("wants-too")).await;
        let back = refused.leads_to().to_owned();
        assert!(back.starts_with("/environments/new?draft="), "{back}");
        let page = browser.get(&back).await.body;
        assert!(page.contains("Team Payments may hold 1 environment and holds 1"), "{page}");
        assert!(page.contains("holds-all say"), "{page}");
        assert!(page.contains("Quota of team Payments, with this"), "{page}");

        browser.post(&format!("{request}/withdraw"), &[]).await;
        let sent = browser.post("/environments/new", &answers("wants-too")).await;
        assert!(sent.leads_to().starts_with("/requests/"), "{}", sent.leads_to());
    })
    .await;
}

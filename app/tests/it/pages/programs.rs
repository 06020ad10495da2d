//! Tokens and webhooks as pages: what each may, how each stands, and what is shown once.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, NOW, ago, page};
use app::context::{Once, Typed};
use app::error::PortalError;
use axum::http::StatusCode;
use domain::field::FieldError;
use domain::name::TeamName;
use domain::permission::Action;
use domain::view::token::{List, Offer, Row, State};
use domain::view::webhook;

fn token(name: &str) -> Row {
    Row {
        id: format!("id-{name}"),
        name: name.into(),
        owner: "manager@contoso.example".into(),
        service_of: None,
        scopes: vec![Action::See, Action::Request, Action::Validate],
        teams: Vec::new(),
        created_at: ago(86_400),
        created_by: "manager@contoso.example".into(),
        expires_at: NOW.plus(30 * 86_400_000),
        used_at: Some(ago(600)),
        state: State::Valid,
        revoked_at: None,
        revoked_by: None,
    }
}

fn offer() -> Offer {
    let teams = vec![("payments".to_owned(), "Payments".to_owned()), ("catalogue".to_owned(), "Catalogue".to_owned())];
    Offer { services: teams[..1].to_vec(), teams, longest_days: 90 }
}

pub(crate) fn tokens() -> Fake {
    let service = Row {
        owner: "service:payments/nightly-build".into(),
        service_of: TeamName::parse("payments").ok(),
        scopes: Vec::new(),
        used_at: None,
        ..token("nightly-build")
    };
    let revoked = Row {
        state: State::Revoked,
        scopes: vec![Action::See],
        teams: vec![TeamName::parse("catalogue").unwrap()],
        revoked_at: Some(ago(3_600)),
        revoked_by: Some("second-manager@contoso.example".into()),
        ..token("dashboard")
    };
    let expired = Row { state: State::Expired, expires_at: ago(60), name: String::new(), ..token("") };
    let rows = vec![token("release notes"), service, revoked, expired];
    Fake { tokens: Ok(List { rows, next: Some("cursor".into()), offer: offer() }), ..Fake::default() }
}

pub(crate) fn no_tokens() -> Fake {
    Fake { tokens: Ok(List { rows: Vec::new(), next: None, offer: offer() }), ..Fake::default() }
}

/// Right after one was made.
pub(crate) fn made() -> Fake {
    let once = Once(Some(("Token release notes is made".into(), format!("keystead_pat_{}", "a1".repeat(24)))));
    Fake { once, ..tokens() }
}

#[tokio::test]
async fn each_token_says_what_it_may_and_how_it_stands() {
    let (status, html) = page(tokens(), "/tokens").await;
    assert_eq!(status, StatusCode::OK);
    keeps_the_policy(&html);
    let seen = text(&html);
    for said in [
        "Ask for environments, Run the checks",
        "service:payments/nightly-build",
        "Whatever a member of the team may",
        "Only see; in catalogue",
        ", by second-manager",
        "Without a name",
        "4 tokens, newest first",
    ] {
        assert!(seen.contains(said), "{said}: {seen}");
    }
    assert_eq!(html.matches("aria-label=\"Revoke ").count(), 2, "what is over is revoked by nobody");
    assert!(!html.contains("keystead_pat_"));
    let (_, html) = page(made(), "/tokens").await;
    keeps_the_policy(&html);
    assert!(html.contains("keystead_pat_a1a1") && html.contains("readonly"), "{html}");
}

#[tokio::test]
async fn what_was_typed_stands_beside_what_would_be_right() {
    let typed = r#"{"name":"Nightly","scopes":["see","audit"],"service_of":"payments","expires_days":400}"#;
    let errors = vec![FieldError::new("name", "Lower-case letters."), FieldError::new("expires_days", "1 to 90.")];
    let fake = Fake { typed: Typed(Some((typed.into(), errors))), ..no_tokens() };
    let (_, html) = page(fake, "/tokens").await;
    keeps_the_policy(&html);
    assert!(html.contains("value=\"Nightly\"") && html.contains("value=\"400\""), "{html}");
    assert!(html.contains("value=\"audit\" checked") && !html.contains("value=\"govern\" checked"), "{html}");
    assert!(html.contains("value=\"payments\" selected"), "{html}");
    assert_eq!(html.matches("aria-invalid=\"true\"").count(), 2);
    let seen = text(&html);
    assert!(seen.contains("Lower-case letters.") && seen.contains("No tokens yet"), "{seen}");
}

#[tokio::test]
async fn before_a_token_is_revoked_it_says_what_ends() {
    let (status, html) = page(tokens(), "/tokens/id-nightly-build").await;
    assert_eq!(status, StatusCode::OK);
    keeps_the_policy(&html);
    let seen = text(&html);
    assert!(seen.contains("Revoke service:payments/nightly-build") && seen.contains("It was never used."), "{seen}");
    assert!(html.contains("action=\"/tokens/id-nightly-build/revoke\""), "{html}");
    let (_, html) = page(tokens(), "/tokens/id-dashboard").await;
    assert!(!html.contains("/revoke\"") && text(&html).contains("Revoked"), "{html}");
    assert_eq!(page(tokens(), "/tokens/none").await.0, StatusCode::NOT_FOUND);
}

fn hook(name: &str) -> webhook::Row {
    webhook::Row {
        id: format!("id-{name}"),
        team: TeamName::parse("payments").unwrap(),
        name: name.into(),
        url: "https://hooks.contoso.example/keystead".into(),
        events: Vec::new(),
        enabled: true,
        created_at: ago(86_400),
        created_by: "manager@contoso.example".into(),
        former_secret_until: None,
        failing_since: None,
    }
}

fn delivery(event: &str, state: webhook::State) -> webhook::Delivery {
    webhook::Delivery {
        id: format!("id-{event}"),
        event: event.into(),
        at: ago(300),
        state,
        tries: 1,
        last_status: Some(204),
        why: None,
        next_try_at: None,
        ended_at: Some(ago(290)),
    }
}

pub(crate) fn webhooks() -> Fake {
    let failing = webhook::Row {
        failing_since: Some(ago(7_200)),
        events: vec!["job.finished".into(), "job.stopped".into()],
        former_secret_until: Some(NOW.plus(3_600_000)),
        ..hook("tickets")
    };
    let off = webhook::Row { enabled: false, ..hook("chat") };
    let list = webhook::List { rows: vec![hook("pipeline"), failing, off], next: None, teams: offer().services };
    let waiting = webhook::Delivery {
        last_status: Some(503),
        tries: 3,
        why: Some("The receiver answered 503.".into()),
        next_try_at: Some(NOW.plus(40_000)),
        ended_at: None,
        ..delivery("job.stopped", webhook::State::Waiting)
    };
    let given_up = webhook::Delivery {
        last_status: None,
        tries: 30,
        why: Some("For a day in vain. The receiver was not reached: connection refused".into()),
        ..delivery("job.finished", webhook::State::GivenUp)
    };
    let deliveries = vec![waiting, given_up, delivery("ping", webhook::State::Sent)];
    Fake { webhooks: Ok(list), deliveries, ..Fake::default() }
}

pub(crate) fn no_webhooks() -> Fake {
    let list = webhook::List { rows: Vec::new(), next: None, teams: offer().services };
    Fake { webhooks: Ok(list), ..Fake::default() }
}

#[tokio::test]
async fn each_webhook_says_what_it_is_told_and_whether_that_arrives() {
    let (status, html) = page(webhooks(), "/webhooks").await;
    assert_eq!(status, StatusCode::OK);
    keeps_the_policy(&html);
    let seen = text(&html);
    for said in ["Everything", "job.finished, job.stopped", "Does not arrive", "Switched off", "3 webhooks"] {
        assert!(seen.contains(said), "{said}: {seen}");
    }
    let (_, html) = page(no_webhooks(), "/webhooks").await;
    assert!(text(&html).contains("No webhooks yet"));
    let refused = Fake { webhooks: Err(PortalError::forbidden("Not for you.")), ..Fake::default() };
    assert_eq!(page(refused, "/webhooks").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_webhooks_page_tells_of_each_delivery_and_sends_again_what_has_ended() {
    let (status, html) = page(webhooks(), "/webhooks/id-tickets").await;
    assert_eq!(status, StatusCode::OK);
    keeps_the_policy(&html);
    let seen = text(&html);
    for said in ["The secret before signs too until", "tried 3 times, answered 503 last", "tried 30 times", "Given up"]
    {
        assert!(seen.contains(said), "{said}: {seen}");
    }
    assert_eq!(html.matches("/again\"").count(), 2, "what is on its way is not sent again");
    assert!(html.contains("/webhooks/id-tickets/secret") && html.contains("/webhooks/id-tickets/remove"), "{html}");
    let (_, html) = page(webhooks(), "/webhooks/id-chat").await;
    assert!(text(&html).contains("Switch on") && !html.contains("/webhooks/id-chat/test"), "{html}");
}

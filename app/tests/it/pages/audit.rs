//! The record as a page.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, ago, page};
use app::error::PortalError;
use axum::http::StatusCode;
use domain::permission::NO_RECORD;
use domain::view::audit::{List, Row};

fn row(act: &str, person: &str, subject: (&str, &str, &str), seq: Option<i64>) -> Row {
    Row {
        at: ago(900),
        act: act.into(),
        person: person.into(),
        on_behalf_of: None,
        way: "browser, 10.1.2.3".into(),
        subject: (subject.0.into(), subject.1.into(), subject.2.into()),
        environment: Some("payments-staging".into()),
        team: Some("Payments".into()),
        digest: None,
        detail: Vec::new(),
        seq,
    }
}

pub(crate) fn several() -> Fake {
    let approved = Row {
        digest: Some("3f9c1c".repeat(10)),
        detail: vec![
            ("comment".into(), "As we agreed on Monday.".into()),
            ("requester".into(), "member@contoso.example".into()),
        ],
        ..row("Request approved", "manager@contoso.example", ("request", "r1", "Create payments-staging"), Some(41))
    };
    let role = Row {
        way: "keystead".into(),
        on_behalf_of: Some("member@contoso.example".into()),
        detail: vec![
            ("assignment".into(), "/subscriptions/6f0f2c1e-7d2f-4f57-a0f6-5e1c6b0fd0ab/resourceGroups/rg-payments-staging/providers/Microsoft.KeyVault/vaults/kv-payments-staging/providers/Microsoft.Authorization/roleAssignments/8f6d0f5b-0e6a-5ad1-8a6e-cb0a2a5ac24f".into()),
            ("step".into(), "Role of the app".into()),
        ],
        ..row("Role assigned", "Keystead", ("resource", "118/app-vault-role", "Key Vault Secrets User on kv-payments-staging"), None)
    };
    let mut door = row("Signed in", "auditor@contoso.example", ("account", "t/a", "auditor@contoso.example"), Some(40));
    (door.environment, door.team) = (None, None);
    let list = List {
        rows: vec![role, approved, door],
        next: Some("1.2".into()),
        teams: vec![("payments".into(), "Payments".into()), ("catalogue".into(), "Catalogue".into())],
        sealed: Some((41, ago(60))),
        key: "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=".into(),
    };
    Fake { audit: Ok(list), ..Fake::default() }
}

pub(crate) fn none() -> Fake {
    Fake { audit: Ok(List::default()), ..Fake::default() }
}

#[tokio::test]
async fn each_entry_says_who_did_what_from_where_over_which_plan() {
    let (status, html) = page(several(), "/audit?action=request-approved&person=manager").await;
    assert_eq!(status, StatusCode::OK);
    let said = text(&html);
    assert!(said.contains("Request approved comment: As we agreed on Monday."), "{said}");
    assert!(said.contains("plan 3f9c1c3f9c1c Create payments-staging payments-staging · Payments"), "{said}");
    assert!(said.contains("Keystead on behalf of member keystead"), "{said}");
    assert!(said.contains("Not sealed yet") && said.contains("Sealed up to number 41"), "{said}");
    assert!(html.contains("value=\"request-approved\" selected"), "the search stays as it was");
    assert!(html.contains("/audit/record.jsonl?person=manager&amp;action=request-approved"), "and is what is saved");
    assert!(html.contains("href=\"/jobs/118\""));
    assert!(!html.contains("evidence.zip"), "evidence is of one environment");
    let one = page(several(), "/audit?environment=payments-staging").await.1;
    assert!(one.contains("href=\"/environments/payments-staging/evidence.zip\""));
    keeps_the_policy(&html);
}

#[tokio::test]
async fn where_nothing_matches_the_way_back_is_named() {
    assert!(text(&page(none(), "/audit?person=nobody").await.1).contains("Nothing matches"));
    assert!(text(&page(none(), "/audit").await.1).contains("Nothing was done yet"));
}

#[tokio::test]
async fn a_refusal_says_who_reads_it() {
    let refused = Fake { audit: Err(PortalError::forbidden(NO_RECORD)), ..Fake::default() };
    let (status, html) = page(refused, "/audit").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text(&html).contains(NO_RECORD));
}

//! The secrets in an environment's vault as a page.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, ago, page};
use axum::http::StatusCode;
use domain::naming::{PASSWORD, SECRETS};
use domain::view::Can;
use domain::view::environment::{Secret, Secrets};

const VERSION: &str = "5f0c9a1e7b6d4c3f8a2b1d0e9f8c7b6a";

fn secret(name: &str) -> Secret {
    Secret {
        name: name.into(),
        version: Some(VERSION.into()),
        enabled: Some(true),
        created: Some(ago(7_200)),
        age_seconds: Some(7_200),
    }
}

fn four() -> Secrets {
    Secrets {
        vault: "kv-payments-staging".into(),
        rows: SECRETS.map(secret).into(),
        unread: None,
        set: Can::yes(),
        next: None,
        now: ago(0),
    }
}

pub(crate) fn told() -> Fake {
    Fake { secrets: Ok(four()), ..Fake::default() }
}

/// A vault that does not answer, before somebody who may not set anything.
pub(crate) fn unread() -> Fake {
    let bare = |name| Secret { version: None, enabled: None, created: None, age_seconds: None, ..secret(name) };
    let secrets = Secrets {
        rows: SECRETS.map(bare).into(),
        unread: Some("The vault does not answer at the moment.".into()),
        set: Can::no("An auditor sees everything and changes nothing."),
        ..four()
    };
    Fake { secrets: Ok(secrets), ..Fake::default() }
}

#[tokio::test]
async fn each_is_told_by_age_and_version_and_the_password_is_set_over_the_one_that_is_shown() {
    let (status, html) = page(told(), "/environments/payments-staging/secrets").await;
    assert_eq!(status, StatusCode::OK);
    let read = text(&html);
    for name in SECRETS {
        assert!(read.contains(name), "{name}: {read}");
    }
    assert!(read.contains("2 h old") && read.contains("5f0c9a1e …"), "{read}");
    let of_form = format!(r#"name="version" value="{VERSION}""#);
    assert!(html.contains(&of_form) && html.contains(r#"type="password""#), "{html}");
    assert!(html.contains(r#"action="/environments/payments-staging/secrets""#), "{html}");
    keeps_the_policy(&html);
}

#[tokio::test]
async fn what_is_disabled_or_missing_is_said_of_each() {
    let mut secrets = four();
    secrets.rows[0] = Secret { enabled: Some(false), ..secret(SECRETS[0]) };
    secrets.rows[3] = Secret { version: None, enabled: None, created: None, age_seconds: None, ..secret(PASSWORD) };
    let (_, html) =
        page(Fake { secrets: Ok(secrets), ..Fake::default() }, "/environments/payments-staging/secrets").await;
    let read = text(&html);
    assert!(read.contains("Disabled") && read.contains("Not there"), "{read}");
    assert!(html.contains(r#"name="version" value="""#), "{html}");
}

#[tokio::test]
async fn a_vault_that_does_not_answer_leaves_the_names_and_whoever_may_not_is_told_why() {
    let (status, html) = page(unread(), "/environments/payments-staging/secrets").await;
    assert_eq!(status, StatusCode::OK);
    let read = text(&html);
    assert!(read.contains("The vault does not answer at the moment.") && read.contains(PASSWORD), "{read}");
    assert!(!read.contains("Not there"), "nobody knows: {read}");
    assert!(read.contains("An auditor sees everything and changes nothing.") && !html.contains(r#"type="password""#));
    keeps_the_policy(&html);
}

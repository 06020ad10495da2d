//! Access to an environment's secrets as a page.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, ago, page};
use app::error::{Code, PortalError};
use axum::http::StatusCode;
use domain::access::{Kind, Since, Span, Until};
use domain::view::access::{Access, Holder, Use, Uses};

fn holder(name: &str, kind: Kind, role: &str) -> Holder {
    Holder {
        name: name.into(),
        principal: "7c1e5f9e-3f0b-4a52-9d0e-5a2b8f6f1c11".into(),
        kind,
        through: None,
        role: role.into(),
        place: "on the vault".into(),
        reads: true,
        grants: false,
        conditional: false,
        span: Span { since: Since::At(ago(86_400)), until: Until::Still },
        perhaps: false,
    }
}

fn access(holders: Vec<Holder>) -> Access {
    Access {
        environment: "payments-staging".into(),
        vault: "kv-payments-staging".into(),
        since: Some(ago(86_000)),
        looked: Some(ago(300)),
        unknown: Vec::new(),
        at: None,
        holders,
        names: vec!["Webapp-DB-Password".into(), "Webapp-DB-Server".into()],
        now: ago(0),
    }
}

pub(crate) fn told() -> Fake {
    let owner = Holder {
        reads: false,
        grants: true,
        place: "inherited from the subscription".into(),
        span: Span { since: Since::Before(ago(86_000)), until: Until::Still },
        ..holder("owner@contoso.example", Kind::Person, "Owner")
    };
    let group = holder("Team Payments", Kind::Group, "Key Vault Secrets User");
    let member = Holder {
        through: Some("Team Payments".into()),
        span: Span {
            since: Since::Between { earliest: ago(7_200), latest: ago(6_300) },
            until: Until::Between { earliest: ago(3_600), latest: ago(2_700) },
        },
        perhaps: true,
        ..holder("third-member@contoso.example", Kind::Person, "Key Vault Secrets User")
    };
    let used = |what: &str, who: &str, allowed: bool| Use {
        at: ago(120),
        times: if allowed { 12 } else { 1 },
        who: who.into(),
        what: what.into(),
        of: Some("Webapp-DB-Password".into()),
        allowed,
        from: "203.0.113.24".into(),
    };
    let uses = Uses {
        since: Some(ago(86_000)),
        rows: vec![used("Read the value", "The web app", true), used("Read the value", "third-member", false)],
        more: false,
    };
    let holders = vec![holder("The web app", Kind::Application, "Key Vault Secrets User"), group, owner, member];
    let unknown = vec!["Microsoft Graph does not tell Keystead who some principals are: have an administrator grant its identity Directory.Read.All.".to_owned()];
    Fake { access: Ok(Access { unknown, ..access(holders) }), uses: Ok(uses), ..Fake::default() }
}

pub(crate) fn before() -> Fake {
    let nothing = Access { since: None, looked: None, ..access(Vec::new()) };
    let uses = Err(PortalError::new(Code::Conflict, "Insights are off, so the vault’s audit log goes nowhere."));
    Fake { access: Ok(nothing), uses, ..Fake::default() }
}

#[tokio::test]
async fn it_tells_who_can_who_could_and_who_did() {
    let (status, html) = page(told(), "/environments/payments-staging/access?at=2026-11-27T09:30").await;
    assert_eq!(status, StatusCode::OK);
    let said = text(&html);
    for wanted in [
        "Who can and could read them",
        "The web app",
        "in Team Payments",
        "inherited from the subscription",
        "Give roles",
        "Since before the first look",
        "Perhaps",
        "Who did",
        "Refused",
        "12 times that day",
        "Directory.Read.All",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(html.contains(r#"value="2026-11-27T09:30""#), "what was asked stays in the form");
    keeps_the_policy(&html);
}

#[tokio::test]
async fn before_the_first_look_it_says_when_there_will_be_one() {
    let (_, html) = page(before(), "/environments/payments-staging/access").await;
    let said = text(&html);
    assert!(said.contains("Nobody has looked yet") && said.contains("Insights are off"), "{said}");
    keeps_the_policy(&html);
}

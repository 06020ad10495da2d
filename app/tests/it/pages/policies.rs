//! Policies: for whom they concern in sentences, for those who see everything with versions, for engineers to be written.

use super::request::{row as asked, shown, whole as request};
use super::{keeps_the_policy, text};
use crate::fake::{Fake, ago, page};
use app::context::Typed;
use app::error::PortalError;
use axum::http::StatusCode;
use domain::field::FieldError;
use domain::id::RequestId;
use domain::plan::Finding;
use domain::policy::{Effect, Ruled};
use domain::request::{Kind, State};
use domain::view::policy::{By, List, Row, Source, Template, Trial, Tried, Version, Whole};
use domain::view::request::Level;
use domain::view::{Can, Page};

fn by(name: &str) -> Option<By> {
    Some(By { name: format!("{name}@contoso.example"), at: ago(600) })
}

fn row(title: &str, source: Source, on: Option<u32>) -> Row {
    Row {
        name: title.to_lowercase().replace(' ', "-"),
        title: title.into(),
        source,
        on,
        newest: if source == Source::Page { 3 } else { 0 },
        written: by("platform-engineer").filter(|_| source == Source::Page),
        scope: "Team Payments, every template".into(),
        says: vec![
            (Effect::Deny, "the region Sweden Central or North Europe".into()),
            (Effect::Approval, "at most 5 nodes".into()),
            (Effect::Warn, "a lifetime of at most 90 days".into()),
        ],
    }
}

fn list(whole: bool, write: bool) -> List {
    let refused = Can::no("A platform engineer writes policies and switches them on and off.");
    List {
        policies: vec![
            row("Short lives", Source::Configuration, None),
            row("Production", Source::Page, Some(2)),
            row("Drafted", Source::Page, None),
        ],
        templates: vec![Template {
            name: "web-app".into(),
            title: "Web app, three nodes".into(),
            version: 4,
            brief: "3 × Standard_D2s_v5, Kubernetes 1.36, 30 days".into(),
        }],
        write: if write { Can::yes() } else { refused },
        whole,
    }
}

pub(crate) fn listed(whole: bool) -> Fake {
    Fake { policies: Ok(list(whole, whole)), ..Fake::default() }
}

pub(crate) fn none() -> Fake {
    let empty = List { policies: Vec::new(), ..list(false, false) };
    Fake { policies: Ok(empty), ..Fake::default() }
}

pub(crate) fn engineers() -> Fake {
    let version = |number| Version { number, title: "Production".into(), written: by("platform-engineer").unwrap() };
    let tried = |environment: &str, before, after| Tried {
        request: RequestId::new("r1"),
        kind: Kind::Create,
        environment: environment.into(),
        requester: "member@contoso.example".into(),
        sent: ago(86_400),
        before,
        after,
        says: vec![
            "Policy “Production” demands at most 5 nodes, and this has 8 nodes: choose a number that fits.".into(),
        ],
    };
    let trial = Trial {
        days: 30,
        tried: 48,
        more: false,
        effects: vec![(Effect::Deny, 1), (Effect::Approval, 0), (Effect::Warn, 0)],
        freed: 1,
        otherwise: vec![
            tried("checkout-loadtest", Some(Effect::Warn), Some(Effect::Deny)),
            tried("catalogue-dev", Some(Effect::Approval), None),
        ],
    };
    let whole = Whole {
        row: row("Production", Source::Page, Some(2)),
        shown: 3,
        text: Some("title = \"Production\"\n\n[deny]\nnodes = { max = 5 }\n".into()),
        versions: vec![version(3), version(2), version(1)],
        switched: by("platform-engineer"),
        trial: Some(trial),
        write: Can::yes(),
    };
    Fake { policy: Ok(whole), ..Fake::default() }
}

#[tokio::test]
async fn those_whom_they_concern_read_sentences() {
    let (status, html) = page(listed(false), "/policies").await;
    assert_eq!(status, StatusCode::OK);
    let said = text(&html);
    for part in [
        "2 in force, 1 off.",
        "The region Sweden Central or North Europe: anything else is denied.",
        "At most 5 nodes: for anything else a platform engineer approves too.",
        "A lifetime of at most 90 days: whoever approves is told of anything else.",
        "Web app, three nodes web-app",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!html.contains("/policies/new") && !html.contains("/policies/production\""), "nothing to write");
    keeps_the_policy(&html);
    assert!(text(&page(none(), "/policies").await.1).contains("No policy concerns you"));
}

#[tokio::test]
async fn those_who_see_everything_see_each_with_its_version() {
    let (_, html) = page(listed(true), "/policies").await;
    let said = text(&html);
    assert!(said.contains("Production Team Payments, every template On, version 2 platform-engineer"), "{said}");
    assert!(said.contains("2 of 3") && said.contains("Drafted Team Payments, every template Off"), "{said}");
    assert!(html.contains("href=\"/policies/new\"") && html.contains("href=\"/policies/short-lives\""));
    keeps_the_policy(&html);
}

#[tokio::test]
async fn a_version_is_shown_with_what_it_would_have_done() {
    let (_, html) = page(engineers(), "/policies/production?version=3").await;
    let said = text(&html);
    for part in [
        "Version 3 beside version 2, which is on.",
        "48 requests: 1 would have been denied, of 1 nothing would be said any more.",
        "Create checkout-loadtest member Policy “Production” demands at most 5 nodes",
        "Switch version 3 on",
        "Save as version 4",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(html.contains("action=\"/policies/production/switch?seen=2&amp;version=3\""), "{html}");
    assert!(html.contains("[deny]\nnodes = { max = 5 }"), "its text, to be changed");
    keeps_the_policy(&html);
}

#[tokio::test]
async fn what_was_refused_is_shown_again_with_what_would_be_right() {
    let text_typed = "title = \"<P>\"\n";
    let errors = vec![FieldError::new("text", "Line 1: It demands nothing.")];
    let typed = Typed(Some((text_typed.into(), errors)));
    for path in ["/policies/new", "/policies/production"] {
        let fake = Fake { typed: typed.clone(), policies: Ok(list(true, true)), ..engineers() };
        let (_, html) = page(fake, path).await;
        assert!(html.contains("title = \"&lt;P&gt;\"") && html.contains("Line 1: It demands nothing."), "{html}");
        assert!(html.contains("aria-invalid=\"true\""));
    }
}

#[tokio::test]
async fn who_may_not_write_reads_who_does() {
    let refused = Fake { policies: Ok(list(false, false)), ..Fake::default() };
    let (status, html) = page(refused, "/policies/new").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text(&html).contains("A platform engineer writes policies"));
    let gone = Fake { policy: Err(PortalError::not_found()), ..Fake::default() };
    assert_eq!(page(gone, "/policies/some").await.0, StatusCode::NOT_FOUND);
}

fn ruled(effect: Effect) -> Finding {
    let policy = Some(Ruled { name: "production".into(), version: 2, effect });
    Finding { policy, ..Finding::warn(Some("nodes"), "Policy “Production” says so.") }
}

#[tokio::test]
async fn a_request_says_why_there_is_a_second_level_and_a_denied_one_is_not_approved() {
    let mut raised = request(State::Waiting, Can::yes(), Can::no("no"));
    let platform = Level {
        who: "A platform engineer".into(),
        why: Some("Policy “Production” says so.".into()),
        ..raised.levels[0].clone()
    };
    raised.levels.push(platform);
    raised.plan.findings.push(ruled(Effect::Approval));
    let (_, html) = page(shown(raised.clone()), "/requests/r1").await;
    assert!(
        html.contains("value=\"approve\"")
            && text(&html).contains("A platform engineer You are asked Policy “Production” says so."),
        "{}",
        text(&html)
    );
    raised.plan.findings = vec![ruled(Effect::Deny)];
    let (_, html) = page(shown(raised), "/requests/r1").await;
    assert!(!html.contains("value=\"approve\"") && html.contains("value=\"changes\""));
    let mut waiting = asked("r1", "payments-staging", State::Waiting);
    waiting.findings = 2;
    let inbox = Page { rows: vec![waiting], total: 1, next: None };
    let fake = Fake { requests: Ok(inbox), ..Fake::default() };
    assert!(text(&page(fake, "/approvals").await.1).contains("2 findings"));
}

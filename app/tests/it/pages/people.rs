//! People as a page, what ends where somebody leaves, and what they leave behind.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, NOW, ago, page};
use app::error::PortalError;
use axum::http::StatusCode;
use domain::account::{AccountId, Role};
use domain::view::Can;
use domain::view::people::{Behind, Directory, Left, List, Looked, Row};

fn row(name: &str, role: Role, team: &str) -> Row {
    Row {
        id: AccountId(format!("tenant/{name}")),
        name: format!("{name}@contoso.example"),
        roles: vec![role],
        teams: vec![team.into()],
        seen: ago(86_400),
        sessions: 0,
        tokens: 0,
        environments: 0,
        requests: 0,
        left: None,
        directory: Some(Directory::Enabled),
    }
}

pub(crate) fn several() -> Fake {
    let busy = Row {
        sessions: 2,
        tokens: 1,
        environments: 3,
        requests: 1,
        directory: Some(Directory::Disabled),
        ..row("member", Role::Member, "Payments")
    };
    let left = Left { at: ago(3_600), by: "platform-engineer@contoso.example".into() };
    let gone = Row { left: Some(left), ..row("second-member", Role::Member, "Catalogue") };
    let list = List {
        rows: vec![row("manager", Role::Manager, "Payments"), busy, gone],
        next: Some("cursor".into()),
        here: 2,
        perhaps: 1,
        left: 1,
        looked: Some(Looked { at: ago(600), refused: None }),
        mark: Can::yes(),
        now: NOW,
    };
    Fake { people: Ok(list), ..Fake::default() }
}

#[tokio::test]
async fn each_account_says_what_it_holds_and_how_it_stands() {
    let (status, html) = page(several(), "/people").await;
    assert_eq!(status, StatusCode::OK);
    keeps_the_policy(&html);
    let seen = text(&html);
    assert!(seen.contains("2 sessions, 1 token, 3 environments, 1 open request"), "{seen}");
    assert!(seen.contains("Disabled in the directory") && seen.contains("Held against the directory"), "{seen}");
    assert!(seen.contains("Has left") && seen.contains(", said platform-engineer"), "{seen}");
    assert!(html.contains("/people/leaving?account=tenant"), "{html}");
    assert!(html.contains("second-member@contoso.example is back"));
}

#[tokio::test]
async fn who_may_only_read_marks_nobody_and_hears_why_the_directory_is_silent() {
    let mut fake = several();
    let list = fake.people.as_mut().unwrap();
    list.mark = Can::no("An auditor sees everything and changes nothing.");
    list.looked = Some(Looked { at: ago(600), refused: Some("Keystead may not ask the directory.".into()) });
    let (_, html) = page(fake, "/people").await;
    assert!(!html.contains("/people/leaving") && !html.contains("/people/return"));
    assert!(text(&html).contains("Keystead may not ask the directory."));
    let refused = Fake { people: Err(PortalError::forbidden("Not for you.")), ..Fake::default() };
    assert_eq!(page(refused, "/people").await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn before_somebody_is_marked_it_says_what_ends_and_what_stays() {
    let (status, html) = page(several(), "/people/leaving?account=tenant%2Fmember").await;
    assert_eq!(status, StatusCode::OK);
    keeps_the_policy(&html);
    let seen = text(&html);
    for said in ["2 sessions end .", "One token ends .", "One open request is withdrawn .", "3 environments stand on"] {
        assert!(seen.contains(said), "{said}: {seen}");
    }
    assert!(seen.contains("The directory calls this account disabled."));
    let (status, _) = page(several(), "/people/leaving?account=nobody").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_inbox_shows_what_was_left_behind() {
    let behind = Behind {
        environment: "payments-staging".into(),
        team: "Payments".into(),
        owner: "member@contoso.example".into(),
        left: ago(3_600),
    };
    let none = domain::view::Page { rows: Vec::new(), total: 0, next: None };
    let fake = Fake { behind: vec![behind], requests: Ok(none), ..Fake::default() };
    let (_, html) = page(fake, "/approvals").await;
    let seen = text(&html);
    assert!(seen.contains("Left behind") && seen.contains("asked for by member, who has left"), "{seen}");
    assert!(seen.contains("Take it over or end it : payments-staging"), "{seen}");
    keeps_the_policy(&html);
}

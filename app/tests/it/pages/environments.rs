//! The list of environments: what needs a person first, and what stands where there is nothing.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, NOW, ago, page};
use app::error::{Code, PortalError};
use axum::http::StatusCode;
use domain::cost::Amount;
use domain::cost::actual::ByTeam;
use domain::cost::calendar::Day;
use domain::cost::currency::Currency;
use domain::environment::{Arch, State, Stone};
use domain::id::EnvironmentId;
use domain::quota::{Quota, Used};
use domain::view::Frame;
use domain::view::environment::{List, Row, TeamQuota};

fn eur(micros: i64) -> Amount {
    Amount { micros, currency: Currency::Eur }
}

pub(crate) fn row(name: &str, state: State, detail: &str, arch: [Stone; 5], days: Option<i64>) -> Row {
    Row {
        id: EnvironmentId::new(name),
        name: name.into(),
        team: "Payments".into(),
        region: "westeurope".into(),
        state,
        detail: detail.into(),
        owner: "member@contoso.example".into(),
        arch: Arch(arch),
        ends: days.map(|days| NOW.plus(days * 86_400_000 + 3_600_000)),
        lifetime_days: 90,
        monthly: Some(eur(351_390_000)),
        updated: ago(60),
    }
}

pub(crate) fn list(rows: Vec<Row>) -> List {
    let all = rows.len() as i64;
    let needs_person = rows.iter().filter(|row| row.state == State::NeedsPerson).count() as i64;
    List {
        rows,
        all,
        mine: all,
        needs_person,
        next: None,
        teams: vec![("catalogue".into(), "Catalogue".into()), ("payments".into(), "Payments".into())],
        quotas: Vec::new(),
        sums: vec![("Catalogue".into(), eur(1_500_000_000)), ("Payments".into(), eur(1_856_000_000))],
        actual: None,
        nearest: None,
        now: NOW,
    }
}

pub(crate) fn nine() -> Fake {
    use Stone::*;
    let all = [Stands; 5];
    let rows = vec![
        row("search-dev", State::NeedsPerson, "2 of 10 checks fail", [Stands, Stands, Loose, Stands, Stands], Some(41)),
        row(
            "ledger-dev",
            State::NeedsPerson,
            "Step “vault” stopped",
            [Stands, Loose, NotThere, NotThere, NotThere],
            Some(13),
        ),
        row("checkout-loadtest", State::Building, "9 of 12 steps", [Stands, Stands, Stands, Stands, Moving], Some(7)),
        row("payments-pr-482", State::Waiting, "Since yesterday", [NotThere; 5], None),
        row("payments-production", State::Ready, "11 checks pass", all, Some(80)),
        row("payments-staging", State::Ready, "11 checks pass", all, Some(27)),
        row("ledger-demo", State::Ready, "10 checks pass", all, Some(0)),
        row(
            "catalogue-dev",
            State::Stopped,
            "Cancelled after 4 steps",
            [Stands, Moving, NotThere, NotThere, NotThere],
            Some(58),
        ),
        row("search-old", State::RollingBack, "6 of 9 undone", [Moving, NotThere, NotThere, NotThere, Moving], Some(2)),
    ];
    let frame = Frame {
        offers: 0,
        account: "manager@contoso.example".into(),
        stands_for: "Team Payments, manager".into(),
        inbox: 3,
        requests: true,
        audit: true,
        people: false,
        webhooks: false,
    };
    Fake { environments: Ok(list(rows)), frame: Ok(frame), ..Fake::default() }
}

#[tokio::test]
async fn what_there_is_stands_in_the_order_of_the_portal() {
    let (status, html) = page(nine(), "/environments").await;
    assert_eq!(status, StatusCode::OK);
    let said = text(&html);
    assert!(said.contains("9 in 2 teams"), "{said}");
    assert!(said.contains("3 requests wait for your decision."), "{said}");
    assert!(
        said.contains("search-dev Payments · westeurope Needs a person 2 of 10 checks fail member 41 days"),
        "{said}"
    );
    assert!(said.contains("9 in 2 teams €3,356 a month"), "{said}");
    assert!(said.contains("Catalogue €1,500.00 Payments €1,856.00"), "{said}");
    assert!(said.contains("41 of 90 days €351"), "{said}");
    assert!(said.find("search-dev") < said.find("payments-staging"));
    keeps_the_policy(&html);
}

/// With a team that has used up a part of its quota.
pub(crate) fn bounded() -> Fake {
    let Ok(found) = nine().environments else { panic!("no list") };
    let used = |held, of| Some(Used { held, asked: 0, of });
    let quota = Quota {
        team: "Payments".into(),
        environments: used(10, 10),
        cores: used(24, 48),
        monthly: None,
        currency: Currency::Eur,
    };
    let found = List { quotas: vec![TeamQuota { team: "payments".into(), quota }], ..found };
    Fake { environments: Ok(found), ..nine() }
}

#[tokio::test]
async fn the_quota_stands_below_the_list_with_the_way_to_what_could_end() {
    let (_, html) = page(bounded(), "/environments").await;
    let said = text(&html);
    let stands = "Quota of team Payments Which of mine could end Environments 10 of 10 Cores 24 of 48";
    assert!(said.contains(stands), "{said}");
    assert!(html.contains("/environments?show=mine&amp;team=payments"), "{html}");
    assert_eq!(html.matches(r#"<div data-state="failed">"#).count(), 1, "what is full stands out");
    keeps_the_policy(&html);
}

#[tokio::test]
async fn what_was_billed_stands_beside_what_was_estimated_for_each_team() {
    let Ok(found) = nine().environments else { panic!("no list") };
    let (day, sums) = (Day::of(NOW), vec![("Payments".into(), eur(12_340_000)), ("Search".into(), eur(1_000_000))]);
    let actual = Some(ByTeam { month: day.month(), sums, until: Some(day) });
    let (_, html) = page(Fake { environments: Ok(List { actual, ..found }), ..nine() }, "/environments").await;
    let said = text(&html);
    assert!(said.contains(&format!("€13.34 billed in {}", day.month().name())), "{said}");
    assert!(said.contains(&format!("also what is gone, told up to {}.", day.said())), "{said}");
    assert!(
        said.contains("Catalogue €1,500.00 Payments €1,856.00 €12.34 Search €1.00"),
        "one that is gone too: {said}"
    );
    keeps_the_policy(&html);
}

#[tokio::test]
async fn the_first_visit_leads_to_the_form() {
    let (_, html) = page(Fake { environments: Ok(list(vec![])), ..Fake::default() }, "/environments").await;
    assert!(text(&html).contains("No environment yet"));
    assert!(html.contains(r#"href="/environments/new""#));
}

#[tokio::test]
async fn an_auditor_is_not_led_to_the_form() {
    let mut fake = Fake { environments: Ok(list(vec![])), ..Fake::default() };
    fake.frame.as_mut().unwrap().requests = false;
    let (_, html) = page(fake, "/environments").await;
    assert!(!html.contains(r#"href="/environments/new""#));
}

#[tokio::test]
async fn a_search_that_finds_nothing_offers_the_nearest_name() {
    let found = List { nearest: Some("checkout-loadtest".into()), ..list(vec![]) };
    let (_, html) = page(Fake { environments: Ok(found), ..Fake::default() }, "/environments?q=chekout").await;
    let said = text(&html);
    assert!(said.contains("Nothing matches “chekout”"), "{said}");
    assert!(said.contains("Open checkout-loadtest"), "{said}");
}

#[tokio::test]
async fn a_long_list_goes_on_with_the_same_filter() {
    let Ok(found) = nine().environments else { panic!("no list") };
    let found = List { next: Some("c:9".into()), ..found };
    let (_, html) = page(Fake { environments: Ok(found), ..nine() }, "/environments?q=pay&show=mine").await;
    assert!(html.contains("/environments?show=mine&amp;q=pay&amp;after=c%3A9"), "{html}");
}

#[tokio::test]
async fn a_failure_has_its_status_and_its_incident() {
    let broken = PortalError { incident: Some("5f2a-91c0".into()), ..PortalError::new(Code::Internal, "no") };
    let (status, html) = page(Fake { environments: Err(broken), ..Fake::default() }, "/environments").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text(&html).contains("incident 5f2a-91c0"));
    keeps_the_policy(&html);
}

//! A request's page: for its decider, its requester and everybody else; and as a record. The lists around it.

use super::new_environment::{answers, choices, estimate, plan};
use super::{keeps_the_policy, text};
use crate::fake::{Fake, NOW, ago, page};
use app::portal::Draft;
use domain::cost::Costing;
use domain::form::Form;
use domain::id::{DraftId, JobId, RequestId};
use domain::request::{Kind, State};
use domain::view::request::{Level, LevelStand, Row, Whole};
use domain::view::{Can, Page};

pub(crate) fn row(id: &str, environment: &str, state: State) -> Row {
    let decided = !matches!(state, State::Waiting | State::Expired);
    Row {
        id: RequestId::new(id),
        kind: Kind::Create,
        environment: environment.into(),
        team: "Payments".into(),
        state,
        requester: "member@contoso.example".into(),
        sent: ago(7_200),
        lapses: NOW.plus(6 * 86_400_000),
        reason: "A place to try pull request 482 against real secrets.".into(),
        at_stake: vec!["3 × Standard_D2s_v5".into(), "90 days".into()],
        creates: 11,
        changes: 0,
        deletes: 0,
        cost: Some(Costing::New { after: estimate(3) }.monthly()),
        findings: 0,
        decided_by: decided.then(|| "manager@contoso.example".into()),
        decided_at: decided.then(|| ago(600)),
    }
}

pub(crate) fn whole(state: State, decide: Can, withdraw: Can) -> Whole {
    let (plan, wish) = (plan(), answers().parse(&choices(), false).unwrap());
    Whole {
        row: row("r1", "payments-staging", state),
        digest: plan.digest(&wish),
        wish,
        former: None,
        plan,
        cost: Some(Costing::New { after: estimate(3) }),
        comment: (state == State::Rejected).then(|| "Use the shared workspace, please.".into()),
        decider: "A manager of team Payments".into(),
        levels: vec![Level {
            who: "A manager of team Payments".into(),
            approvers: 1,
            approved: Vec::new(),
            group: None,
            why: None,
            stand: if state == State::Waiting { LevelStand::Asked } else { LevelStand::Over },
        }],
        level: 0,
        comment_needed: false,
        record: Vec::new(),
        decide,
        on_behalf: None,
        withdraw,
        remark: Can::no("An auditor sees everything and changes nothing."),
        job: (state == State::Approved).then(|| JobId::new("118")),
        now: NOW,
    }
}

pub(crate) fn shown(request: Whole) -> Fake {
    Fake { request: Ok(request), ..Fake::default() }
}

/// A group has approved, another one is asked, for a team with a cost centre.
pub(crate) fn grouped() -> Whole {
    let mut request = whole(State::Waiting, Can::yes(), Can::no("no"));
    let level = |who: &str, approved: &[&str], stand| Level {
        who: who.into(),
        group: Some(who.into()),
        approved: approved.iter().map(|name| (*name).to_owned()).collect(),
        stand,
        ..request.levels[0].clone()
    };
    request.levels = vec![
        level("Finance", &["controller@contoso.example"], LevelStand::Approved),
        level("Security", &[], LevelStand::Asked),
    ];
    request.wish.cost_centre = Some("4711".into());
    request
}

#[tokio::test]
async fn a_group_that_is_asked_stands_by_its_title_and_who_bears_the_cost_beside_it() {
    let (_, html) = page(shown(grouped()), "/requests/r1").await;
    let said = text(&html);
    assert!(said.contains("controller Approved for Finance Security You are asked"), "{said}");
    assert!(said.contains("Borne by cost centre 4711") && said.contains("Cost centre 4711"), "{said}");
    keeps_the_policy(&html);
}

#[tokio::test]
async fn its_decider_sees_what_is_permitted_and_three_ways_to_answer() {
    let request = whole(State::Waiting, Can::yes(), Can::no("Only the one who asked can withdraw a request."));
    let digest = request.digest.clone();
    let (_, html) = page(shown(request), "/requests/r1").await;
    let said = text(&html);
    for part in [
        "Create payments-staging Waits for you",
        "A place to try pull request 482",
        "What your approval permits",
        "Team Payments sees names and versions of the secrets, and no value.",
        "Create 11",
        "Cost €452.22 a month, estimated",
        "€452.22 a month 11 to create, nothing changed or deleted",
        "kv-payments-staging Key Vault RBAC mode",
        "webapp on 127.0.2.1:5432 as webapp, password brought by the template",
        "Approve",
        "Reject",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(html.contains(&format!(r#"name="digest" value="{digest}""#)));
    assert!(!html.contains("/requests/r1/withdraw"));
    keeps_the_policy(&html);
}

#[tokio::test]
async fn its_requester_reads_who_decides_and_may_withdraw() {
    let refused = Can::no("Nobody decides on an own request: another manager of the team does.");
    let (_, html) = page(shown(whole(State::Waiting, refused, Can::yes())), "/requests/r1").await;
    let said = text(&html);
    assert!(said.contains("A manager of team Payments"), "{said}");
    assert!(said.contains("Nobody decides on an own request"), "{said}");
    assert!(!html.contains("/requests/r1/decision"));
    assert!(html.contains(r#"action="/requests/r1/withdraw""#));
}

#[tokio::test]
async fn a_changed_name_that_is_withdrawn_leaves_its_job_where_it_stopped() {
    let mut request = whole(State::Waiting, Can::no("It is your own."), Can::yes());
    request.row.kind = Kind::Rename;
    let said = text(&page(shown(request), "/requests/r1").await.1);
    assert!(said.contains("The job stays where it stopped."), "{said}");
    assert!(!said.contains("the name is free again"), "{said}");
}

#[tokio::test]
async fn once_decided_the_form_is_a_record() {
    let no = || Can::no("It is decided.");
    let (_, html) = page(shown(whole(State::Rejected, no(), no())), "/requests/r1").await;
    let said = text(&html);
    assert!(said.contains("manager@contoso.example Rejected"), "{said}");
    assert!(said.contains("“Use the shared workspace, please.”"), "{said}");
    let (_, html) = page(shown(whole(State::Approved, no(), no())), "/requests/r1").await;
    assert!(html.contains(r#"href="/jobs/118""#));
    assert!(!html.contains("/requests/r1/decision"));
}

#[tokio::test]
async fn what_somebody_wrote_is_text() {
    let mut request = whole(State::Waiting, Can::yes(), Can::yes());
    request.row.reason = "<img src=x onerror=alert(1)></script><script>alert(2)</script>".into();
    let (_, html) = page(shown(request), "/requests/r1").await;
    assert!(!html.contains("<img src=x"), "markup in the page");
    assert!(!html.contains("<script>alert(2)"), "a script in the page");
}

#[tokio::test]
async fn the_inbox_leads_to_each_request_and_decides_nothing() {
    let rows = vec![row("r1", "payments-pr-482", State::Waiting), row("r2", "search-dev", State::Waiting)];
    let fake = Fake { requests: Ok(Page { rows, total: 2, next: None }), ..Fake::default() };
    let (_, html) = page(fake, "/approvals").await;
    let said = text(&html);
    assert!(said.contains("2 wait for you, oldest first."), "{said}");
    assert!(said.contains("Look and decide : Create payments-pr-482"), "{said}");
    assert!(said.contains("€452.22 a month Look and decide"), "{said}");
    assert!(!html.contains("/decision"));
    keeps_the_policy(&html);
    let none = Fake { requests: Ok(Page { rows: vec![], total: 0, next: None }), ..Fake::default() };
    assert!(text(&page(none, "/approvals").await.1).contains("Nothing waits for you"));
}

pub(crate) fn several() -> Fake {
    let rows = vec![
        row("r1", "payments-pr-482", State::Waiting),
        row("r2", "checkout-loadtest", State::Approved),
        row("r3", "ledger-dev", State::Rejected),
        row("r4", "search-old", State::Withdrawn),
    ];
    let form = Form { name: "payments-next".into(), ..answers() };
    let draft = Draft { id: DraftId::new("d1"), form, errors: vec![], tried: false, saved: ago(300) };
    Fake { requests: Ok(Page { rows, total: 4, next: Some("r4".into()) }), drafts: vec![draft], ..Fake::default() }
}

#[tokio::test]
async fn requests_begin_with_what_is_still_being_written() {
    let (_, html) = page(several(), "/requests?show=mine").await;
    let said = text(&html);
    assert!(said.find("payments-next") < said.find("payments-pr-482"), "{said}");
    assert!(html.contains(r#"href="/environments/new?draft=d1""#));
    assert!(html.contains("/requests?show=mine&amp;after=r4"));
    keeps_the_policy(&html);
}

#[tokio::test]
async fn a_change_says_what_it_adds_and_an_unpriced_request_that_it_has_no_price() {
    let mut request = whole(State::Waiting, Can::yes(), Can::no("no"));
    request.row.kind = Kind::Change;
    request.cost = Some(Costing::Changed { now: estimate(3), after: estimate(5) });
    request.row.cost = request.cost.as_ref().map(Costing::monthly);
    let rows = vec![request.row.clone()];
    let said = text(&page(shown(request.clone()), "/requests/r1").await.1);
    assert!(said.contains("+€228.73 a month Now €452.22 5 nodes, Standard_D2s_v5 +€154.74"), "{said}");
    assert!(said.contains("After €680.95"), "{said}");
    let fake = Fake { requests: Ok(Page { rows, total: 1, next: None }), ..Fake::default() };
    assert!(text(&page(fake, "/approvals").await.1).contains("+€228.73 a month, €680.95 after"));
    (request.cost, request.row.cost) = (None, None);
    let said = text(&page(shown(request), "/requests/r1").await.1);
    assert!(said.contains("No price could be had when it was sent."), "{said}");
}

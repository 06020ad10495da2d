//! Changing and destroying: what stands, what becomes of it, and what is asked of the approver.

use super::new_environment::{answers, choices, estimate, plan};
use super::request::{shown, whole};
use super::{keeps_the_policy, text};
use crate::fake::{Fake, NOW, page};
use axum::http::StatusCode;
use domain::cost::Costing;
use domain::name::NodeSize;
use domain::plan::{Expected, FieldChange, Plan, Verb};
use domain::request::{Kind, State};
use domain::view::Can;
use domain::view::request::{Changing, Destruction, PlanPanel, Release};
use domain::wish::{AppIdentity, Wish};

fn stands() -> Wish {
    answers().parse(&choices(), false).unwrap()
}

/// Two more nodes: the cluster changes, everything else is kept.
fn more_nodes() -> Plan {
    let mut plan = plan();
    for line in &mut plan.lines {
        line.verb = if line.step == "cluster" { Verb::Change } else { Verb::Keep };
        if line.verb == Verb::Change {
            let field = "agentPoolProfiles.count".to_owned();
            line.changes.push(FieldChange { field, from: "3".into(), to: "5".into() });
            line.expected = Some(Expected { median_ms: 120_000, p90_ms: 180_000 });
        }
    }
    plan
}

pub(crate) fn form() -> Fake {
    let changing = Changing {
        environment: "payments-staging".into(),
        wish: stands(),
        choices: choices(),
        decider: "A manager of team Payments decides.".into(),
        now: NOW,
    };
    let cost = Some(Costing::Changed { now: estimate(3), after: estimate(5) });
    let panel = PlanPanel { plan: Some(more_nodes()), looked: Some(NOW), cost, ..PlanPanel::default() };
    Fake { changing: Ok(changing), plan: Ok(panel), ..Fake::default() }
}

pub(crate) fn removal(purge: Can) -> Fake {
    let mut plan = plan();
    plan.permits.clear();
    plan.lines.iter_mut().for_each(|line| line.verb = Verb::Delete);
    plan.lines.reverse();
    plan.kept = vec!["Key Vault kv-payments-staging can be recovered for 90 days after its removal.".into()];
    let digest = plan.digest(&stands());
    let environment = "payments-staging".into();
    let decider = "A manager of team Payments decides.".into();
    let cost = Some(Costing::Removed { now: estimate(3) });
    Fake {
        destruction: Ok(Destruction { environment, plan, cost, digest, purge, decider, now: NOW }),
        ..Fake::default()
    }
}

pub(crate) fn letting_go() -> Fake {
    let mut plan = plan();
    plan.permits = vec!["The name payments-staging is free here; on Azure its resources go on holding theirs.".into()];
    plan.findings.clear();
    plan.lines.iter_mut().for_each(|line| line.verb = Verb::Keep);
    let digest = plan.digest(&stands());
    let environment = "payments-staging".into();
    let decider = "A manager of team Payments decides.".into();
    Fake { release: Ok(Release { environment, plan, digest, decider, now: NOW }), ..Fake::default() }
}

pub(crate) fn asked() -> Fake {
    let mut request = whole(State::Waiting, Can::yes(), Can::no("no"));
    request.row.kind = Kind::Change;
    let mut wish = stands();
    wish.cluster.nodes = 5;
    request.former = Some(std::mem::replace(&mut request.wish, wish));
    request.plan = more_nodes();
    shown(request)
}

/// Other nodes and another identity: the cluster is made again with what hangs on it, the app's own identity goes.
pub(crate) fn replacing() -> Fake {
    let mut request = whole(State::Waiting, Can::yes(), Can::no("no"));
    request.row.kind = Kind::Change;
    let mut wish = stands();
    wish.cluster.node_size = NodeSize::parse("Standard_D4s_v5").unwrap();
    wish.roles.app_identity = AppIdentity::AgentPool;
    request.former = Some(std::mem::replace(&mut request.wish, wish));
    for line in &mut request.plan.lines {
        line.verb = match line.step.as_str() {
            "cluster" => Verb::Replace,
            "app-identity" => Verb::Delete,
            "app-role" | "web-app" => Verb::Create,
            "insights" => Verb::Change,
            _ => Verb::Keep,
        };
        if line.verb == Verb::Replace {
            let field = "agentPoolProfiles.vmSize".to_owned();
            let (from, to) = ("Standard_D2s_v5".into(), "Standard_D4s_v5".into());
            line.changes.push(FieldChange { field, from, to });
            line.expected = Some(Expected { median_ms: 320_000, p90_ms: 480_000 });
        }
        if line.step == "app-role" {
            line.known_after = vec!["Cluster".into()];
        }
    }
    shown(request)
}

/// Everything goes, and somebody else is asked.
pub(crate) fn ending() -> Fake {
    let mut request = whole(State::Waiting, Can::yes(), Can::no("no"));
    request.row.kind = Kind::Destroy;
    request.plan = removal(Can::yes()).destruction.unwrap().plan;
    request.plan.findings.clear();
    shown(request)
}

/// Keystead is to let go of it, and somebody else is asked.
pub(crate) fn released() -> Fake {
    let mut request = whole(State::Waiting, Can::yes(), Can::no("no"));
    request.row.kind = Kind::Release;
    request.plan = letting_go().release.unwrap().plan;
    shown(request)
}

#[tokio::test]
async fn a_change_shows_what_stands_and_asks_for_nothing_that_is_fixed() {
    let (status, html) = page(form(), "/environments/payments-staging/change?nodes=5").await;
    assert_eq!(status, StatusCode::OK);
    keeps_the_policy(&html);
    let said = text(&html);
    assert!(said.contains("Change payments-staging") && said.contains("1 to change"), "{said}");
    assert!(html.contains("name=\"nodes\"") && html.contains("value=\"5\""), "the answer of the address");
    for fixed in ["name", "team", "region", "template", "vault_name", "db_server", "db_password", "draft"] {
        assert!(!html.contains(&format!("name=\"{fixed}\"")), "{fixed} is asked");
    }
}

#[tokio::test]
async fn its_approver_reads_the_old_value_beside_the_new_one() {
    let (_, html) = page(asked(), "/requests/r1").await;
    let said = text(&html);
    for part in
        ["Change payments-staging", "3 × Standard_D2s_v5", "5 × Standard_D2s_v5", "agentPoolProfiles.count 3 → 5"]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(said.contains("usually 2 min, rarely above 3 min"), "{said}");
}

#[tokio::test]
async fn what_is_replaced_comes_first_and_what_is_kept_is_folded() {
    let (_, html) = page(replacing(), "/requests/r1").await;
    keeps_the_policy(&html);
    let said = text(&html);
    assert!(said.contains("1 to replace, 2 created, 1 changed, 1 deleted, 6 kept."), "{said}");
    assert!(said.contains("Replace 1 removed and made again"), "{said}");
    assert!(said.find("Replace 1") < said.find("Create 2"), "{said}");
    assert!(
        said.contains("Resource group, Log Analytics workspace, Key Vault, 2 × Role assignment, Four secrets"),
        "{said}"
    );
}

#[tokio::test]
async fn a_removal_says_what_goes_and_what_azure_keeps() {
    let (_, html) = page(removal(Can::yes()), "/environments/payments-staging/destroy").await;
    keeps_the_policy(&html);
    let said = text(&html);
    for part in [
        "Destroy payments-staging",
        "−€452.22 a month",
        "Delete 11",
        "can be recovered for 90 days",
        "Send for approval",
        "Keep it",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(html.contains("name=\"digest\""));
    let protected = "Purge protection is on: Azure lets nobody purge the vault before its time.";
    let (_, html) = page(removal(Can::no(protected)), "/environments/payments-staging/destroy?purge=yes").await;
    assert!(text(&html).contains(protected) && !html.contains("name=\"purge\""));
}

#[tokio::test]
async fn a_release_says_what_stays_and_what_keystead_stops_doing() {
    let (status, html) = page(letting_go(), "/environments/payments-staging/release").await;
    assert_eq!(status, StatusCode::OK);
    keeps_the_policy(&html);
    let said = text(&html);
    for part in [
        "Release payments-staging",
        "What Keystead stops doing",
        "is free here",
        "What stays on Azure 11 resources, left as they are.",
        "kv-payments-staging",
        "Send for approval",
        "Keep it",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    for tied in [r#"for="reason""#, r#"aria-describedby="reason-hint""#, r#"id="reason-hint""#, "required"] {
        assert!(html.contains(tied), "{tied}");
    }
    assert!(html.contains(r#"action="/environments/payments-staging/release""#) && html.contains("name=\"digest\""));
}

#[tokio::test]
async fn its_approver_reads_that_nothing_on_azure_is_touched() {
    let mut request = whole(State::Waiting, Can::yes(), Can::no("no"));
    request.row.kind = Kind::Release;
    let Ok(release) = letting_go().release else { panic!("no release") };
    request.plan = release.plan;
    let (_, html) = page(shown(request), "/requests/r1").await;
    keeps_the_policy(&html);
    let said = text(&html);
    for part in
        ["Release payments-staging", "What stays on Azure", "Nothing on Azure is touched", "What Keystead stops doing"]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
}

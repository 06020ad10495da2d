//! An environment's page: ready with its proof, failing with evidence, on its way, and not there.

use super::environments::row;
use super::new_environment::{answers, choices, estimate};
use super::{keeps_the_policy, text};
use crate::fake::{Fake, NOW, ago, page};
use axum::http::StatusCode;
use domain::check::{Result, Verdict};
use domain::cost::Amount;
use domain::cost::actual::{Actual, Spent, Unread};
use domain::cost::calendar::Day;
use domain::cost::currency::Currency;
use domain::environment::{State, Stone};
use domain::form::accept::Accept;
use domain::id::{JobId, RequestId, ValidationId};
use domain::job;
use domain::plan::{FieldChange, Line, Verb};
use domain::view::Can;
use domain::view::environment::{Drift, Drifted, JobLine, Part, PartKind, PartState, Validation, Whole};

fn check(check: &str, title: &str, verdict: Verdict, summary: &str) -> Result {
    let failed = verdict == Verdict::Failed;
    Result {
        check: check.into(),
        title: title.into(),
        verdict,
        summary: summary.into(),
        evidence: vec![("Asked".into(), "169.254.169.254/metadata/identity/oauth2/token from pod webapp-6d9f7c-x2kqp".into())],
        quote: failed.then(|| "HTTP 400 invalid_request: Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request".into()),
        cause: failed.then(|| "Legacy monitoring put a second identity on the nodes.".into()),
        remedy: failed.then(|| "Give the app its own workload identity.".into()),
        took_ms: 400,
    }
}

fn run(id: &str, seconds: i64, results: Vec<Result>) -> Validation {
    Validation {
        id: ValidationId::new(id),
        at: ago(seconds),
        took_ms: 4_100,
        by: "the job".into(),
        results,
        again: None,
        running: false,
    }
}

fn results(identities: Verdict, inventory: Verdict) -> Vec<Result> {
    use Verdict::Passed;
    vec![
        check(
            "cluster-identity",
            "Cluster has a system-assigned identity, no service principal and no local account",
            Passed,
            "clientId is msi",
        ),
        check("node-identities", "Node identities are unambiguous", identities, "2 found, 1 expected"),
        check("vault", "Vault is in RBAC mode with soft delete", Passed, "90 days"),
        check("app-role", "App holds exactly the intended role on this vault", Passed, "Key Vault Secrets User"),
        check("secrets", "The four secrets exist and are enabled", Passed, "version 1"),
        check("rollout", "Rollout is complete and pods are ready", Passed, "3 of 3 ready"),
        check("address", "The web app answers over its public address", Passed, "200 in 38 ms"),
        check("inventory", "Node and pod inventory is fresh", inventory, "no record yet"),
    ]
}

fn parts(identity: PartState) -> Vec<Part> {
    use PartKind::*;
    let part = |part, name: &str, detail: &str, state| Part { part, name: name.into(), detail: detail.into(), state };
    let stands = PartState::Stands;
    vec![
        part(Public, "127.0.3.1:8080", "answers in 38 ms", stands),
        part(Cluster, "aks-search-dev", "3 × Standard_D2s_v5, Kubernetes 1.36", stands),
        part(WebApp, "webapp", "3 of 3 pods ready", stands),
        part(Identity, "Agent pool", "two identities", identity),
        part(Vault, "kv-search-dev", "RBAC, soft delete 90 days", stands),
        part(Secrets, "Four secrets", "version 1", stands),
        part(Database, "127.0.2.1:5432", "as user webapp", stands),
        part(Insights, "log-search-dev", "last record 50 s ago", stands),
    ]
}

fn billed(micros: i64) -> Actual {
    let this = Day::of(NOW).month();
    let of = |month, micros| Spent { month, amounts: vec![Amount { micros, currency: Currency::Eur }] };
    Actual {
        this_month: of(this, micros),
        last_month: of(this.before(), 401_990_000),
        until: Some(Day::of(ago(86_400))),
        read: Some(ago(600)),
        refused: None,
    }
}

pub(crate) fn failing() -> Whole {
    use Stone::*;
    let results = results(Verdict::Failed, Verdict::CouldNotTell);
    let mut validation = run("v3", 120, results);
    validation.again = Some(NOW.plus(60_000));
    Whole {
        row: row(
            "search-dev",
            State::NeedsPerson,
            "1 of 8 checks fails",
            [Stands, Stands, Loose, Stands, Stands],
            Some(41),
        ),
        wish: answers().parse(&choices(), false).unwrap(),
        template: "Web app, three nodes".into(),
        request: RequestId::new("r1"),
        jobs: vec![JobLine {
            id: JobId::new("118"),
            title: "Create".into(),
            state: job::State::Succeeded,
            started: ago(7_000),
            took_ms: Some(432_000),
            word: None,
        }],
        validation: Some(validation),
        history: vec![
            run("v2", 4_000, self::results(Verdict::Passed, Verdict::Passed)),
            run("v1", 7_000, self::results(Verdict::Passed, Verdict::CouldNotTell)),
        ],
        address: Some("http://127.0.3.1:8080".into()),
        parts: parts(PartState::Failed),
        validate: Can::yes(),
        change: Can::yes(),
        destroy: Can::yes(),
        release: Can::yes(),
        released: None,
        waits: None,
        turn: None,
        kept: Vec::new(),
        drift: None,
        accept: Accept::default(),
        orphaned: None,
        cost: Some(estimate(3)),
        actual: Some(billed(12_340_000)),
        now: NOW,
    }
}

pub(crate) fn building() -> Whole {
    let mut found = failing();
    found.row = row(
        "search-dev",
        State::Building,
        "9 of 14 steps",
        [Stone::Stands, Stone::Stands, Stone::Moving, Stone::NotThere, Stone::NotThere],
        Some(90),
    );
    found.jobs[0].state = job::State::Running;
    found.jobs[0].took_ms = None;
    (found.validation, found.history, found.address) = (None, vec![], None);
    found.validate = Can::no("The job runs.");
    for part in &mut found.parts {
        part.state = match part.part {
            PartKind::Cluster | PartKind::Vault => PartState::Stands,
            PartKind::Identity | PartKind::Secrets => PartState::Moving,
            _ => PartState::NotThere,
        };
    }
    found
}

pub(crate) fn shown(found: Whole) -> Fake {
    Fake { environment: Ok(found), ..Fake::default() }
}

#[tokio::test]
async fn what_fails_stands_first_with_evidence_cause_and_remedy() {
    let (status, html) = page(shown(failing()), "/environments/search-dev").await;
    assert_eq!(status, StatusCode::OK);
    let said = text(&html);
    for part in [
        "search-dev Needs a person",
        "One check fails",
        "1 failed, 1 could not tell, 6 passed",
        "Multiple user assigned identities exist",
        "Remedy Give the app its own workload identity.",
        "What could not be told is asked again at",
        "Earlier runs",
        "41 days left, until 3 Jan 2027",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let failed = html.find("check-node-identities").unwrap();
    assert!(failed < html.find("check-cluster-identity").unwrap());
    assert!(html.contains(r#"href="http://127.0.3.1:8080""#));
    assert!(html.contains(r#"action="/environments/search-dev/validate""#));
    keeps_the_policy(&html);
}

#[tokio::test]
async fn a_broken_path_ends_in_the_part_that_breaks_it() {
    let (_, html) = page(shown(failing()), "/environments/search-dev").await;
    assert_eq!(html.matches("edge broken").count(), 2);
    let mut well = failing();
    well.parts = parts(PartState::Stands);
    let (_, html) = page(shown(well), "/environments/search-dev").await;
    assert_eq!(html.matches("edge broken").count(), 0);
}

#[tokio::test]
async fn one_that_is_being_built_leads_to_its_job() {
    let (_, html) = page(shown(building()), "/environments/search-dev").await;
    let said = text(&html);
    assert!(said.contains("Building : 9 of 14 steps"), "{said}");
    assert!(said.contains("The checks are the last step of its job."), "{said}");
    assert!(!said.contains("Open web app"));
    assert!(!html.contains("/environments/search-dev/validate"));
}

#[tokio::test]
async fn checks_that_run_make_the_page_ask_again() {
    let mut found = failing();
    found.validation.as_mut().unwrap().running = true;
    let (_, html) = page(shown(found), "/environments/search-dev").await;
    assert!(html.contains(r#"<meta http-equiv="refresh" content="2""#));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (status, _) = page(Fake::default(), "/environments/search-dev").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

/// Keystead has let go of it.
pub(crate) fn released() -> Whole {
    let mut found = failing();
    found.row.state = State::Released;
    found.row.detail = "Let go of; what stands stays on Azure".into();
    found.released = Some(RequestId::new("r9"));
    let no = || Can::no("Keystead has let go of it: what stands is looked after on Azure.");
    (found.change, found.destroy, found.release, found.validate) = (no(), no(), no(), no());
    found
}

#[tokio::test]
async fn one_that_was_let_go_of_leads_to_what_stood_and_offers_nothing_more() {
    let (_, html) = page(shown(released()), "/environments/search-dev").await;
    keeps_the_policy(&html);
    let said = text(&html);
    assert!(said.contains("Released") && said.contains("Keystead has let go of it"), "{said}");
    assert!(html.contains(r#"href="/requests/r9""#));
    for deed in ["change", "release", "destroy", "validate", "repair"] {
        assert!(!html.contains(&format!("/environments/search-dev/{deed}")), "{deed} is offered");
    }
}

/// Somebody scaled the cluster and took the app's right away.
pub(crate) fn drifted() -> Whole {
    let mut found = failing();
    let line = |step: &str, name: &str, verb, changes: Vec<FieldChange>| Drifted {
        line: Line {
            step: step.into(),
            verb,
            name: name.into(),
            kind: "Thing".into(),
            detail: String::new(),
            changes,
            known_after: Vec::new(),
            expected: None,
        },
        by: Some(("stranger@contoso.example".into(), ago(600))),
    };
    let count = FieldChange { field: "agentPoolProfiles.count".into(), from: "5".into(), to: "3".into() };
    let lines = vec![
        line("cluster", "aks-search-dev", Verb::Change, vec![count]),
        line("app-vault-role", "Key Vault Secrets User", Verb::Create, Vec::new()),
    ];
    found.accept = Accept::of(lines.iter().map(|drifted| &drifted.line), &found.wish, &choices());
    found.drift = Some(Drift { looked: ago(60), lines });
    found
}

#[tokio::test]
async fn drift_leads_to_the_form_with_what_was_found_and_says_what_it_cannot_hold() {
    let (_, html) = page(shown(drifted()), "/environments/search-dev").await;
    keeps_the_policy(&html);
    let said = text(&html);
    for part in [
        "2 differences",
        "agentPoolProfiles.count 5 → 3",
        "Ask to repair it",
        "Make it the new wish",
        "What cannot become the new wish: Key Vault Secrets User: it is not there, and only a repair makes it again.",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let link = html.split("href=\"/environments/search-dev/change?").nth(1).unwrap().split('"').next().unwrap();
    assert!(
        link.starts_with("nodes=5&amp;reason=As%20it%20was%20found")
            || link.starts_with("nodes=5&reason=As%20it%20was%20found"),
        "{link}"
    );
}

#[tokio::test]
async fn it_says_what_it_costs_by_resource_while_there_is_something_to_pay_for() {
    let said = text(&page(shown(failing()), "/environments/search-dev").await.1);
    assert!(said.contains("Cost €452.22 a month, estimated 3 nodes, Standard_D2s_v5 €232.10"), "{said}");
    let mut gone = failing();
    gone.row.state = State::Gone;
    let said = text(&page(shown(gone.clone()), "/environments/search-dev").await.1);
    assert!(!said.contains("a month, estimated") && said.contains("so far €12.34"), "what was billed stays: {said}");
    gone.actual = None;
    assert!(!text(&page(shown(gone), "/environments/search-dev").await.1).contains("Cost"));
}

#[tokio::test]
async fn it_says_what_azure_billed_and_up_to_when_or_why_that_is_not_known() {
    let day = Day::of(NOW);
    let told = |actual: Option<Actual>| async move {
        let found = Whole { actual, ..failing() };
        text(&page(shown(found), "/environments/search-dev").await.1)
    };
    let said = told(Some(billed(12_340_000))).await;
    let (this, last) = (day.month().name(), day.month().before().name());
    assert!(said.contains(&format!("Billed by Azure {this} so far €12.34 {last} €401.99 Told up to ")), "{said}");
    assert!(said.contains("come up to two days late") && said.contains("Not counted: what is shared"), "{said}");

    assert!(told(None).await.contains("cost.actual in the configuration switches it on"));
    let empty = |month| Spent { month, amounts: Vec::new() };
    let unread = Actual {
        this_month: empty(day.month()),
        last_month: empty(day.month().before()),
        until: None,
        read: None,
        refused: None,
    };
    assert!(told(Some(unread.clone())).await.contains("Not read yet. Azure is asked every few hours"));
    let command = Some("az role assignment create --role \"Cost Management Reader\"".to_owned());
    let refused = Some(Unread { why: "Keystead may not read it.".to_owned(), command });
    let said = told(Some(Actual { refused: refused.clone(), ..unread.clone() })).await;
    assert!(
        said.contains("Keystead may not read it. az role assignment create") && !said.contains("Not read yet"),
        "{said}"
    );
    let said = told(Some(Actual { refused, ..billed(12_340_000) })).await;
    assert!(said.contains("€12.34") && said.contains("Keystead may not read it."), "what was told stays: {said}");
    let said = told(Some(Actual { read: Some(NOW), ..unread })).await;
    assert!(said.contains("so far nothing told") && said.contains("Azure has told of no day yet"), "{said}");
}

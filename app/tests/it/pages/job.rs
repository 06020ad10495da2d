//! A job's page: running, waiting, stopped with its ways out, over.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, NOW, ago, page};
use domain::failure::{Failure, Mend};
use domain::id::{JobId, RequestId};
use domain::job::word::Kind;
use domain::job::{State, StepState, Word};
use domain::reason::Reason;
use domain::view::Can;
use domain::view::job::{Line, Row, Step, Tone, Turn, Whole};

type Said<'a> = (&'a str, &'a str, &'a str, &'a [&'a str], StepState, i64, i64, Option<i64>);

/// Key, title, resource, needs, state, began and ended so many seconds after the start, usual seconds.
fn step((key, title, resource, needs, state, began, ended, about): Said<'_>) -> Step {
    let start = ago(337);
    let at = |seconds: i64| (seconds >= 0).then(|| start.plus(seconds * 1000));
    Step {
        key: key.into(),
        title: title.into(),
        resource: resource.into(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        state,
        note: if state == StepState::Waiting { "waits for Azure".into() } else { String::new() },
        started: at(began),
        ended: at(ended),
        waits: match key {
            "secrets" => vec![(start.plus(39_000), start.plus(100_000))],
            "insights" => vec![(start.plus(303_000), NOW)],
            _ => vec![],
        },
        tries: 1,
        expected_ms: about.map(|seconds| seconds * 1000),
    }
}

pub(crate) fn running() -> Whole {
    use StepState::{Queued, Running, Succeeded, Waiting};
    let steps = [
        ("providers", "Providers", "Microsoft.ContainerService and 5 more", &[][..], Succeeded, 0, 1, None),
        ("resource-group", "Resource group", "rg-checkout-loadtest", &["providers"], Succeeded, 1, 2, Some(2)),
        ("workspace", "Workspace", "log-checkout-loadtest", &["resource-group"], Succeeded, 2, 33, Some(31)),
        ("cluster", "Cluster", "aks-checkout-loadtest", &["resource-group"], Succeeded, 2, 294, Some(290)),
        ("vault", "Vault", "kv-checkout-load", &["resource-group"], Succeeded, 2, 36, Some(34)),
        ("portal-role", "Role of Keystead", "Key Vault Secrets Officer", &["vault"], Succeeded, 36, 39, Some(3)),
        ("team-role", "Role of the team", "Key Vault Reader", &["vault"], Succeeded, 36, 39, Some(3)),
        ("secrets", "Four secrets", "Webapp-DB-Server-…", &["portal-role"], Succeeded, 39, 103, Some(60)),
        ("app-identity", "App identity", "id-checkout-loadtest", &["cluster"], Succeeded, 294, 300, Some(6)),
        ("cluster-role", "Role on cluster", "AKS RBAC Cluster Admin", &["cluster"], Succeeded, 294, 297, Some(3)),
        (
            "app-role",
            "Role of the app",
            "Key Vault Secrets User",
            &["app-identity", "vault"],
            Succeeded,
            300,
            303,
            Some(3),
        ),
        (
            "web-app",
            "Web app",
            "webapp:1.8.2, three replicas",
            &["app-role", "secrets", "cluster-role", "cluster"],
            Running,
            303,
            -1,
            Some(40),
        ),
        (
            "insights",
            "Insights",
            "MSCI-westeurope-aks-checkout-loadtest",
            &["workspace", "app-role", "cluster"],
            Waiting,
            303,
            -1,
            Some(50),
        ),
        ("checks", "Eleven checks", "When everything stands", &["web-app", "insights"], Queued, -1, -1, Some(15)),
    ];
    let row = Row {
        id: JobId::new("118"),
        title: "Create checkout-loadtest".into(),
        environment: "checkout-loadtest".into(),
        team: "Payments".into(),
        state: State::Running,
        at: vec!["Web app".into(), "Insights".into()],
        steps_done: 11,
        steps: 14,
        started: ago(337),
        ended: None,
        word: None,
    };
    Whole {
        row,
        asked_by: "member@contoso.example".into(),
        approved_by: "manager@contoso.example".into(),
        approved_at: ago(338),
        request: RequestId::new("r-1"),
        steps: steps.into_iter().map(step).collect(),
        failure: None,
        failed_step: None,
        took_ms: 337_000,
        expected_ms: Some(369_000),
        cancel: Can::yes(),
        retry: Can::no("The job runs."),
        roll_back: Can::no("The job runs."),
        take_over: Can::no("Its worker is alive."),
        turn: None,
        words: Vec::new(),
        stands: vec!["rg-checkout-loadtest".into(), "aks-checkout-loadtest".into(), "kv-checkout-load".into()],
        held_by: None,
        position: 41,
        now: NOW,
    }
}

pub(crate) fn stopped(mend: Option<Mend>) -> Whole {
    let mut job = running();
    job.row.state = State::NeedsPerson;
    job.row.steps_done = 3;
    for (index, step) in job.steps.iter_mut().enumerate() {
        match index {
            0..=3 => {}
            4 => {
                step.state = StepState::Failed;
                step.ended = step.started.map(|at| at.plus(1_000));
            }
            _ => {
                step.state = StepState::Queued;
                (step.started, step.ended) = (None, None);
                step.waits.clear();
                step.note.clear();
            }
        }
    }
    job.failure = Some(Failure {
        title: "The vault could not be made: its name is held".into(),
        quote: Some("HTTP 409 VaultAlreadyExists: The vault name 'kv-checkout-load' is already in use.".into()),
        cause: "Someone outside this subscription took the name between the plan and this step.".into(),
        remedy: "Give the vault another name; the manager is asked again, because the plan changes. Or retry.".into(),
        mend,
    });
    job.failed_step = Some("vault".into());
    job.cancel = Can::no("The job does not run.");
    job.retry = Can::yes();
    job.roll_back = Can::yes();
    job
}

/// Approved, and no worker has taken it yet.
pub(crate) fn queued() -> Whole {
    let mut job = running();
    job.row.state = State::Queued;
    job.row.at.clear();
    job.row.steps_done = 0;
    (job.took_ms, job.position) = (0, 1);
    job.stands.clear();
    job.turn = Some(Turn { place: 3, teams: 2 });
    for step in &mut job.steps {
        step.state = StepState::Queued;
        (step.started, step.ended) = (None, None);
        step.waits.clear();
        step.note.clear();
    }
    job
}

/// Taken from one worker that hung; the next one hangs too.
pub(crate) fn hanging() -> Whole {
    let mut job = running();
    job.take_over = Can::yes();
    let why = Reason::optional("Silent for ten minutes, its machine is not to be reached").unwrap();
    job.words = vec![Word { at: ago(60), kind: Kind::TakeOver, by: "platform-engineer@contoso.example".into(), why }];
    job
}

pub(crate) fn lines() -> Vec<Line> {
    let said = [
        (0, "resource-group", "Resource group", Tone::Plain, "rg-checkout-loadtest is there, location westeurope"),
        (2, "cluster", "Cluster", Tone::Plain, "asked for aks-checkout-loadtest, Azure says Creating"),
        (36, "vault", "Vault", Tone::Done, "kv-checkout-load is there in RBAC mode, soft delete 90 days"),
        (39, "secrets", "Four secrets", Tone::Waiting, "403 ForbiddenByRbac: the role has not reached the vault yet"),
        (100, "secrets", "Four secrets", Tone::Plain, "200 after 61 s; writing four secrets"),
        (132, "cluster", "Cluster", Tone::Failed, "429 TooManyRequests, Azure asks to wait 12 s"),
        (294, "cluster", "Cluster", Tone::Done, "Succeeded after 4 min 52 s"),
        (325, "web-app", "Web app", Tone::Plain, "pod webapp-5f7c-q8d2x is ready, database answered in 4 ms"),
    ];
    let line = |(number, (seconds, step, title, tone, text)): (usize, (i64, &str, &str, Tone, &str))| Line {
        number: number as i64 + 1,
        at: ago(337).plus(seconds * 1000),
        step: step.into(),
        title: title.into(),
        tone,
        text: text.into(),
    };
    said.into_iter().enumerate().map(line).collect()
}

pub(crate) fn shown(job: Whole) -> Fake {
    Fake { job: Ok(job), lines: lines(), ..Fake::default() }
}

#[tokio::test]
async fn a_running_job_shows_graph_times_and_log_and_can_be_cancelled() {
    let (_, html) = page(shown(running()), "/jobs/118").await;
    let said = text(&html);
    for part in [
        "Create checkout-loadtest Running",
        "11 of 14 steps",
        "5 min 37 s, about 32 s to go",
        "member asked, manager approved",
        "Cancel this job?",
        "403 ForbiddenByRbac",
        "waits for Azure",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(html.contains(r#"action="/jobs/118/cancel""#));
    assert!(!html.contains(r#"action="/jobs/118/retry""#));
    keeps_the_policy(&html);
}

#[tokio::test]
async fn without_script_a_running_job_asks_again_by_itself_until_that_is_switched_off() {
    let again = r#"<noscript><meta http-equiv="refresh" content="5"></noscript>"#;
    assert!(page(shown(running()), "/jobs/118").await.1.contains(again));
    assert!(!page(shown(running()), "/jobs/118?shown=1&step=cluster").await.1.contains(again));
    assert!(!page(shown(stopped(None)), "/jobs/118").await.1.contains(again));
}

#[tokio::test]
async fn the_log_can_be_narrowed_without_script() {
    let (_, html) = page(shown(running()), "/jobs/118?shown=1&step=cluster").await;
    let said = text(&html);
    assert!(said.contains("Succeeded after 4 min 52 s"));
    assert!(!said.contains("403 ForbiddenByRbac"));
}

#[tokio::test]
async fn a_stopped_job_says_why_and_leads_out() {
    let (_, html) = page(shown(stopped(None)), "/jobs/118").await;
    let said = text(&html);
    assert!(said.contains("HTTP 409 VaultAlreadyExists"), "{said}");
    assert!(said.contains("Cause. Someone outside") && said.contains("Remedy. Give the vault"), "{said}");
    assert!(html.contains(r#"action="/jobs/118/retry""#) && html.contains(r#"action="/jobs/118/roll-back""#));
    keeps_the_policy(&html);
}

#[tokio::test]
async fn a_refused_password_can_be_typed_anew_and_a_taken_name_changed() {
    let (_, html) = page(shown(stopped(Some(Mend::Password))), "/jobs/118").await;
    assert!(html.contains(r#"name="password" type="password""#));
    let (_, html) = page(shown(stopped(Some(Mend::VaultName))), "/jobs/118").await;
    assert!(html.contains(r#"action="/jobs/118/vault-name""#) && html.contains(r#"name="vault_name""#));
}

#[tokio::test]
async fn who_may_not_mend_it_reads_why() {
    let mut job = stopped(None);
    job.retry = Can::no("An auditor sees everything and changes nothing.");
    job.roll_back = job.retry.clone();
    let (_, html) = page(shown(job), "/jobs/118").await;
    assert!(text(&html).contains("An auditor sees everything and changes nothing."));
    assert!(!html.contains("/jobs/118/retry") && !html.contains("/jobs/118/roll-back"));
}

#[tokio::test]
async fn a_job_that_waits_for_its_approver_leads_to_the_request() {
    let mut job = stopped(None);
    job.held_by = Some(RequestId::new("r-2"));
    let (_, html) = page(shown(job), "/jobs/118").await;
    assert!(text(&html).contains("A changed plan waits for its approver"));
    assert!(html.contains(r#"href="/requests/r-2""#));
}

#[tokio::test]
async fn who_stops_or_removes_something_says_why_and_everybody_reads_it() {
    let (_, html) = page(shown(running()), "/jobs/118").await;
    let form = html.split(r#"action="/jobs/118/cancel""#).nth(1).unwrap().split("</form>").next().unwrap();
    assert!(form.contains(r#"name="reason""#) && form.contains("required"), "{form}");
    let mut job = stopped(None);
    let (why, by) = (Reason::optional("wrong region").unwrap(), "member@contoso.example".to_owned());
    job.words = vec![Word { at: ago(60), kind: Kind::Cancel, by, why }];
    let (_, html) = page(shown(job), "/jobs/118").await;
    assert!(text(&html).contains("member cancelled it “wrong region”"), "{}", text(&html));
}

#[tokio::test]
async fn a_job_whose_worker_hangs_can_be_taken_over_and_another_cannot() {
    assert!(!page(shown(running()), "/jobs/118").await.1.contains("/jobs/118/take-over"));
    let mut job = running();
    job.take_over = Can::yes();
    let (_, html) = page(shown(job), "/jobs/118").await;
    assert!(text(&html).contains("Its worker is silent."));
    assert!(html.contains(r#"action="/jobs/118/take-over""#) && text(&html).contains("Take this job from its worker?"));
}

#[tokio::test]
async fn a_job_that_waits_for_a_worker_says_its_place() {
    let said = |place, teams| {
        let mut job = running();
        job.turn = Some(Turn { place, teams });
        async move { text(&page(shown(job), "/jobs/118").await.1) }
    };
    assert!(said(1, 0).await.contains("Next in the queue"));
    assert!(said(3, 2).await.contains("3rd in the queue, jobs of 2 other teams before it"));
    assert!(said(12, 1).await.contains("12th in the queue, jobs of 1 other team before it"));
    assert!(said(22, 0).await.contains("22nd in the queue, all before it of the same team"));
}

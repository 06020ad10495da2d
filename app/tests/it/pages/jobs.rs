//! The list of jobs.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, ago, page};
use domain::id::JobId;
use domain::job::State;
use domain::view::Page;
use domain::view::job::Row;

pub(crate) fn several() -> Fake {
    let row = |id: &str, environment: &str, state: State, at: &[&str], done, ended: Option<i64>| Row {
        id: JobId::new(id),
        title: format!("Create {environment}"),
        environment: environment.into(),
        team: "Payments".into(),
        state,
        at: at.iter().map(|at| (*at).to_owned()).collect(),
        steps_done: done,
        steps: 14,
        started: ago(900),
        ended: ended.map(ago),
        word: None,
    };
    let rows = vec![
        row("119", "checkout-loadtest", State::Running, &["Web app", "Insights"], 11, None),
        row("118", "ledger-dev", State::NeedsPerson, &["Vault"], 3, Some(400)),
        row("117", "payments-staging", State::Succeeded, &[], 14, Some(468)),
        row("116", "search-old", State::RolledBack, &[], 0, Some(100)),
    ];
    Fake { jobs: Ok(Page { rows, total: 4, next: None }), ..Fake::default() }
}

#[tokio::test]
async fn each_job_says_its_state_its_work_and_its_time() {
    let (_, html) = page(several(), "/jobs").await;
    let said = text(&html);
    assert!(said.contains("Create checkout-loadtest Payments Running 11 of 14 steps Web app, Insights"), "{said}");
    assert!(said.contains("7 min 12 s"), "{said}");
    keeps_the_policy(&html);
}

#[tokio::test]
async fn before_the_first_approval_there_is_none() {
    let none = Fake { jobs: Ok(Page { rows: vec![], total: 0, next: None }), ..Fake::default() };
    assert!(text(&page(none, "/jobs").await.1).contains("A job begins as soon as a request is approved."));
}

//! A job that nothing befalls, and what people say while it runs.

use super::*;
use crate::support::bed::{both, queued, sql, text, wish};
use crate::support::portal::Portal;
use crate::support::wire::seal;
use app::portal::Requests;
use domain::id::RequestId;
use domain::request::Decision;
use keystead::store::{job, line, sealed, took};
use secrecy::SecretString;

#[tokio::test]
async fn a_job_brings_about_everything_once_side_by_side() {
    both(|bed| async move {
        let story = Story::diamond(bed).await;
        let store = &story.bed.store;
        keep_password(store, &story.job.request).await;
        let worker = story.worker();
        story.until_state(State::Succeeded).await;
        drop(worker);

        story.made_once().await;
        assert!(story.wire.most_at_once() >= 2, "cluster and vault are made side by side");
        let (row, _) = job::row(store, &story.job.id).await.unwrap().unwrap();
        assert_eq!((row.state, row.steps_done, row.steps), (State::Succeeded, 5, 5));
        assert!(row.ended.is_some() && row.at.is_empty());
        assert_eq!(text(store, "select state from environment").await, "ready");
        assert_eq!(
            text(store, "select arch from environment").await,
            r#"["stands","stands","not-there","stands","not-there"]"#
        );
        assert!(sealed::find(store, &story.job.request).await.unwrap().is_none(), "the password went with the job");
        assert!(took::earlier(store).await.unwrap().of("cluster").is_some());
        let lines = line::after(store, &story.job.id, &story.job.outline, 0, 1000).await.unwrap();
        let numbers: Vec<i64> = lines.iter().map(|line| line.number).collect();
        assert_eq!(numbers, (1..=lines.len() as i64).collect::<Vec<_>>());
        let said: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert!(said.contains(&"asked for cluster-checkout-loadtest"), "{said:?}");
        assert!(said.last().unwrap().starts_with("everything stands"), "{said:?}");
        assert_eq!(line::tail(store, &story.job.id, &story.job.outline, 0, "vault", 9).await.unwrap().lines.len(), 2);
    })
    .await;
}

/// What came in with a `traceparent` can be followed from the request to what Azure was asked for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_belongs_to_the_trace_that_its_request_came_with() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let id = azure::trace::within_text(Some(TRACE.to_owned()), portal.asked(&member, "traced")).await;
        let digest = portal.service.request(&manager, &id).await.unwrap().digest;
        portal.service.decide(&manager, &id, Decision::Approve, "", &digest, None).await.unwrap();
        assert_eq!(text(&bed.store, "select trace from job").await, TRACE);

        let story = Story::diamond(bed).await;
        sql(&story.bed.store, "update job set trace = $1 where id = $2", &[TRACE, story.job.id.as_str()]).await;
        let worker = story.worker();
        story.until_state(State::Succeeded).await;
        drop(worker);
        assert_eq!(story.wire.traces(), vec![Some(TRACE.to_owned()); 5]);
    })
    .await;
}

async fn keep_password(store: &Store, request: &RequestId) {
    let sealed = seal().seal(request, &SecretString::from("correct horse")).unwrap();
    let mut tx = store.begin().await.unwrap();
    sealed::keep(&mut tx, request, &sealed, START).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_job_waits_as_a_row_and_not_as_a_task() {
    let bed = Bed::sqlite().await;
    let wire = Wire::new();
    let recipe = wire.recipe(&[("group", &[], false)]);
    let clock = Clock::manual(START);
    let job = queued(&bed.store, "ledger-dev", recipe.outline(&wish("ledger-dev")), START).await;
    let mut journal = event::load(&bed.store, &job.id).await.unwrap().unwrap();
    let mut tx = bed.store.begin().await.unwrap();
    let until = START.plus(3_600_000);
    let waits = [
        Event::Started { step: "group".into() },
        Event::Waits { step: "group".into(), until, why: "a role on its way".into() },
    ];
    journal.append(&mut tx, event::Writer::Person, START, &waits, &[]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(keystead::store::lease::next(&bed.store, "worker").await.unwrap(), Some(until));

    let story = Story { bed, wire, recipe, clock, job };
    let _worker = story.worker();
    story.clock.advance(3_599_000);
    tokio::time::timeout(Duration::from_millis(200), story.until_state(State::Succeeded)).await.unwrap_err();
    story.clock.advance(2_000);
    story.until_state(State::Succeeded).await;
}

#[tokio::test]
async fn cancelled_at_any_moment_a_job_keeps_what_stands_and_can_go_on() {
    for appends in 1..40 {
        let story = Story::diamond(Bed::sqlite().await).await;
        if !strike_after_appends(&story, appends).await {
            assert!(appends >= 10, "the job was over after {appends} appends");
            return;
        }
        if story.state().await.over() {
            continue;
        }
        story.say(Event::CancelAsked { by: MEMBER.into(), why: None }).await;
        let _worker = story.worker();
        story.until_taken_over().await;
        let stopped =
            story.until(|journal| matches!(journal.status.state(), State::Cancelled | State::Succeeded)).await;
        if stopped.status.state() == State::Cancelled {
            let stands = stopped.status.stands(&story.job.outline);
            assert_eq!(stands.len(), story.wire.there().len(), "after {appends} appends");
            story.retry().await;
        }
        story.until_state(State::Succeeded).await;
        story.made_once().await;
    }
}

#[tokio::test]
async fn rolled_back_at_any_moment_nothing_is_left() {
    for appends in 1..40 {
        let story = Story::diamond(Bed::sqlite().await).await;
        if !strike_after_appends(&story, appends).await {
            assert!(appends >= 10, "the job was over after {appends} appends");
            return;
        }
        if story.state().await.over() {
            continue;
        }
        story.say(Event::RollBackAsked { by: MEMBER.into(), why: None }).await;
        let _worker = story.worker();
        story.until_taken_over().await;
        story.until_state(State::RolledBack).await;
        assert_eq!(story.wire.there(), Vec::<String>::new(), "after {appends} appends");
        let removed = story.wire.removed();
        for (later, earlier) in [("app", "cluster"), ("secrets", "vault"), ("vault", "group"), ("cluster", "group")] {
            let place = |key: &str| removed.iter().position(|thing| thing.starts_with(key));
            if let (Some(later), Some(earlier)) = (place(later), place(earlier)) {
                assert!(later < earlier, "{removed:?}");
            }
        }
        assert_eq!(text(&story.bed.store, "select state from environment").await, "gone");
        assert_eq!(number(&story.bed.store, "select held from environment").await, 0, "the name is free again");
        story.copies_hold().await;
    }
}

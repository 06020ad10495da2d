//! Requests are decided once, whoever comes at the same time; what is refused frees its name.

use crate::support::bed::both;
use crate::support::portal::{Portal, submission, submission_with};
use app::error::Code;
use app::portal::{Environments, Jobs, Requests};
use domain::account::Role;
use domain::environment;
use domain::request::{Decision, State};
use domain::view::environment::{Filter, Show};
use domain::view::request;
use keystead::store::{sealed, timer};
use keystead::timers::{RequestExpiry, Timer, ring_one};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn two_approvers_at_once_begin_one_job() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let other = portal.caller("other-manager", Role::Manager, Some("payments")).await;
        let id = portal.asked(&member, "twice").await;
        let digest = portal.service.request(&manager, &id).await.unwrap().digest;
        let (one, two) = tokio::join!(
            portal.service.decide(&manager, &id, Decision::Approve, "", &digest, None),
            portal.service.decide(&other, &id, Decision::Approve, "", &digest, None),
        );
        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{}", bed.name);
        let refused = one.err().or(two.err()).unwrap();
        assert_eq!(refused.code, Code::Conflict);
        assert!(refused.message.contains("was approved by"), "{refused}");
        assert_eq!(portal.service.jobs(&manager, &Default::default()).await.unwrap().total, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_and_a_withdrawal_at_once_end_in_one_of_both() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let id = portal.asked(&member, "either").await;
        let digest = portal.service.request(&manager, &id).await.unwrap().digest;
        let (approved, withdrawn) = tokio::join!(
            portal.service.decide(&manager, &id, Decision::Approve, "", &digest, None),
            portal.service.withdraw(&member, &id),
        );
        assert_ne!(approved.is_ok(), withdrawn.is_ok());
        let jobs = portal.service.jobs(&manager, &Default::default()).await.unwrap().total;
        let whole = portal.service.environment(&member, "either").await.unwrap();
        if approved.is_ok() {
            assert_eq!((jobs, whole.row.state), (1, environment::State::Building));
        } else {
            assert_eq!((jobs, whole.row.state), (0, environment::State::Gone));
            assert_eq!(sealed::find(&bed.store, &id).await.unwrap(), None);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_click_twice_is_one_decision() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let id = portal.asked(&member, "clicked").await;
        let digest = portal.service.request(&manager, &id).await.unwrap().digest;
        let (one, two) = tokio::join!(
            portal.service.decide(&manager, &id, Decision::Approve, "", &digest, None),
            portal.service.decide(&manager, &id, Decision::Approve, "", &digest, None),
        );
        assert_eq!(one.unwrap().job, two.unwrap().job);
        assert_eq!(portal.service.jobs(&manager, &Default::default()).await.unwrap().total, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_held_from_submit_until_the_request_is_refused() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let (one, two) = tokio::join!(
            portal.service.submit(&member, submission("one-name")),
            portal.service.submit(&member, submission("one-name")),
        );
        let held = one.as_ref().err().or(two.as_ref().err()).unwrap().clone();
        assert_eq!((held.code, held.fields[0].field.as_str()), (Code::Invalid, "name"));
        let id = one.or(two).unwrap();
        let nameless = portal.service.decide(&manager, &id, Decision::Reject, " ", "", None).await.unwrap_err();
        assert_eq!(nameless.fields[0].field, "comment");
        portal.service.decide(&manager, &id, Decision::Reject, "too large", "", None).await.unwrap();
        portal.service.submit(&member, submission("one-name")).await.unwrap();
        let gone = Filter { show: Show::Gone, ..Filter::default() };
        assert_eq!(portal.service.environments(&member, &gone).await.unwrap().rows.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_nobody_looked_at_is_not_approved() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let id = portal.asked(&member, "looked").await;
        let refused = portal.service.decide(&manager, &id, Decision::Approve, "", "0000 0000", None).await.unwrap_err();
        assert_eq!(refused.code, Code::Conflict);
        assert_eq!(portal.service.request(&member, &id).await.unwrap().row.state, State::Waiting);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_expires_after_seven_days_and_leaves_nothing() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let id = portal.service.submit(&member, submission_with("late", "pa55-late")).await.unwrap();
        let timers: Vec<Arc<dyn Timer>> = vec![Arc::new(RequestExpiry { store: bed.store.clone() })];
        assert!(!ring_one(&bed.store, &portal.clock, &timers, "t").await, "not before its time");
        portal.clock.advance(domain::approval::Rule::default().valid_ms());
        let digest = portal.service.request(&manager, &id).await.unwrap().digest;
        let refused = portal.service.decide(&manager, &id, Decision::Approve, "", &digest, None).await.unwrap_err();
        assert_eq!(refused.code, Code::Conflict, "it lapses by its time, not by its timer");
        assert!(ring_one(&bed.store, &portal.clock, &timers, "t").await);
        assert_eq!(portal.service.request(&member, &id).await.unwrap().row.state, State::Expired);
        assert_eq!(sealed::find(&bed.store, &id).await.unwrap(), None);
        assert_eq!(timer::next(&bed.store).await.unwrap(), None);
        portal.asked(&member, "late").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_holds_what_one_may_decide() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        portal.asked(&member, "of-a-member").await;
        portal.asked(&manager, "of-the-manager").await;
        let inbox = |caller| portal.service.requests(caller, request::Show::Inbox, "");
        let names = |page: domain::view::Page<request::Row>| {
            page.rows.into_iter().map(|row| row.environment).collect::<Vec<_>>()
        };
        assert_eq!(names(inbox(&manager).await.unwrap()), ["of-a-member"]);
        assert_eq!(names(inbox(&engineer).await.unwrap()), ["of-the-manager"], "the team has no other manager");
        assert!(names(inbox(&member).await.unwrap()).is_empty());
        use app::portal::Frames;
        assert_eq!(portal.service.frame(&manager).await.unwrap().inbox, 1);
        assert_eq!(portal.service.frame(&engineer).await.unwrap().inbox, 1);
        assert_eq!(portal.service.frame(&member).await.unwrap().inbox, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_where_a_page_ended() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        for number in 0..53 {
            portal.asked(&member, &format!("e{number:02}")).await;
        }
        let first = portal.service.environments(&member, &Filter::default()).await.unwrap();
        assert_eq!((first.rows.len(), first.all, first.mine), (50, 53, 53));
        let filter = Filter { after: first.next.unwrap(), ..Filter::default() };
        let second = portal.service.environments(&member, &filter).await.unwrap();
        let names: Vec<String> = first.rows.iter().chain(&second.rows).map(|row| row.name.clone()).collect();
        let expected: Vec<String> = (0..53).map(|number| format!("e{number:02}")).collect();
        assert_eq!(names, expected);
        let filter = Filter { search: "KV-E07".into(), ..Filter::default() };
        let found = portal.service.environments(&member, &filter).await.unwrap();
        assert_eq!((found.rows.len(), found.rows[0].name.as_str()), (1, "e07"));
        let stranger = portal.caller("second-member", Role::Member, Some("catalogue")).await;
        assert_eq!(portal.service.environments(&stranger, &Filter::default()).await.unwrap().all, 0);
        let filter = Filter { team: "payments".into(), ..Filter::default() };
        assert_eq!(portal.service.environments(&stranger, &filter).await.unwrap().rows.len(), 0);
        let requests = portal.service.requests(&member, request::Show::Mine, "").await.unwrap();
        assert_eq!((requests.rows.len(), requests.total), (50, 53));
        let rest = portal.service.requests(&member, request::Show::Mine, &requests.next.unwrap()).await.unwrap();
        assert_eq!((rest.rows.len(), rest.next), (3, None));
    })
    .await;
}

//! Approvals in levels: who is asked when, what counts, what lapses, and what happens when two do something at once.

use crate::support::bed::{Bed, both};
use crate::support::living::small;
use crate::support::portal::{Portal, form};
use app::error::Code;
use app::portal::{Audit, Changes, Drafts, Frames, Requests, Submission};
use domain::account::{Caller, Role};
use domain::approval::{By, Level, Policy, Rule, Unanswered, Word};
use domain::form::Form;
use domain::id::RequestId;
use domain::request::{Decision, State};
use domain::view::audit::Filter;
use domain::view::request::{LevelStand, Show, Whole};
use keystead::store::{Store, Use};
use keystead::timers::{RequestExpiry, Timer, ring_one};
use serde_json::json;
use std::sync::Arc;

fn level(by: By, approvers: u32) -> Level {
    Level { by, approvers }
}

/// Managers first, then the platform engineers.
fn two_levels() -> Rule {
    Rule { levels: vec![level(By::Managers, 1), level(By::Platform, 1)], ..Rule::default() }
}

/// The portal with one rule for everything.
async fn ruled(bed: &Bed, rule: Rule) -> Portal {
    let policy = Policy { title: "Everything".into(), rule, ..Policy::default() };
    Portal::configured(bed.store.clone(), |config| config.approvals = vec![policy]).await
}

struct People {
    member: Caller,
    manager: Caller,
    other_manager: Caller,
    engineer: Caller,
    elsewhere: Caller,
}

async fn people(portal: &Portal) -> People {
    People {
        member: portal.member().await,
        manager: portal.manager().await,
        other_manager: portal.caller("other-manager", Role::Manager, Some("payments")).await,
        engineer: portal.caller("platform-engineer", Role::PlatformEngineer, None).await,
        elsewhere: portal.caller("second-manager", Role::Manager, Some("catalogue")).await,
    }
}

async fn approve(portal: &Portal, caller: &Caller, id: &RequestId, level: Option<u32>) -> app::portal::Answer<Whole> {
    let digest = portal.service.request(caller, id).await?.digest;
    portal.service.decide(caller, id, Decision::Approve, "", &digest, level).await
}

async fn inbox(portal: &Portal, caller: &Caller) -> Vec<String> {
    let page = portal.service.requests(caller, Show::Inbox, "").await.unwrap();
    let counted = portal.service.frame(caller).await.unwrap().inbox;
    assert_eq!(usize::try_from(counted).unwrap(), page.rows.len(), "the count beside the word is the list's");
    page.rows.into_iter().map(|row| row.environment).collect()
}

fn stands(whole: &Whole) -> Vec<LevelStand> {
    whole.levels.iter().map(|level| level.stand).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_is_asked_after_the_manager_and_the_job_begins_with_the_last() {
    both(|bed| async move {
        let portal = ruled(&bed, two_levels()).await;
        let all = people(&portal).await;
        let id = portal.asked(&all.member, "levels").await;
        assert_eq!(inbox(&portal, &all.engineer).await, Vec::<String>::new(), "not asked yet");
        let early = approve(&portal, &all.engineer, &id, None).await.unwrap_err();
        assert_eq!(early.code, Code::Forbidden);

        let first = approve(&portal, &all.manager, &id, Some(0)).await.unwrap();
        assert_eq!((first.row.state, first.job.is_none()), (State::Waiting, true));
        assert_eq!(stands(&first), [LevelStand::Approved, LevelStand::Asked]);
        assert_eq!(first.levels[0].approved, ["manager@contoso.example"]);
        assert!(inbox(&portal, &all.manager).await.is_empty());
        assert_eq!(inbox(&portal, &all.engineer).await, ["levels"]);
        let again = approve(&portal, &all.other_manager, &id, None).await.unwrap_err();
        assert_eq!(again.message, "A platform engineer decides on this level.");

        let last = approve(&portal, &all.engineer, &id, Some(1)).await.unwrap();
        assert_eq!((last.row.state, last.job.is_some()), (State::Approved, true));
        let said: Vec<Word> = last.record.iter().map(|entry| entry.word).collect();
        assert_eq!(said, [Word::Approved, Word::Approved]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_twice_whatever_they_are() {
    both(|bed| async move {
        let portal = ruled(&bed, two_levels()).await;
        let all = people(&portal).await;
        let mut both_roles = portal.caller("both", Role::Manager, Some("payments")).await;
        both_roles.account.roles.push(Role::PlatformEngineer);
        portal.accounts.signed_in(&both_roles).await.unwrap();
        let id = portal.asked(&all.member, "twice").await;
        approve(&portal, &both_roles, &id, Some(0)).await.unwrap();
        let whole = portal.service.request(&both_roles, &id).await.unwrap();
        assert_eq!(whole.decide.reason.as_deref(), Some("Nobody approves twice: somebody else decides now."));
        // The same click again is the same answer, and counts once.
        let clicked = approve(&portal, &both_roles, &id, Some(0)).await.unwrap();
        assert_eq!((clicked.row.state, clicked.record.len()), (State::Waiting, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_an_earlier_level_is_none_to_a_later_one() {
    both(|bed| async move {
        let portal =
            ruled(&bed, Rule { levels: vec![level(By::Managers, 1), level(By::Managers, 1)], ..Rule::default() }).await;
        let all = people(&portal).await;
        let id = portal.asked(&all.member, "stale").await;
        let (one, two) = tokio::join!(
            approve(&portal, &all.manager, &id, Some(0)),
            approve(&portal, &all.other_manager, &id, Some(0)),
        );
        assert_eq!([&one, &two].iter().filter(|answer| answer.is_ok()).count(), 1, "{}", bed.name);
        assert_eq!(one.err().or(two.err()).unwrap().code, Code::Conflict);
        let whole = portal.service.request(&all.member, &id).await.unwrap();
        assert_eq!((whole.row.state, whole.level), (State::Waiting, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_of_two_needs_two_people_also_at_the_same_moment() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule { levels: vec![level(By::Managers, 2)], ..Rule::default() }).await;
        let all = people(&portal).await;
        let id = portal.asked(&all.member, "pair").await;
        let (one, two) =
            tokio::join!(approve(&portal, &all.manager, &id, None), approve(&portal, &all.other_manager, &id, None),);
        one.unwrap();
        two.unwrap();
        let whole = portal.service.request(&all.member, &id).await.unwrap();
        assert_eq!((whole.row.state, whole.job.is_some(), whole.record.len()), (State::Approved, true, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_at_the_first_level_and_a_withdrawal_at_once_leave_nothing_half() {
    both(|bed| async move {
        let portal = ruled(&bed, two_levels()).await;
        let all = people(&portal).await;
        let id = portal.asked(&all.member, "either").await;
        let (_, withdrawn) =
            tokio::join!(approve(&portal, &all.manager, &id, Some(0)), portal.service.withdraw(&all.member, &id),);
        assert_eq!(withdrawn.unwrap().row.state, State::Withdrawn, "one level of two ends nothing");
        let late = approve(&portal, &all.engineer, &id, None).await.unwrap_err();
        assert!(matches!(late.code, Code::Conflict | Code::Forbidden), "{late:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_back_is_a_draft_with_the_comment_and_the_name_is_free() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let all = people(&portal).await;
        let id = portal.asked(&all.member, "back").await;
        let wordless = portal.service.decide(&all.manager, &id, Decision::Changes, " ", "", None).await.unwrap_err();
        assert_eq!(wordless.fields[0].field, "comment");
        let endless = "x".repeat(2_001);
        let endless =
            portal.service.decide(&all.manager, &id, Decision::Changes, &endless, "", None).await.unwrap_err();
        assert_eq!(endless.fields[0].field, "comment");
        let whole =
            portal.service.decide(&all.manager, &id, Decision::Changes, "Two nodes do.", "", None).await.unwrap();
        assert_eq!(whole.row.state, State::Returned);
        let drafts = portal.service.drafts(&all.member).await.unwrap();
        assert_eq!(drafts.len(), 1);
        assert_eq!((drafts[0].form.name.as_str(), drafts[0].errors[0].field.as_str()), ("back", "reason"));
        assert!(drafts[0].errors[0].message.contains("Two nodes do."));
        portal.asked(&all.member, "back").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_can_ask_for_a_comment_with_every_approval() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule { comment: true, ..Rule::default() }).await;
        let all = people(&portal).await;
        let id = portal.asked(&all.member, "wordy").await;
        let refused = approve(&portal, &all.manager, &id, None).await.unwrap_err();
        assert_eq!(refused.fields[0].field, "comment");
        let digest = portal.service.request(&all.manager, &id).await.unwrap().digest;
        let said = portal.service.decide(&all.manager, &id, Decision::Approve, "Needed.", &digest, None).await.unwrap();
        assert_eq!((said.row.state, said.record[0].text.as_str()), (State::Approved, "Needed."));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_of_the_template_lets_approvals_lapse_and_asks_again() {
    both(|bed| async move {
        let portal = ruled(&bed, two_levels()).await;
        let all = people(&portal).await;
        let id = portal.asked(&all.member, "template").await;
        let first = approve(&portal, &all.manager, &id, Some(0)).await.unwrap();
        let later = Portal::configured(bed.store.clone(), |config| {
            config.templates.iter_mut().for_each(|entry| entry.template.version += 1);
        })
        .await;
        let lapsed = later.service.decide(&all.engineer, &id, Decision::Approve, "", &first.digest, Some(1)).await;
        let lapsed = lapsed.unwrap_err();
        assert_eq!(lapsed.code, Code::Conflict);
        assert!(lapsed.message.contains("version 2 instead of 1"), "{lapsed}");
        let whole = later.service.request(&all.manager, &id).await.unwrap();
        assert_eq!((whole.row.state, whole.level, whole.wish.template.version), (State::Waiting, 0, 2));
        assert_eq!(stands(&whole), [LevelStand::Asked, LevelStand::Later]);
        assert!(whole.decide.allowed, "who approved the former plan is asked about this one");
        approve(&later, &all.manager, &id, Some(0)).await.unwrap();
        let last = approve(&later, &all.engineer, &id, Some(1)).await.unwrap();
        assert_eq!(last.row.state, State::Approved);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_world_lets_approvals_lapse_and_says_what_changed() {
    let bed = Bed::sqlite().await;
    let portal = ruled(&bed, Rule::default()).await;
    let all = people(&portal).await;
    let journal = portal.built(&all.member, &all.manager, small("world")).await;
    let wish = Form { nodes: "2".into(), ..Form::default() };
    let id = portal.service.submit_change(&all.member, "world", &wish).await.unwrap();
    let seen = portal.service.request(&all.manager, &id).await.unwrap();
    // Somebody takes the workspace's records down to another age by hand.
    let place = keystead::engine::place::Place::new(portal.azure.subscription(), &journal.job.wish);
    let mut vault = portal.azure.arm().get(&place.workspace()).await.unwrap().unwrap();
    vault["properties"]["retentionInDays"] = json!(60);
    portal.azure.arm().put(&place.workspace(), &vault).await.unwrap();
    let lapsed =
        portal.service.decide(&all.manager, &id, Decision::Approve, "", &seen.digest, Some(0)).await.unwrap_err();
    assert!(lapsed.message.contains("is to be changed now"), "{lapsed}");
    let whole = portal.service.request(&all.manager, &id).await.unwrap();
    assert_ne!(whole.digest, seen.digest);
    assert!(whole.record.iter().any(|entry| entry.word == Word::Lapsed && !entry.text.is_empty()));
    let approved = approve(&portal, &all.manager, &id, Some(0)).await.unwrap();
    assert_eq!(approved.row.state, State::Approved);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_request_goes_to_the_platform_once_and_then_expires() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule { unanswered: Unanswered::Escalates, valid_days: 2, ..Rule::default() }).await;
        let all = people(&portal).await;
        let id = portal.asked(&all.member, "silence").await;
        let timers: Vec<Arc<dyn Timer>> = vec![Arc::new(RequestExpiry { store: bed.store.clone() })];
        portal.clock.advance(2 * 86_400_000);
        assert!(ring_one(&bed.store, &portal.clock, &timers, "t").await);
        assert!(inbox(&portal, &all.manager).await.is_empty());
        assert_eq!(inbox(&portal, &all.engineer).await, ["silence"]);
        portal.clock.advance(2 * 86_400_000);
        assert!(ring_one(&bed.store, &portal.clock, &timers, "t").await);
        let whole = portal.service.request(&all.member, &id).await.unwrap();
        let said: Vec<Word> = whole.record.iter().map(|entry| entry.word).collect();
        assert_eq!((whole.row.state, said), (State::Expired, vec![Word::Escalated, Word::Expired]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stands_in_decides_until_that_day_and_the_record_shows_both() {
    both(|bed| async move {
        let portal = ruled(&bed, two_levels()).await;
        let all = people(&portal).await;
        let id = portal.asked(&all.member, "away").await;
        assert_eq!(portal.service.request(&all.elsewhere, &id).await.unwrap_err().code, Code::NotFound);
        let day = portal.now().plus(3 * 86_400_000).rfc3339()[..10].to_owned();
        portal.service.hand_over(&all.manager, "second-manager@contoso.example", &day).await.unwrap();
        assert_eq!(inbox(&portal, &all.elsewhere).await, ["away"]);
        let approved = approve(&portal, &all.elsewhere, &id, Some(0)).await.unwrap();
        assert_eq!(approved.levels[0].approved, ["second-manager@contoso.example for manager@contoso.example"]);
        let auditor = portal.caller("auditor", Role::Auditor, None).await;
        let record = portal.service.audit(&auditor, &Filter::default()).await.unwrap().rows;
        let told = |act: &str| record.iter().find(|row| row.act == act).unwrap();
        assert_eq!(told("Approved on a level").on_behalf_of.as_deref(), Some("manager@contoso.example"));
        assert_eq!(told("Approvals handed over").person, "manager@contoso.example");
        // Who was stood in for has approved as well.
        let whole = portal.service.request(&all.manager, &id).await.unwrap();
        assert!(!whole.decide.allowed);

        let next = portal.asked(&all.member, "later").await;
        portal.clock.advance(4 * 86_400_000);
        assert_eq!(portal.service.request(&all.elsewhere, &next).await.unwrap_err().code, Code::NotFound, "it is over");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approvals_go_to_no_requester_in_no_circle_and_to_nobody_who_decides_on_nothing() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let all = people(&portal).await;
        let service = &portal.service;
        let day = portal.now().plus(86_400_000).rfc3339()[..10].to_owned();
        let to = |name: &str| format!("{name}@contoso.example");
        for (name, until) in
            [("member", &*day), ("manager", &*day), ("second-manager", "soon"), ("second-manager", "2020-01-01")]
        {
            let refused = service.hand_over(&all.manager, &to(name), until).await.unwrap_err();
            assert_eq!(refused.code, Code::Invalid, "{name} {until}");
        }
        let nobody = service.hand_over(&all.member, &to("manager"), &day).await.unwrap_err();
        assert_eq!(nobody.code, Code::Forbidden);
        service.hand_over(&all.manager, &to("second-manager"), &day).await.unwrap();
        assert_eq!(service.hand_over(&all.manager, &to("other-manager"), &day).await.unwrap_err().code, Code::Conflict);
        let circle = service.hand_over(&all.elsewhere, &to("manager"), &day).await.unwrap_err();
        assert!(circle.fields[0].message.contains("nobody would be left"), "{circle:?}");
        // The manager asks, and whoever stands in for that manager is not thereby one who decides on it.
        let own = portal.asked(&all.manager, "own-request").await;
        assert_eq!(service.request(&all.elsewhere, &own).await.unwrap_err().code, Code::NotFound);
        service.take_back(&all.manager).await.unwrap();
        service.hand_over(&all.elsewhere, &to("manager"), &day).await.unwrap();
        assert_eq!(service.handing_over(&all.manager).await.unwrap().taken.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_hand_over_to_each_other_at_the_same_moment_one_does() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        // As a replica of its own, where several share a database.
        let store =
            if bed.name == "postgres" { Store::open(&bed.url, Use::Command).await.unwrap() } else { bed.store.clone() };
        let there = Portal::on(store).await;
        let all = people(&portal).await;
        let day = portal.now().plus(86_400_000).rfc3339()[..10].to_owned();
        let (one, other) = (&all.manager, &all.other_manager);
        for _ in 0..6 {
            let (here, back) = tokio::join!(
                portal.service.hand_over(one, &other.account.name, &day),
                there.service.hand_over(other, &one.account.name, &day),
            );
            assert_eq!([here.is_ok(), back.is_ok()].iter().filter(|ok| **ok).count(), 1, "{here:?} {back:?}");
            let refused = here.err().or(back.err()).unwrap();
            assert!(refused.fields[0].message.contains("nobody would be left to decide"), "{refused:?}");
            portal.service.take_back(one).await.unwrap();
            portal.service.take_back(other).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_stay_in_the_record_and_a_stranger_reads_none() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let all = people(&portal).await;
        let id = portal.asked(&all.member, "talk").await;
        assert_eq!(portal.service.comment(&all.manager, &id, " ").await.unwrap_err().code, Code::Invalid);
        assert_eq!(portal.service.comment(&all.elsewhere, &id, "Hello").await.unwrap_err().code, Code::NotFound);
        portal.service.comment(&all.manager, &id, "Why three nodes?").await.unwrap();
        let whole = portal.service.comment(&all.member, &id, "For the load test.").await.unwrap();
        let said: Vec<&str> = whole.record.iter().map(|entry| entry.text.as_str()).collect();
        assert_eq!(said, ["Why three nodes?", "For the load test."]);
    })
    .await;
}

/// The form asks for what the embedded policy calls large.
#[tokio::test(flavor = "multi_thread")]
async fn the_panel_and_the_list_say_that_the_platform_approves_too() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let all = people(&portal).await;
    let large = Form { node_size: "Standard_D8s_v5".into(), nodes: "2".into(), ..form("large") };
    let panel = portal.service.plan(&all.member, &large, false).await.unwrap();
    assert_eq!(panel.decider, "A manager of team Payments decides, then a platform engineer.");
    portal.service.submit(&all.member, Submission { form: large, password: None, draft: None }).await.unwrap();
    let rows = portal.service.requests(&all.manager, Show::Inbox, "").await.unwrap().rows;
    assert!(rows[0].at_stake.iter().any(|stake| stake == "platform approves too"), "{:?}", rows[0].at_stake);
}

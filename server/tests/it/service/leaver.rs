//! Somebody leaves: what they had open ends at once, and what stands finds another owner, exactly one.

use crate::support::bed::both;
use crate::support::portal::Portal;
use app::error::Code;
use app::portal::{Environments, Frames, People, Requests};
use domain::account::Role;
use domain::request::{Decision, State};
use domain::view::people::{Ended, Filter, Show};
use keystead::service::accounts::make_token;

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_theirs_ends_at_once_and_what_stands_is_offered() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let platform = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let service = &portal.service;
        portal.browser_of(&manager).await;
        let token = portal.token_of(&manager).await;
        let day = |days: i64| portal.now().plus(days * 86_400_000).rfc3339()[..10].to_owned();
        service.hand_over(&manager, &platform.account.name, &day(3)).await.unwrap();
        let stands = portal.asked(&manager, "stands").await;
        let digest = service.request(&platform, &stands).await.unwrap().digest;
        service.decide(&platform, &stands, Decision::Approve, "", &digest, None).await.unwrap();
        let theirs = portal.asked(&manager, "theirs").await;
        let others = portal.asked(&member, "others").await;
        let before = service.request(&platform, &others).await.unwrap();
        assert_eq!(before.on_behalf.as_ref(), Some(&manager.account.name), "by a hand-over alone");

        let ended = service.mark_left(&platform, &manager.account.id).await.unwrap();
        assert_eq!(ended, Ended { sessions: 1, tokens: 1, handovers: 1, requests: 1, environments: 1 });
        assert_eq!(
            ended.said(),
            "1 session ended, 1 token ended, 1 hand-over ended, 1 request withdrawn, 1 environment offered to its team"
        );
        assert_eq!(service.mark_left(&platform, &manager.account.id).await.unwrap(), Ended::default(), "once is once");
        assert!(portal.accounts.owner(&token, None).await.unwrap().is_none());
        let (now, name) = (portal.now(), manager.account.name.as_str());
        assert!(make_token(&portal.store, name, now, now.plus(1_000)).await.unwrap().is_none());
        let said = portal.accounts.signed_in(&manager).await.unwrap_err();
        assert!(said.code == Code::Forbidden && said.message.contains("marked as having left"), "{said:?}");
        assert_eq!(portal.told("person-left").await.len(), 1);
        let list = service.people(&platform, &Filter { show: Show::Left, ..Filter::default() }).await.unwrap();
        assert_eq!((list.here, list.left, list.rows.len()), (2, 1, 1));
        assert_eq!(list.rows[0].left.as_ref().unwrap().by, platform.account.name);
        assert_eq!((list.rows[0].sessions, list.rows[0].tokens, list.rows[0].requests), (0, 0, 0));

        let withdrawn = service.request(&member, &theirs).await.unwrap();
        assert_eq!(withdrawn.row.state, State::Withdrawn);
        assert_eq!(withdrawn.comment.as_deref(), Some("manager@contoso.example has left."));
        let waits = service.request(&platform, &others).await.unwrap();
        assert!(waits.decider.contains("platform engineer"), "no manager is left: {}", waits.decider);
        assert!(waits.decide.allowed && waits.on_behalf.is_none());

        let counted = (service.frame(&platform).await.unwrap().offers, service.frame(&member).await.unwrap().offers);
        assert_eq!(counted, (1, 0), "beside the inbox, for who may take it over");
        let behind = service.left_behind(&platform).await.unwrap();
        assert_eq!(behind.iter().map(|left| left.environment.as_str()).collect::<Vec<_>>(), ["stands"]);
        assert!(service.left_behind(&member).await.unwrap().is_empty());
        let seen = service.environment(&member, "stands").await.unwrap().orphaned.unwrap();
        assert!(!seen.take_on.allowed && seen.take_on.reason.unwrap().starts_with("A manager"));
        let next = portal.caller("next", Role::Manager, Some("payments")).await;
        assert_eq!(service.left_behind(&next).await.unwrap().len(), 1);
        let stranger = portal.caller("stranger", Role::Manager, Some("catalogue")).await;
        assert!(service.left_behind(&stranger).await.unwrap().is_empty());
        assert_eq!(service.take_on(&stranger, "stands").await.unwrap_err().code, Code::NotFound);

        service.take_on(&next, "stands").await.unwrap();
        let taken = service.environment(&member, "stands").await.unwrap();
        assert_eq!((taken.row.owner.as_str(), taken.orphaned), (next.account.name.as_str(), None));
        let search = domain::view::environment::Filter { search: "next@".into(), ..Default::default() };
        assert_eq!(service.environments(&member, &search).await.unwrap().rows.len(), 1, "found by its new owner");
        assert_eq!(service.take_on(&platform, "stands").await.unwrap_err().code, Code::Conflict);
        assert_eq!(portal.told("environment-taken-on").await, ["next@contoso.example (browser): stands"]);
        assert!(service.left_behind(&next).await.unwrap().is_empty());
        assert_eq!(service.frame(&platform).await.unwrap().offers, 0);

        service.mark_back(&platform, &manager.account.id).await.unwrap();
        portal.accounts.signed_in(&manager).await.unwrap();
        assert_eq!(portal.told("person-returned").await.len(), 1);
        assert!(service.request(&manager, &others).await.unwrap().decide.allowed, "decides again");
        let oneself = service.mark_left(&platform, &platform.account.id).await.unwrap_err();
        assert_eq!(oneself.code, Code::Conflict);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_take_it_over_at_once_are_one() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let platform = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let request = portal.asked(&member, "left").await;
        portal.approved(&manager, &request).await.unwrap();
        portal.service.mark_left(&platform, &member.account.id).await.unwrap();
        let (one, two) =
            tokio::join!(portal.service.take_on(&manager, "left"), portal.service.take_on(&platform, "left"));
        let codes = [one, two].map(|told| told.err().map(|error| error.code));
        assert!(codes == [None, Some(Code::Conflict)] || codes == [Some(Code::Conflict), None], "{codes:?}");
        assert_eq!(portal.told("environment-taken-on").await.len(), 1);
    })
    .await;
}

/// Somebody leaves at the moment at which what they asked for is approved: it is one or the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_approved_or_withdrawn_and_never_both() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let platform = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let request = portal.asked(&member, "either").await;
        let digest = portal.service.request(&manager, &request).await.unwrap().digest;
        let (left, decided) = tokio::join!(
            portal.service.mark_left(&platform, &member.account.id),
            portal.service.decide(&manager, &request, Decision::Approve, "", &digest, None),
        );
        let (left, state) = (left.unwrap(), portal.service.request(&platform, &request).await.unwrap().row.state);
        match decided {
            Ok(_) => assert_eq!((left.requests, state), (0, State::Approved)),
            Err(_) => assert_eq!((left.requests, state), (1, State::Withdrawn)),
        }
    })
    .await;
}

//! A team's quota: the last place is taken once, and given back by everything that ends what held it.

use crate::support::bed::{Bed, both};
use crate::support::living::small;
use crate::support::portal::{Portal, submission};
use app::error::{Code, PortalError};
use app::portal::{Answer, Changes, Environments, Requests, Submission};
use domain::account::{Caller, Role};
use domain::form::Form;
use domain::id::RequestId;
use domain::plan::Weight;
use domain::quota::{Limits, Used};
use domain::request::Decision;
use domain::view::environment::Filter;
use keystead::config::Config;
use keystead::store::{Store, Use};
use keystead::timers::{RequestExpiry, Timer, ring_one};
use std::sync::Arc;
use url::Url;

/// Team Payments may hold so much.
fn bounded(limits: Limits) -> impl FnOnce(&mut Config) {
    move |config| {
        config
            .teams
            .iter_mut()
            .filter(|team| team.name.as_str() == "payments")
            .for_each(|team| team.quota = limits.clone())
    }
}

fn one_environment() -> Limits {
    Limits { environments: Some(1), ..Limits::default() }
}

fn full(refused: &PortalError) -> (&str, &str) {
    assert_eq!((refused.code, refused.fields.len()), (Code::Invalid, 1), "{refused:?}");
    (refused.fields[0].field.as_str(), refused.fields[0].message.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_want_the_last_place_one_gets_it() {
    both(|bed| async move {
        let portal = Portal::configured(bed.store.clone(), bounded(one_environment())).await;
        // As a replica of its own, where several share a database.
        let store =
            if bed.name == "postgres" { Store::open(&bed.url, Use::Command).await.unwrap() } else { bed.store.clone() };
        let other = Portal::configured(store, bounded(one_environment())).await;
        let member = portal.member().await;
        for round in 0..4 {
            let name = |who: &str| format!("{who}-{round}");
            let (one, two) = tokio::join!(
                portal.service.submit(&member, submission(&name("one"))),
                other.service.submit(&member, submission(&name("two"))),
            );
            assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{}: {one:?} {two:?}", bed.name);
            let refused = one.as_ref().err().or(two.as_ref().err()).unwrap();
            let (field, said) = full(refused);
            assert!(field == "team" && said.contains("may hold 1 environment and holds 1"), "{said}");
            portal.service.withdraw(&member, &one.or(two).unwrap()).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_how_much_of_the_teams_quota_is_used() {
    both(|bed| async move {
        let limits = Limits { environments: Some(2), cores: Some(48), ..Limits::default() };
        let portal = Portal::configured(bed.store.clone(), bounded(limits)).await;
        let member = portal.member().await;
        let elsewhere = portal.caller("second-member", Role::Member, Some("catalogue")).await;
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        portal.asked(&member, "held").await;
        let all = Filter::default();
        let of_team = Filter { team: "payments".into(), ..Filter::default() };
        for (caller, filter, shown) in
            [(&member, &all, 1), (&engineer, &all, 0), (&engineer, &of_team, 1), (&elsewhere, &of_team, 0)]
        {
            let quotas = portal.service.environments(caller, filter).await.unwrap().quotas;
            assert_eq!(quotas.len(), shown, "{}: {quotas:?}", caller.account.name);
            for one in quotas {
                assert_eq!((one.team.as_str(), one.quota.team.as_str()), ("payments", "Payments"));
                assert_eq!(one.quota.environments, Some(Used { held: 1, asked: 0, of: 2 }));
                assert_eq!(one.quota.cores, Some(Used { held: 6, asked: 0, of: 48 }));
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_is_given_back_by_a_rejection_a_withdrawal_and_an_expiry() {
    both(|bed| async move {
        let portal = Portal::configured(bed.store.clone(), bounded(one_environment())).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let first = portal.asked(&member, "first").await;
        let panel = portal.service.plan(&member, &crate::support::portal::form("second"), false).await.unwrap();
        assert_eq!(panel.quota.unwrap().environments, Some(Used { held: 1, asked: 1, of: 1 }));
        let found = panel.plan.unwrap().findings;
        let told = found.iter().find(|finding| finding.weight == Weight::Deny).unwrap();
        assert!(told.sentence.contains("end one of yours that is not needed, first say"), "{told:?}");
        full(&portal.service.submit(&member, submission("second")).await.unwrap_err());

        portal.service.decide(&manager, &first, Decision::Reject, "no", "", None).await.unwrap();
        let second = portal.asked(&member, "second").await;
        portal.service.withdraw(&member, &second).await.unwrap();
        portal.asked(&member, "third").await;
        portal.clock.advance(domain::approval::Rule::default().valid_ms());
        let timers: Vec<Arc<dyn Timer>> = vec![Arc::new(RequestExpiry { store: bed.store.clone() })];
        assert!(ring_one(&bed.store, &portal.clock, &timers, "t").await);
        portal.asked(&member, "fourth").await;
        let stranger = portal.caller("second-member", Role::Member, Some("catalogue")).await;
        let form = Form { team: "catalogue".into(), ..crate::support::portal::form("of-others") };
        portal.service.submit(&stranger, Submission { form, password: None, draft: None }).await.unwrap();
    })
    .await;
}

async fn send(portal: &Portal, member: &Caller, name: &str) -> Answer<RequestId> {
    portal.service.submit(member, Submission { form: small(name), password: None, draft: None }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_by_what_it_adds_and_an_end_gives_everything_back() {
    let bed = Bed::sqlite().await;
    let limits = Limits { cores: Some(4), ..Limits::default() };
    let portal = Portal::configured(bed.store.clone(), bounded(limits)).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.built(&member, &manager, small("grows")).await;
    let more = |nodes: &str| Form { nodes: nodes.into(), ..Form::default() };
    let refused = portal.service.submit_change(&member, "grows", &more("3")).await.unwrap_err();
    let (field, said) = full(&refused);
    assert!(field == "nodes" && said.contains("may use 4 cores and uses 2; this needs 4 more, 2 too many"), "{said}");
    assert!(said.contains("none of your own environments"), "it does not name itself: {said}");
    let panel = portal.service.plan_change(&member, "grows", &more("2")).await.unwrap();
    assert_eq!(panel.quota.unwrap().cores, Some(Used { held: 2, asked: 2, of: 4 }));

    let grown = portal.service.submit_change(&member, "grows", &more("2")).await.unwrap();
    let refused = send(&portal, &member, "beside").await.unwrap_err();
    let (_, said) = full(&refused);
    assert!(said.contains("uses 4; this needs 2 more"), "a change that waits holds its place: {said}");
    portal.service.withdraw(&member, &grown).await.unwrap();
    let beside = send(&portal, &member, "beside").await.unwrap();
    full(&portal.service.submit_change(&member, "grows", &more("2")).await.unwrap_err());
    portal.service.withdraw(&member, &beside).await.unwrap();

    portal.changed(&member, &manager, "grows", more("2")).await;
    full(&send(&portal, &member, "after").await.unwrap_err());
    portal.changed(&member, &manager, "grows", more("1")).await;
    let after = send(&portal, &member, "after").await.unwrap();
    portal.service.withdraw(&member, &after).await.unwrap();
    portal.destroyed(&member, &manager, "grows", true).await;
    send(&portal, &member, "one").await.unwrap();
    send(&portal, &member, "two").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_let_go_of_counts_no_more() {
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), bounded(one_environment())).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.built(&member, &manager, small("leaves")).await;
    full(&send(&portal, &member, "follows").await.unwrap_err());
    let digest = portal.service.release(&member, "leaves").await.unwrap().digest;
    let request = portal.service.submit_release(&member, "leaves", "Moves", &digest).await.unwrap();
    portal.approved(&manager, &request).await;
    send(&portal, &member, "follows").await.unwrap();
    assert_eq!(portal.service.environment(&member, "follows").await.unwrap().row.name, "follows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_in_money_holds_and_an_unknown_price_does_not_pass_it() {
    both(|bed| async move {
        let limits = Limits { monthly: Some(800), ..Limits::default() };
        let portal = Portal::configured(bed.store.clone(), bounded(limits.clone())).await;
        let member = portal.member().await;
        portal.asked(&member, "dear").await;
        let refused = portal.service.submit(&member, submission("dear-too")).await.unwrap_err();
        let (field, said) = full(&refused);
        let expected = "may spend €800.00 a month and spends €452.22; this adds €452.22, €104.44 too much";
        assert!(field == "nodes" && said.contains(expected), "{said}");
        assert!(said.contains("end dear, which gives €452.22 back"), "{said}");

        let nowhere = |config: &mut Config| {
            config.azure.cloud.prices = Url::parse("https://127.0.0.1:1").unwrap();
            bounded(limits)(config);
        };
        let portal = Portal::configured(bed.store.clone(), nowhere).await;
        let refused = portal.service.submit(&member, submission("unknown")).await.unwrap_err();
        assert!(full(&refused).1.contains("try again later"), "{refused:?}");
    })
    .await;
}

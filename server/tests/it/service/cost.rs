//! What something costs is said while it is asked for, stands with its request, and is summed over what is there.

use crate::support::bed::{Bed, both};
use crate::support::living::small;
use crate::support::portal::{Portal, form, submission};
use app::portal::{Changes, Environments, Requests};
use domain::cost::{Amount, Costing};
use domain::form::Form;
use domain::request::Decision;
use domain::view::environment::{Filter, Show};
use url::Url;

#[tokio::test(flavor = "multi_thread")]
async fn a_price_stands_beside_the_form_with_the_request_and_in_the_lists() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let panel = portal.service.plan(&member, &form("priced"), false).await.unwrap();
        let Some(Costing::New { after }) = panel.cost else { panic!("{:?}", panel.unpriced) };
        let nodes = &after.items[0];
        assert_eq!((nodes.what.as_str(), nodes.price, nodes.quantity), ("3 nodes, Standard_D2s_v5", 105_984, 2190));
        assert_eq!((after.since.date().as_str(), after.items.len()), ("1 Nov 2026", 7), "{after:#?}");
        assert_eq!(after.total().said(), "€452.22");

        let id = portal.asked(&member, "priced").await;
        let request = portal.service.request(&manager, &id).await.unwrap();
        assert_eq!(request.digest, request.plan.digest(&request.wish), "the price is no part of it");
        assert_eq!(request.row.cost.unwrap().sentence(), "€452.22 a month");
        let list = portal.service.environments(&member, &Filter::default()).await.unwrap();
        assert_eq!(list.rows[0].monthly.map(Amount::whole).as_deref(), Some("€452"));
        assert_eq!(list.sums, [("Payments".to_owned(), after.total())]);
        let whole = portal.service.environment(&member, "priced").await.unwrap();
        assert_eq!(whole.cost.map(|cost| cost.items), Some(after.items));

        portal.service.decide(&manager, &id, Decision::Reject, "too dear", "", None).await.unwrap();
        let list = portal.service.environments(&member, &Filter::default()).await.unwrap();
        assert!(list.sums.is_empty(), "what was refused costs nothing");
        let gone = Filter { show: Show::Gone, ..Filter::default() };
        assert_eq!(portal.service.environments(&member, &gone).await.unwrap().rows.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_list_does_not_answer_everything_goes_on_without_a_price() {
    both(|bed| async move {
        let nowhere = |config: &mut keystead::config::Config| {
            config.azure.cloud.prices = Url::parse("https://127.0.0.1:1").unwrap();
        };
        let portal = Portal::configured(bed.store.clone(), nowhere).await;
        let member = portal.member().await;
        let panel = portal.service.plan(&member, &form("unpriced"), false).await.unwrap();
        assert_eq!(panel.unpriced.as_deref(), Some("Azure's list of prices does not answer."));
        assert!(panel.plan.is_some() && panel.unreachable.is_none());
        let id = portal.service.submit(&member, submission("unpriced")).await.unwrap();
        assert_eq!(portal.service.request(&member, &id).await.unwrap().cost, None);
        let list = portal.service.environments(&member, &Filter::default()).await.unwrap();
        assert_eq!((list.rows[0].monthly, list.sums.len()), (None, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_says_the_difference_and_a_removal_gives_it_back() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.built(&member, &manager, small("dearer")).await;
    let form = Form { nodes: "2".into(), ..Form::default() };
    let panel = portal.service.plan_change(&member, "dearer", &form).await.unwrap();
    let monthly = panel.cost.unwrap().monthly();
    let id = portal.service.submit_change(&member, "dearer", &form).await.unwrap();
    let row = portal.service.request(&member, &id).await.unwrap().row;
    assert_eq!(row.cost, Some(monthly));
    let before = portal.service.environment(&member, "dearer").await.unwrap().row.monthly.unwrap();
    assert_eq!(monthly.difference, Some(monthly.amount.minus(before)), "what stands is paid until it is approved");
    portal.carried_out(&manager, &id).await;
    let whole = portal.service.environment(&member, "dearer").await.unwrap();
    assert_eq!((whole.row.monthly, whole.cost.map(|cost| cost.total())), (Some(monthly.amount), Some(monthly.amount)));

    let digest = portal.service.destruction(&member, "dearer", false).await.unwrap().digest;
    let sent = portal.service.submit_destruction(&member, "dearer", false, "Not needed", &digest).await.unwrap();
    let removed = portal.service.request(&member, &sent).await.unwrap().row.cost.unwrap();
    assert_eq!(
        (removed.figure(), removed.note().as_str()),
        (format!("−{}", monthly.amount.said()), "a month, nothing after")
    );
}

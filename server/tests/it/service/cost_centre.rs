//! A team's cost centre stands as a tag on what is made for it; what is older gets it with its next change, and neither
//! that nor another one in the configuration is drift.

use crate::support::bed::{Bed, text};
use crate::support::living::small;
use crate::support::portal::Portal;
use app::portal::{Changes, Environments, Requests};
use domain::form::Form;
use domain::plan::Verb;
use keystead::config::Config;
use keystead::engine::place::Place;

fn borne_by(centre: &str) -> impl FnOnce(&mut Config) {
    let centre = Some(centre.to_owned());
    move |config| config.teams.iter_mut().for_each(|team| team.cost_centre.clone_from(&centre))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_is_tagged_with_its_next_change_and_nothing_of_it_is_drift() {
    let bed = Bed::sqlite().await;
    let before = Portal::over(&bed).await;
    let (member, manager) = (before.member().await, before.manager().await);
    let built = before.built(&member, &manager, small("borne")).await;
    let (place, id) = (Place::new(before.azure.subscription(), &built.job.wish), &built.job.environment);

    let portal = Portal::configured(bed.store.clone(), borne_by("4711")).await;
    portal.looked(id).await;
    let drift = portal.service.environment(&member, "borne").await.unwrap().drift.unwrap();
    assert!(drift.lines.is_empty(), "older than the cost centre: {:#?}", drift.lines);

    let form = Form { replicas: "2".into(), ..Form::default() };
    let panel = portal.service.plan_change(&member, "borne", &form).await.unwrap();
    assert_eq!(panel.cost_centre.as_deref(), Some("4711"));
    let plan = panel.plan.unwrap();
    let vault = plan.lines.iter().find(|line| line.step == "vault").unwrap();
    let said = vault.changes.iter().find(|change| change.field == "tags.cost-centre").unwrap();
    assert_eq!((vault.verb, said.to.as_str()), (Verb::Change, "4711"), "{vault:#?}");
    portal.changed(&member, &manager, "borne", form).await;
    for resource in [place.resource_group(), place.vault(), place.cluster(), place.workspace()] {
        let found = portal.azure.arm().get(&resource).await.unwrap().unwrap();
        assert_eq!(found["tags"]["cost-centre"], "4711", "{resource}");
    }

    let moved = Portal::configured(bed.store.clone(), borne_by("4712")).await;
    moved.looked(id).await;
    let whole = moved.service.environment(&member, "borne").await.unwrap();
    assert_eq!(whole.drift.map(|drift| drift.lines.len()), Some(0), "another one in the configuration");
    assert_eq!(whole.wish.cost_centre.as_deref(), Some("4711"), "until it is changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_bears_it_stands_in_the_request_and_in_what_is_mailed() {
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), borne_by("4711")).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let id = portal.asked(&member, "said").await;
    let request = portal.service.request(&manager, &id).await.unwrap();
    assert_eq!(request.wish.cost_centre.as_deref(), Some("4711"));
    let group = request.plan.lines.iter().find(|line| line.step == "resource-group").unwrap();
    assert!(group.detail.ends_with("everything tagged cost-centre=4711"), "{}", group.detail);
    assert!(text(&bed.store, "select body from notice").await.contains(r#""cost_centre":"4711""#));
}

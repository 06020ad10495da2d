//! Drift that becomes the new wish: what was found is asked for, approved, and differs no more.

use crate::support::bed::both;
use crate::support::living::small;
use crate::support::portal::Portal;
use app::portal::{Changes, Environments, Requests};
use domain::form::Form;
use domain::plan::Verb;
use domain::request::Kind;
use keystead::engine::place::Place;
use serde_json::{Value, json};

/// Somebody changes the cluster behind the portal's back.
async fn cluster_changed(portal: &Portal, place: &Place, change: impl Fn(&mut Value)) {
    let id = place.cluster();
    let mut cluster = portal.azure.arm().get(&id).await.unwrap().unwrap();
    change(&mut cluster);
    portal.put(&id, &cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_approved_as_the_new_wish_and_differs_no_more() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let name = format!("accept-{}", bed.name);
        let built = portal.built(&member, &manager, small(&name)).await;
        let id = built.job.environment.clone();
        let place = Place::new(portal.azure.subscription(), &built.job.wish);

        portal.looked(&id).await;
        let whole = portal.service.environment(&member, &name).await.unwrap();
        assert_eq!(whole.drift.map(|drift| drift.lines), Some(Vec::new()), "as it was approved");

        cluster_changed(&portal, &place, |cluster| {
            cluster["properties"]["agentPoolProfiles"][0]["count"] = json!(2);
            cluster["tags"]["keystead-team"] = json!("strangers");
        })
        .await;
        portal.looked(&id).await;
        let whole = portal.service.environment(&member, &name).await.unwrap();
        let drift = whole.drift.unwrap();
        assert_eq!(drift.lines.len(), 1, "{drift:#?}");
        assert_eq!(whole.accept.answers, [("nodes".to_owned(), "2".to_owned())]);
        assert_eq!(whole.accept.said, ["nodes 2 instead of 1"]);
        assert_eq!(whole.accept.refused, [format!("aks-{name}: no answer of the form decides tags.keystead-team.")]);

        // The tag is brought back by hand, the nodes are accepted.
        cluster_changed(&portal, &place, |cluster| cluster["tags"]["keystead-team"] = json!("payments")).await;
        let form = Form { nodes: "2".into(), reason: whole.accept.reason(), ..Form::default() };
        let panel = portal.service.plan_change(&member, &name, &form).await.unwrap();
        let plan = panel.plan.unwrap();
        assert!(plan.lines.iter().all(|line| line.verb == Verb::Keep), "nothing to do: {:#?}", plan.lines);
        let request = portal.service.submit_change(&member, &name, &form).await.unwrap();
        let asked = portal.service.request(&manager, &request).await.unwrap();
        assert_eq!((asked.row.kind, asked.wish.cluster.nodes), (Kind::Change, 2));
        assert_eq!(asked.former.unwrap().cluster.nodes, 1);
        assert_eq!(asked.row.reason, "As it was found on Azure: nodes 2 instead of 1.");
        portal.carried_out(&manager, &request).await;

        portal.looked(&id).await;
        let whole = portal.service.environment(&member, &name).await.unwrap();
        assert_eq!(whole.drift.map(|drift| drift.lines), Some(Vec::new()), "no drift any more");
        assert_eq!((whole.wish.cluster.nodes, whole.accept.answers.len()), (2, 0));
    })
    .await;
}

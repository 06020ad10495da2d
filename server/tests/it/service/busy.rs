//! A plan while Azure is busy: what could not be looked at is never taken for something that is not there.

use crate::support::bed::Bed;
use crate::support::living::small;
use crate::support::portal::{Portal, facts};
use app::error::Code;
use app::portal::{Changes, Requests};
use domain::form::Form;
use domain::plan::Verb;
use serde_json::json;

/// So many looks at this group are answered 503.
async fn busy(group: &str, times: u32) {
    let control = facts()["control"].as_str().unwrap();
    let fault = json!({
        "method": "GET", "path": format!("/resourceGroups/{group}"), "times": times, "status": 503, "code": "ServerBusy",
    });
    let asked = reqwest::Client::new().post(format!("{control}/faults")).json(&fault);
    assert_eq!(asked.send().await.unwrap().status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_looked_at_is_looked_at_again_and_never_taken_for_absent() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.built(&member, &manager, small("busy")).await;
    let form = Form { nodes: "2".into(), ..Form::default() };

    busy("rg-busy", 1).await;
    let sent = portal.service.submit_change(&member, "busy", &form).await.unwrap();
    let plan = portal.service.request(&member, &sent).await.unwrap().plan;
    let verb = |step: &str| plan.lines.iter().find(|line| line.step == step).map(|line| line.verb);
    assert_eq!((verb("resource-group"), verb("cluster")), (Some(Verb::Keep), Some(Verb::Change)), "{:#?}", plan.lines);

    portal.service.withdraw(&member, &sent).await.unwrap();
    busy("rg-busy", 100).await;
    let refused = portal.service.submit_change(&member, "busy", &form).await.unwrap_err();
    assert_eq!(refused.code, Code::Unavailable, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_lie_in_a_group_that_is_not_there_is_not_asked_for() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let member = portal.member().await;
    busy("rg-unasked/providers", 100).await;
    let asked = portal.asked(&member, "unasked").await;
    let plan = portal.service.request(&member, &asked).await.unwrap().plan;
    let verb = |step: &str| plan.lines.iter().find(|line| line.step == step).map(|line| line.verb);
    assert_eq!((verb("vault"), verb("web-app")), (Some(Verb::Create), Some(Verb::Create)), "{:#?}", plan.lines);
}

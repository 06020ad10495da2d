//! A world that does not stand still: changed between an approval and its job, shared with strangers, and with rights that
//! lie outside of the environment.

use crate::support::bed::Bed;
use crate::support::living::small;
use crate::support::portal::Portal;
use app::portal::{Changes, Environments, Jobs, Requests};
use azure::ResourceId;
use domain::form::Form;
use domain::job::State;
use domain::plan::Verb;
use keystead::engine::place::Place;
use serde_json::{Value, json};

async fn nodes(portal: &Portal, place: &Place) -> Value {
    let cluster = portal.azure.arm().get(&place.cluster()).await.unwrap().unwrap();
    cluster["properties"]["agentPoolProfiles"][0]["count"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_world_has_changed_since_its_approval_stops_before_it_does_anything() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let built = portal.built(&member, &manager, small("overtaken")).await;
    let place = Place::new(portal.azure.subscription(), &built.job.wish);
    let form = Form { nodes: "2".into(), ..Form::default() };
    let request = portal.service.submit_change(&member, "overtaken", &form).await.unwrap();
    let job = portal.approved(&manager, &request).await.unwrap();

    let mut cluster = portal.azure.arm().get(&place.cluster()).await.unwrap().unwrap();
    cluster["properties"]["agentPoolProfiles"][0]["count"] = json!(3);
    portal.put(&place.cluster(), &cluster).await;

    let stopped = portal.rested(&job).await;
    assert_eq!(stopped.status.state(), State::NeedsPerson);
    let (step, failure) = stopped.status.failure(&stopped.job.outline).unwrap();
    let said = failure.quote.as_deref().unwrap();
    assert_eq!(step.key, "as-approved");
    assert!(said.contains("aks-overtaken") && said.contains("agentPoolProfiles.count: 3 instead of 2"), "{said}");
    assert_eq!(nodes(&portal, &place).await, json!(3), "nothing was done");

    let again = portal.service.plan_again(&member, &job).await.unwrap();
    let plan = portal.service.request(&manager, &again).await.unwrap().plan;
    let change = plan.lines.iter().find(|line| line.step == "cluster").unwrap();
    assert_eq!((change.verb, change.changes[0].from.as_str()), (Verb::Change, "3"));
    portal.approved(&manager, &again).await;
    assert_eq!(portal.rested(&job).await.status.state(), State::Succeeded);
    assert_eq!(nodes(&portal, &place).await, json!(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_in_which_somebody_else_has_something_stays_with_it() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let built = portal.built(&member, &manager, small("crowded")).await;
    let group = Place::new(portal.azure.subscription(), &built.job.wish).resource_group();
    let stranger = group.child("Microsoft.ManagedIdentity/userAssignedIdentities", "id-of-somebody-else");
    portal.put(&stranger, &json!({ "location": "westeurope" })).await;

    let plan = portal.service.destruction(&member, "crowded", false).await.unwrap().plan;
    let line = plan.lines.iter().find(|line| line.step == "resource-group").unwrap();
    assert_eq!(line.verb, Verb::Keep);
    assert!(line.detail.contains("id-of-somebody-else"), "{}", line.detail);
    portal.destroyed(&member, &manager, "crowded", false).await;
    let left = portal.azure.arm().list(&format!("{group}/resources"), None).await.unwrap();
    let left: Vec<&str> = left.iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(left, ["id-of-somebody-else"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_on_a_registry_goes_by_itself_and_others_stay() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let group = ResourceId::resource_group(portal.azure.subscription(), "rg-registries");
    portal.put(&group, &json!({ "location": "westeurope" })).await;
    let registry = group.child("Microsoft.ContainerRegistry/registries", "pulled");
    portal.put(&registry, &json!({ "location": "westeurope", "sku": { "name": "Basic" } })).await;
    let roles = async || {
        let path = format!("{registry}/providers/Microsoft.Authorization/roleAssignments");
        let listed = portal.azure.arm().list(&path, Some("atScope()")).await.unwrap();
        let here = listed.iter().filter(|one| one["properties"]["scope"] == registry.as_str());
        here.filter_map(|one| Some(one["properties"]["principalId"].as_str()?.to_owned())).collect::<Vec<_>>()
    };
    let me = portal.azure.me().await.unwrap();
    let other = azure::roles::assignment(&registry, &me.object_id, me.kind, azure::roles::ACR_PULL);
    portal.put(&azure::roles::assignment_id(&registry, &me.object_id, azure::roles::ACR_PULL), &other).await;

    let form = Form { image: "pulled.azurecr.io/pause:1.0.0".into(), ..small("pulling") };
    let built = portal.built(&member, &manager, form).await;
    let place = Place::new(portal.azure.subscription(), &built.job.wish);
    let cluster = portal.azure.arm().get(&place.cluster()).await.unwrap().unwrap();
    let nodes = cluster["properties"]["identityProfile"]["kubeletidentity"]["objectId"].as_str().unwrap().to_owned();
    assert!(roles().await.contains(&nodes), "{:?}", roles().await);

    let plan = portal.service.destruction(&member, "pulling", false).await.unwrap().plan;
    assert!(plan.lines.iter().any(|line| line.step == "registry-role" && line.verb == Verb::Delete));
    portal.destroyed(&member, &manager, "pulling", false).await;
    assert_eq!(roles().await, [me.object_id], "what somebody else gave is left alone");
    let whole = portal.service.environment(&member, "pulling").await.unwrap();
    assert_eq!(whole.row.state, domain::environment::State::Gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_image_and_another_lifetime_are_carried_out() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.built(&member, &manager, small("renewed")).await;
    let image = "registry.contoso.example/pause:1.0.1";
    let form = Form { image: image.into(), lifetime_days: "60".into(), ..Form::default() };
    let plan = portal.service.plan_change(&member, "renewed", &form).await.unwrap().plan.unwrap();
    let verb = |step: &str| plan.lines.iter().find(|line| line.step == step).map(|line| line.verb);
    assert_eq!((verb("web-app"), verb("cluster")), (Some(Verb::Change), Some(Verb::Keep)), "{:#?}", plan.lines);
    let changed = portal.changed(&member, &manager, "renewed", form).await;
    assert_eq!((changed.job.wish.web_app.image.as_str(), changed.job.wish.lifetime.days), (image, 60));
    portal.looked(&changed.job.environment).await;
    let whole = portal.service.environment(&member, "renewed").await.unwrap();
    assert_eq!(whole.drift.map(|drift| drift.lines), Some(Vec::new()), "it is as it was wished last");
}

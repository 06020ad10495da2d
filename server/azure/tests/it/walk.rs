//! A walk through an Azure that nobody here wrote the client for: real names, proxy, certificates and waits.
use crate::{
    hand::Hand,
    rehearsal::{Rehearsal, known, on},
};
use azure::{Answer, Azure, Config, Kind, Progress, ResourceId};
use azure_simulator::faults::{Drop, Fault};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_machine_behind_a_proxy_with_its_own_authority_signs_in_by_itself() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let me = azure.me().await.unwrap();
    assert_eq!(azure.signed_in_by(), Some("managed identity"));
    assert_eq!(me.tenant_id, rehearsal.simulator.world().tenant.to_string());
    assert_eq!(me.kind, azure::roles::PrincipalType::ServicePrincipal);
    rehearsal.end().await;
}

#[tokio::test]
async fn without_the_extra_authority_or_with_a_wrong_key_nothing_is_believed() {
    let rehearsal = Rehearsal::start().await;
    let group = ResourceId::resource_group(&rehearsal.config().subscription_id, "rg-shop");
    let distrusting = Azure::connect(Config { extra_ca: None, ..rehearsal.config() }).unwrap();
    let error = distrusting.arm().get(&group).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable, "{error}");
    assert!(error.message().to_lowercase().contains("certificate"), "{error}");

    let mut config = rehearsal.config();
    let mut proxy = config.proxy.take().unwrap();
    proxy.set_password(Some("wrong")).unwrap();
    let stranger = Azure::connect(Config { proxy: Some(proxy), ..config }).unwrap();
    assert!(matches!(stranger.me().await.unwrap_err().kind(), Kind::Denied | Kind::Unreachable));
    rehearsal.end().await;
}

#[tokio::test]
async fn a_group_is_made_read_and_deleted_in_its_own_time() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let group = ResourceId::resource_group(azure.subscription(), "rg-shop");
    assert_eq!(azure.arm().get(&group).await.unwrap(), None);
    rehearsal.group(&azure).await;
    let found = azure.arm().get(&group).await.unwrap().unwrap();
    assert_eq!(found["properties"]["provisioningState"], "Succeeded");
    let operation = match azure.arm().delete(&group).await.unwrap() {
        Answer::Accepted(operation) => operation,
        Answer::Done(_) => panic!("Azure takes its time"),
    };
    assert!(matches!(azure.arm().poll(&operation).await.unwrap(), Progress::Running { moved: None, .. }));
    rehearsal.a_while_later();
    assert_eq!(rehearsal.ended(&azure, &operation).await, Value::Null);
    assert_eq!(azure.arm().get(&group).await.unwrap(), None);
    assert_eq!(azure.arm().delete(&group).await.unwrap(), Answer::Done(Value::Null));
    rehearsal.end().await;
}

#[tokio::test]
async fn throttling_is_handed_up_and_a_lost_answer_leaves_what_was_written() {
    let (rehearsal, hand) = (Rehearsal::start().await, Hand::new());
    let azure = Azure::connect_by(rehearsal.config(), hand.clone()).unwrap();
    let faults = &rehearsal.simulator.world().faults;
    let group = ResourceId::resource_group(azure.subscription(), "rg-shop");
    faults.add(known("throttled"));
    let error = azure.arm().get(&group).await.unwrap_err();
    let after = Duration::from_secs(10);
    assert_eq!((error.kind(), error.code()), (Kind::Throttled { after }, "SubscriptionRequestsThrottled"));

    faults.add(Fault { drop: Some(Drop::After), ..on("PUT", group.as_str()) });
    let error = azure.arm().put(&group, &json!({"location": "westeurope"})).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (Kind::Unreachable, None));
    hand.advance(10_000);
    assert!(azure.arm().get(&group).await.unwrap().is_some(), "it was written all the same");
    rehearsal.end().await;
}

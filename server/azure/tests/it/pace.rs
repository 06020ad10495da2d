//! The pace: what Azure says of its budget to one call holds for all that follow, and only for those that it counts together.
use crate::{
    hand::Hand,
    rehearsal::Rehearsal,
    stage::{GROUP, Stage, ok, refusal},
};
use azure::{Azure, Clock, Kind, ResourceId};
use futures::StreamExt;
use serde_json::json;
use std::time::Duration;
use wiremock::ResponseTemplate;

fn group() -> ResourceId {
    GROUP.parse().unwrap()
}

fn throttled(code: &str, seconds: u64) -> ResponseTemplate {
    refusal(429, code, "too many").insert_header("retry-after", seconds.to_string().as_str())
}

async fn sent(stage: &Stage, method: &str, path: &str) -> usize {
    stage.arrived().await.iter().filter(|(verb, place, _)| verb == method && place == path).count()
}

#[tokio::test]
async fn a_throttled_read_holds_every_read_of_the_subscription_and_no_write() {
    let (stage, hand) = (Stage::with_identity().await, Hand::new());
    let azure = Azure::connect_by(stage.config(), hand.clone()).unwrap();
    stage.answer_once("GET", GROUP, throttled("SubscriptionRequestsThrottled", 7)).await;
    let after = Duration::from_secs(7);
    assert_eq!(azure.arm().get(&group()).await.unwrap_err().kind(), Kind::Throttled { after });
    let other = group().child("Microsoft.KeyVault/vaults", "kv");
    stage.answer("GET", other.as_str(), 1, ok(json!({"name": "kv"}))).await;
    stage.answer("GET", GROUP, 1, ok(json!({"name": "rg"}))).await;
    stage.answer("PUT", GROUP, 1, ok(json!({"name": "rg"}))).await;

    let (first, second) = (azure.clone(), azure.clone());
    let vault = tokio::spawn(async move { first.arm().get(&other).await });
    let again = tokio::spawn(async move { second.arm().get(&group()).await });
    azure.arm().put(&group(), &json!({"location": "westeurope"})).await.unwrap();
    assert_eq!(sent(&stage, "GET", GROUP).await, 1, "the reads wait for their time");
    while !(vault.is_finished() && again.is_finished()) {
        hand.advance(1_000);
        tokio::task::yield_now().await;
    }
    assert!(vault.await.unwrap().unwrap().is_some() && again.await.unwrap().unwrap().is_some());
    assert!(hand.running_ms() >= 7_000);
}

#[tokio::test]
async fn a_wait_that_is_too_long_for_a_call_comes_back_without_being_sent() {
    let (stage, hand) = (Stage::with_identity().await, Hand::new());
    let azure = Azure::connect_by(stage.config(), hand.clone()).unwrap();
    stage.answer("GET", GROUP, 1, throttled("SubscriptionRequestsThrottled", 40)).await;
    azure.arm().get(&group()).await.unwrap_err();
    hand.advance(10_000);
    let error = azure.arm().get(&group()).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Throttled { after } if after >= Duration::from_secs(30)), "{error}");
    assert_eq!(error.status(), None);
    assert!(error.message().contains("no room for more reads of this subscription"), "{error}");
}

#[tokio::test]
async fn a_throttled_cluster_holds_itself_alone() {
    let (stage, hand) = (Stage::with_identity().await, Hand::new());
    let azure = Azure::connect_by(stage.config(), hand).unwrap();
    let cluster = |name: &str| group().child("Microsoft.ContainerService/managedClusters", name);
    stage.answer("GET", cluster("busy").as_str(), 1, throttled("Throttled", 60)).await;
    stage.answer("GET", cluster("calm").as_str(), 1, ok(json!({"name": "calm"}))).await;
    stage.answer("GET", GROUP, 1, ok(json!({"name": "rg"}))).await;
    azure.arm().get(&cluster("busy")).await.unwrap_err();
    let error = azure.arm().get(&cluster("busy")).await.unwrap_err();
    assert!(error.message().contains("no room for more reads of AKS"), "{error}");
    assert!(azure.arm().get(&cluster("calm")).await.unwrap().is_some());
    assert!(azure.arm().get(&group()).await.unwrap().is_some());
}

/// More than twice the budget at once, against buckets that fill as Azure's do.
#[tokio::test]
async fn many_reads_at_once_are_spread_by_what_the_answers_say_is_left() {
    let (rehearsal, hand) = (Rehearsal::start().await, Hand::new());
    let azure = Azure::connect_by(rehearsal.config(), hand.clone()).unwrap();
    let group = rehearsal.group(&azure).await;
    let reads = futures::stream::iter(0..600).map(|_| {
        let (azure, group) = (azure.clone(), group.clone());
        async move { azure.arm().get(&group).await }
    });
    let reads = reads.buffer_unordered(20).collect::<Vec<_>>();
    let passes = async {
        loop {
            // Only while somebody waits for it, so that the budget is as short as it can be.
            if hand.somebody_waits() {
                hand.advance(1);
                rehearsal.simulator.world().clock.advance(Duration::from_millis(1));
            }
            tokio::task::yield_now().await;
        }
    };
    let answers = tokio::select! {
        answers = reads => answers,
        () = passes => unreachable!("time goes on"),
    };
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    // Those that were on their way when the budget ended for the first time, and hardly one after them.
    assert!(refused < 40, "{refused} of 600 were refused");
    rehearsal.end().await;
}

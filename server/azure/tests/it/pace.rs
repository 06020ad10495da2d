//! The pace: what Azure says of its budget to one call holds for all that follow, and only for those that it counts together.
use crate::{
    hand::Hand,
    rehearsal::{Rehearsal, known},
};
use azure::{Azure, Clock, Kind};
use azure_simulator::faults::Fault;
use futures::StreamExt;
use serde_json::json;
use std::time::Duration;

/// The caller has used up its requests for so many seconds.
fn throttled(seconds: u64) -> Fault {
    Fault { method: Some("GET".to_owned()), retry_after: Some(seconds), ..known("throttled") }
}

#[tokio::test]
async fn a_throttled_read_holds_every_read_of_the_subscription_and_no_write() {
    let (rehearsal, hand) = (Rehearsal::start().await, Hand::new());
    let vault = rehearsal.vault(&rehearsal.azure(), "kv-shop-1").await;
    let azure = Azure::connect_by(rehearsal.config(), hand.clone()).unwrap();
    let group = vault.scope().unwrap();
    let reads_before = rehearsal.answered("GET", &group).len();
    rehearsal.goes_wrong(throttled(7));
    let after = Duration::from_secs(7);
    assert_eq!(azure.arm().get(&group).await.unwrap_err().kind(), Kind::Throttled { after });

    let reads = [vault, group.clone()].map(|id| {
        let azure = azure.clone();
        tokio::spawn(async move { azure.arm().get(&id).await })
    });
    azure.arm().put(&group, &json!({"location": "westeurope"})).await.unwrap();
    assert_eq!(rehearsal.answered("GET", &group).len(), reads_before + 1, "the reads wait for their time");
    while !reads.iter().all(|read| read.is_finished()) {
        hand.advance(1_000);
        tokio::task::yield_now().await;
    }
    for read in reads {
        assert!(read.await.unwrap().unwrap().is_some());
    }
    assert!(hand.running_ms() >= 7_000);
    rehearsal.end().await;
}

#[tokio::test]
async fn a_wait_that_is_too_long_for_a_call_comes_back_without_being_sent() {
    let (rehearsal, hand) = (Rehearsal::start().await, Hand::new());
    let azure = Azure::connect_by(rehearsal.config(), hand.clone()).unwrap();
    let group = rehearsal.group(&azure).await;
    rehearsal.goes_wrong(throttled(40));
    azure.arm().get(&group).await.unwrap_err();
    hand.advance(10_000);
    let error = azure.arm().get(&group).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Throttled { after } if after >= Duration::from_secs(30)), "{error}");
    assert_eq!(error.status(), None);
    assert!(error.message().contains("no room for more reads of this subscription"), "{error}");
    assert_eq!(rehearsal.answered("GET", &group), [429]);
    rehearsal.end().await;
}

#[tokio::test]
async fn a_throttled_cluster_holds_itself_alone() {
    let (rehearsal, hand) = (Rehearsal::start().await, Hand::new());
    let calm = rehearsal.cluster(&rehearsal.azure(), "calm").await;
    let azure = Azure::connect_by(rehearsal.config(), hand).unwrap();
    let group = calm.scope().unwrap();
    let busy = group.child("Microsoft.ContainerService/managedClusters", "busy");
    rehearsal.goes_wrong(Fault {
        method: Some("GET".to_owned()),
        path: Some(busy.to_string()),
        ..known("aks-throttled")
    });
    let after = Duration::from_secs(60);
    assert_eq!(azure.arm().get(&busy).await.unwrap_err().kind(), Kind::Throttled { after });
    let error = azure.arm().get(&busy).await.unwrap_err();
    assert!(error.message().contains("no room for more reads of AKS"), "{error}");
    assert_eq!(rehearsal.answered("GET", &busy), [429]);
    assert!(azure.arm().get(&calm).await.unwrap().is_some());
    assert!(azure.arm().get(&group).await.unwrap().is_some());
    rehearsal.end().await;
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

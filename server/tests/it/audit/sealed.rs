//! Sealing: in the order of what is committed, once, whoever does it and however many do.

use crate::support::bed::{Bed, both, number};
use crate::support::wire::seal;
use domain::Moment;
use domain::audit::{Act, Actor, Entry, Subject};
use keystead::audit::Sealer;
use keystead::store::{Both, Store, audit};

fn entry(number: i64) -> Entry {
    Entry::new(Moment(number), Act::LookAsked, Actor::keystead(), Subject::installation("test", format!("n{number}")))
}

async fn append(store: &Store, number: i64) {
    let mut tx = store.begin().await.unwrap();
    audit::append(&mut tx, &entry(number)).await.unwrap();
    tx.commit().await.unwrap();
}

fn sealer(bed: &Bed) -> Sealer {
    Sealer::new(bed.store.clone(), seal())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_late_comes_later_in_the_chain_and_is_in_it() {
    both(|bed| async move {
        let sealer = sealer(&bed);
        append(&bed.store, 1).await;
        if matches!(bed.store.read(), Both::Sqlite(_)) {
            return; // one writer: nothing is open while another commits
        }
        let mut open = bed.store.begin().await.unwrap();
        audit::append(&mut open, &entry(2)).await.unwrap();
        append(&bed.store, 3).await;
        assert_eq!(sealer.seal_all(Moment(10)).await.unwrap(), 2);
        open.commit().await.unwrap();
        assert_eq!(sealer.seal_all(Moment(11)).await.unwrap(), 1);
        assert_eq!(number(&bed.store, "select at from audit where seq = 3").await, 2);
        assert_eq!(sealer.seal_all(Moment(12)).await.unwrap(), 0);
        assert_eq!(number(&bed.store, "select count(*) from audit_seal").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sealers_that_meet_give_each_entry_one_place() {
    both(|bed| async move {
        let mut tx = bed.store.begin().await.unwrap();
        for number in 0..900 {
            audit::append(&mut tx, &entry(number)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let all = (0..4).map(|_| sealer(&bed)).map(|sealer| async move { sealer.seal_all(Moment(1)).await.unwrap() });
        let sealed: i64 = futures::future::join_all(all).await.into_iter().sum();
        assert_eq!(sealed, 900, "{}", bed.name);
        assert_eq!(number(&bed.store, "select count(distinct seq) from audit").await, 900);
        assert_eq!(number(&bed.store, "select max(seq) from audit").await, 900);
        assert_eq!(number(&bed.store, "select cast(sum(count) as bigint) from audit_seal").await, 900);
    })
    .await;
}

#[tokio::test]
async fn what_is_rolled_back_was_never_said() {
    both(|bed| async move {
        let mut tx = bed.store.begin().await.unwrap();
        audit::append(&mut tx, &entry(1)).await.unwrap();
        drop(tx);
        append(&bed.store, 2).await;
        assert_eq!(sealer(&bed).seal_all(Moment(3)).await.unwrap(), 1);
        assert_eq!(number(&bed.store, "select count(*) from audit").await, 1);
    })
    .await;
}

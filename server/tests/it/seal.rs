//! A change of the sealing key: what is sealed is sealed anew, and servers that run go on.

use crate::support::bed::{both, number, queued, text};
use domain::Moment;
use keystead::seal::{Seal, Sealed};
use keystead::store::reseal::{self, Changed, Lost};
use keystead::store::{Store, agreed, sealed};
use secrecy::{ExposeSecret, SecretString};

async fn keep(store: &Store, job: &keystead::store::job::Job, sealed: &Sealed) {
    let mut tx = store.begin().await.unwrap();
    sealed::keep(&mut tx, &job.request, sealed, Moment(0)).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_sealed_is_sealed_anew_and_every_server_opens_it() {
    both(|bed| async move {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let (command, replica) = (Seal::of_file(&path).unwrap(), Seal::of_file(&path).unwrap());
        let first = agreed::agree(&bed.store, agreed::SEAL_KEY, &command.id()).await.unwrap();
        let password = SecretString::from("correct horse");
        let mut jobs = Vec::new();
        for name in ["one", "two", "three"] {
            let job = queued(&bed.store, name, Vec::new(), Moment(0)).await;
            keep(&bed.store, &job, &replica.seal(&job.request, &password).unwrap()).await;
            jobs.push(job);
        }
        let next = command.grow().unwrap();
        let changed = reseal::change(&bed.store, &command, &next, Lost::Refuse, Moment(1)).await.unwrap();
        assert_eq!(changed, Changed { sealed_anew: 3, deleted: 0 });
        assert_eq!(sealed::count_by_key(&bed.store).await.unwrap(), [(next.clone(), 3)]);
        for job in &jobs {
            let kept = sealed::find(&bed.store, &job.request).await.unwrap().unwrap();
            assert_eq!(replica.open(&job.request, &kept).unwrap().expose_secret(), "correct horse");
        }
        // A server that has not heard of it sealed with the older key meanwhile; it hears of it before the next.
        assert_eq!(replica.id(), first);
        keep(&bed.store, &jobs[0], &replica.seal(&jobs[0].request, &password).unwrap()).await;
        let kept = sealed::find(&bed.store, &jobs[0].request).await.unwrap().unwrap();
        assert_eq!(command.open(&jobs[0].request, &kept).unwrap().expose_secret(), "correct horse");
        agreed::follow(&bed.store, &replica).await.unwrap();
        assert_eq!(replica.id(), next);
        let again = reseal::change(&bed.store, &replica, &next, Lost::Refuse, Moment(2)).await.unwrap();
        assert_eq!(again.sealed_anew, 1);
        let told = text(&bed.store, "select detail from audit where at = 1").await;
        assert!(told.contains(&format!("\"key_before\":\"{first}\"")) && !told.contains("horse"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn what_no_key_opens_stops_a_change_unless_it_may_be_deleted() {
    both(|bed| async move {
        let folder = tempfile::tempdir().unwrap();
        let (lost, left) = (folder.path().join("lost"), folder.path().join("left"));
        let (lost, left) = (Seal::of_file(&lost).unwrap(), Seal::of_file(&left).unwrap());
        agreed::agree(&bed.store, agreed::SEAL_KEY, &lost.id()).await.unwrap();
        for (name, seal) in [("one", &lost), ("two", &left)] {
            let job = queued(&bed.store, name, Vec::new(), Moment(0)).await;
            keep(&bed.store, &job, &seal.seal(&job.request, &SecretString::from("correct horse")).unwrap()).await;
        }
        let next = left.grow().unwrap();
        let refused = reseal::change(&bed.store, &left, &next, Lost::Refuse, Moment(1)).await.unwrap_err();
        assert!(refused.to_string().contains("`keystead migrate --new-seal-key` deletes"), "{refused}");
        assert_eq!(agreed::agree(&bed.store, agreed::SEAL_KEY, "").await.unwrap(), lost.id());
        assert_eq!(sealed::count_by_key(&bed.store).await.unwrap().len(), 2, "nothing was changed");
        let changed = reseal::change(&bed.store, &left, &next, Lost::Delete, Moment(1)).await.unwrap();
        assert_eq!(changed, Changed { sealed_anew: 1, deleted: 1 });
        assert_eq!(number(&bed.store, "select count(*) from sealed").await, 1);
    })
    .await;
}

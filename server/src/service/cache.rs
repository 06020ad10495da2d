//! Answers of the database that are kept for a moment, because many ask for the same and it seldom changes.
//!
//! Whatever is announced about an environment or a policy empties it before the next answer, so that whoever changes something sees
//! it at once. What other replicas change is heard as soon as the database has passed it on; a hint that is lost, or was
//! never given because its writer died, costs [`BELIEVED`] at most. An [exact](Cache::exact) one forgets also with every
//! transaction of this process. Of many who ask for the same at once, one asks the
//! database and the others wait for its answer.

use crate::store::{Change, Store};
use domain::Moment;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

/// Milliseconds for which an answer is believed.
const BELIEVED: i64 = 2_000;
/// Answers at the same time; beyond it starts anew.
const MOST: usize = 100;

/// Answers by what was asked.
pub(crate) struct Cache<K, V>(Mutex<Inner<K, V>>);

/// Where an answer is put as soon as it is there.
type Place<V> = Arc<OnceCell<Arc<V>>>;

struct Inner<K, V> {
    /// Each with when it was asked for.
    answers: HashMap<K, (Moment, Place<V>)>,
    changes: Receiver<Change>,
    /// Of an exact one: where transactions are counted, and how many there were.
    written: Option<(Store, u64)>,
}

impl<K: Hash + Eq, V> Cache<K, V> {
    pub(super) fn new(store: &Store) -> Self {
        Cache(Mutex::new(Inner { answers: HashMap::new(), changes: store.changes(), written: None }))
    }

    /// Whoever writes in this process sees it at once, announced or not.
    pub(crate) fn exact(store: &Store) -> Self {
        let written = Some((store.clone(), store.written()));
        Cache(Mutex::new(Inner { answers: HashMap::new(), changes: store.changes(), written }))
    }

    /// What is known, otherwise what `ask` answers.
    pub(crate) async fn read<E>(
        &self,
        key: K,
        now: Moment,
        ask: impl Future<Output = Result<V, E>>,
    ) -> Result<Arc<V>, E> {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).answer(key, now);
        answer.get_or_try_init(|| async { ask.await.map(Arc::new) }).await.cloned()
    }
}

impl<K: Hash + Eq, V> Inner<K, V> {
    /// The place of an answer to a question of now.
    fn answer(&mut self, key: K, now: Moment) -> Place<V> {
        self.catch_up();
        if let Some((_, answer)) = self.answers.get(&key).filter(|(since, _)| now.since(*since) < BELIEVED) {
            return answer.clone();
        }
        if self.answers.len() >= MOST {
            self.answers.clear();
        }
        let answer = Arc::default();
        self.answers.insert(key, (now, Arc::clone(&answer)));
        answer
    }

    /// Forgets everything where something was announced since; whoever waits for an answer still gets it.
    fn catch_up(&mut self) {
        if let Some((store, seen)) = &mut self.written {
            let now = store.written();
            if now != *seen {
                *seen = now;
                self.answers.clear();
            }
        }
        loop {
            match self.changes.try_recv() {
                Ok(Change::Environment(_) | Change::Policies | Change::Any) | Err(TryRecvError::Lagged(_)) => {
                    self.answers.clear()
                }
                Ok(_) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::store::Use;
    use domain::id::EnvironmentId;

    async fn store(folder: &tempfile::TempDir) -> Store {
        Store::open(folder.path().join("keystead.db").to_str().unwrap(), Use::Command).await.unwrap()
    }

    async fn ask(cache: &Cache<&'static str, i64>, at: i64, answer: i64) -> i64 {
        *cache.read("key", Moment(at), async { Ok::<_, ()>(answer) }).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_believed_until_something_changes_or_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let cache = Cache::new(&store);
        assert_eq!(ask(&cache, 0, 1).await, 1);
        assert_eq!(ask(&cache, BELIEVED - 1, 2).await, 1);
        assert_eq!(ask(&cache, BELIEVED, 3).await, 3);
        store.announce(Change::Timer).await;
        assert_eq!(ask(&cache, BELIEVED, 4).await, 3);
        store.announce(Change::Environment(EnvironmentId::new("one"))).await;
        assert_eq!(ask(&cache, BELIEVED, 5).await, 5);
    }

    #[tokio::test]
    async fn an_exact_one_forgets_with_every_transaction() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let cache = Cache::exact(&store);
        assert_eq!(ask(&cache, 0, 1).await, 1);
        assert_eq!(ask(&cache, 0, 2).await, 1);
        store.begin().await.unwrap().commit().await.unwrap();
        assert_eq!(ask(&cache, 0, 3).await, 3);
        store.join().await.unwrap().commit().await.unwrap();
        assert_eq!(ask(&cache, 0, 4).await, 4);
    }

    #[tokio::test]
    async fn what_was_asked_before_a_change_is_not_believed_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let cache = Cache::new(&store);
        let slow = cache.read("key", Moment(0), async {
            store.announce(Change::Environment(EnvironmentId::new("one"))).await;
            Ok::<_, ()>(1)
        });
        assert_eq!(*slow.await.unwrap(), 1);
        assert_eq!(ask(&cache, 0, 2).await, 2);
    }

    #[tokio::test]
    async fn of_many_who_ask_at_once_one_asks_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(&store(&folder).await);
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let reads = (0..20).map(|_| {
            cache.read("key", Moment(0), async {
                tokio::task::yield_now().await;
                Ok::<_, ()>(asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
            })
        });
        let answers = futures::future::join_all(reads).await;
        assert!(answers.iter().all(|answer| **answer.as_ref().unwrap() == 0));
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(&store(&folder).await);
        assert_eq!(cache.read("key", Moment(0), async { Err("away") }).await, Err("away"));
        assert_eq!(ask(&cache, 0, 1).await, 1);
    }
}

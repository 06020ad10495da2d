//! Answers of the database that are kept for a moment, because many ask for the same and it seldom changes.
//!
//! Whatever is announced about an environment empties it before the next answer, so that whoever changes something sees
//! it at once. What other replicas change is heard as soon as the database has passed it on; a hint that is lost, or was
//! never given because its writer died, costs [`BELIEVED`] at most.

use crate::store::{Change, Store};
use domain::Moment;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

/// Milliseconds for which an answer is believed.
const BELIEVED: i64 = 2_000;
/// Answers at the same time; beyond it starts anew.
const MOST: usize = 100;

/// Answers by what was asked.
pub(super) struct Cache<K, V>(Mutex<Inner<K, V>>);

struct Inner<K, V> {
    answers: HashMap<K, (Moment, Arc<V>)>,
    changes: Receiver<Change>,
    /// How often everything was forgotten: what was asked before that is not put in any more.
    forgotten: u64,
}

impl<K: Hash + Eq, V> Cache<K, V> {
    pub(super) fn new(store: &Store) -> Self {
        Cache(Mutex::new(Inner { answers: HashMap::new(), changes: store.changes(), forgotten: 0 }))
    }

    /// What is known, otherwise what `ask` answers.
    pub(super) async fn read<E>(
        &self,
        key: K,
        now: Moment,
        ask: impl Future<Output = Result<V, E>>,
    ) -> Result<Arc<V>, E> {
        let forgotten = match self.known(&key, now) {
            Ok(known) => return Ok(known),
            Err(forgotten) => forgotten,
        };
        let answer = Arc::new(ask.await?);
        self.remember(key, now, answer.clone(), forgotten);
        Ok(answer)
    }

    /// Where nothing is known, the number that [`Cache::remember`] asks for.
    fn known(&self, key: &K, now: Moment) -> Result<Arc<V>, u64> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.catch_up();
        let known = inner.answers.get(key).filter(|(at, _)| now.since(*at) < BELIEVED);
        known.map(|(_, answer)| answer.clone()).ok_or(inner.forgotten)
    }

    fn remember(&self, key: K, at: Moment, answer: Arc<V>, forgotten: u64) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.catch_up();
        if inner.forgotten != forgotten {
            return;
        }
        if inner.answers.len() >= MOST {
            inner.answers.clear();
        }
        inner.answers.insert(key, (at, answer));
    }
}

impl<K, V> Inner<K, V> {
    /// Forgets everything where something was announced since.
    fn catch_up(&mut self) {
        loop {
            match self.changes.try_recv() {
                Ok(Change::Environment(_) | Change::Any) | Err(TryRecvError::Lagged(_)) => {
                    self.answers.clear();
                    self.forgotten += 1;
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
}

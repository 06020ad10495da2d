//! Facts of the whole subscription that many jobs ask for at the same moment: one asks, the others wait for its answer.

use crate::error::Error;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Beyond so many answers all are forgotten.
const MANY: usize = 100;

type Answer = Arc<OnceCell<Arc<Option<Value>>>>;

/// Answers by path, with when they were asked for on a running clock.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<HashMap<String, (i64, Answer)>>>);

impl Shared {
    /// An answer that was asked for at most so long ago, otherwise what `ask` finds. A failure is nobody else's.
    pub(crate) async fn get(
        &self,
        path: &str,
        oldest: Duration,
        now: i64,
        ask: impl Future<Output = Result<Option<Value>, Error>>,
    ) -> Result<Arc<Option<Value>>, Error> {
        let oldest = i64::try_from(oldest.as_millis()).unwrap_or(i64::MAX);
        let answer = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match all.get(path).filter(|(at, _)| now - at < oldest) {
                Some((_, answer)) => Arc::clone(answer),
                None => {
                    if all.len() >= MANY {
                        all.clear();
                    }
                    let answer = Answer::default();
                    all.insert(path.to_owned(), (now, Arc::clone(&answer)));
                    answer
                }
            }
        };
        answer.get_or_try_init(|| async { ask.await.map(Arc::new) }).await.cloned()
    }
}

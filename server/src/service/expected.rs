//! The state that a program's change is meant for, held against the very one by which the change is decided.
//!
//! Whoever checks before would leave a gap: the thing could become another one between the check and the change. So the
//! service holds what it has read for the change against it, and its own guards (a request's level and round, the
//! position in a job's log) hold from there to the commit.

use super::tag::Tag;
use app::error::PortalError;
use app::portal::Answer;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};

tokio::task_local! {
    static EXPECTED: Expected;
}

struct Expected {
    /// As the program sent it.
    if_match: String,
    stale: AtomicBool,
}

/// Answers a change that is meant for this state; whether it turned out that the thing has another one.
pub async fn within<T>(if_match: &str, answer: impl Future<Output = T>) -> (T, bool) {
    let expected = Expected { if_match: if_match.to_owned(), stale: AtomicBool::new(false) };
    let inside = async {
        let answer = answer.await;
        (answer, EXPECTED.with(|expected| expected.stale.load(Ordering::Relaxed)))
    };
    EXPECTED.scope(expected, inside).await
}

/// Whether the change says which state it is meant for.
pub(super) fn is_given() -> bool {
    EXPECTED.try_with(|_| ()).is_ok()
}

/// Refuses where the thing is another one by now than the change is meant for.
pub(super) fn hold<T: Serialize>(collection: &str, thing: impl FnOnce() -> T) -> Answer<()> {
    let fits = EXPECTED.try_with(|expected| {
        let json = serde_json::to_vec(&thing()).unwrap_or_default();
        let fits = Tag::of(collection, &json).is_some_and(|tag| tag.is_state_of(&expected.if_match));
        expected.stale.store(!fits, Ordering::Relaxed);
        fits
    });
    match fits {
        Ok(false) => Err(PortalError::conflict("It has changed since you looked at it. Look again, then decide.")),
        Ok(true) | Err(_) => Ok(()),
    }
}

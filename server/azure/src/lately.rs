//! What one worker has just seen and written itself, so that its next step need not ask for it again.
//!
//! It belongs to one claim of a job and goes with it: whoever takes the job over looks anew. Two things are known: what
//! was not there, and that nothing lies in what was not there or what we made a moment ago. A write is noted before it
//! leaves, so that an answer that is lost leaves a question behind and no belief. Of documents only the last one read is
//! kept, for a step that looks and then acts.

use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// For how long what was seen is believed, in milliseconds: shorter than anybody takes to do something by hand.
const BELIEVED: i64 = 30_000;
/// Beyond so many, what is old is forgotten.
const MANY: usize = 64;

/// Cheap to clone; clones share what they know.
#[derive(Clone, Default)]
pub(crate) struct Lately(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    /// By path in lower case, with when it was learnt on a running clock.
    marks: HashMap<String, (i64, Mark)>,
    last: Option<(String, i64, Value)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Absent,
    /// Made by us, where nothing was before: nothing lies in it but what we put there.
    Made,
    /// Written to, with an outcome that has to be asked for.
    Written,
}

/// A write on its way.
pub(crate) struct Write {
    path: String,
    /// Nothing was there.
    makes: bool,
}

impl Lately {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document, or `None` where it is known to be absent; the outer `None` says that it has to be asked for.
    pub(crate) fn of(&self, path: &str, now: i64) -> Option<Option<Value>> {
        let path = path.to_ascii_lowercase();
        let known = self.known();
        if let Some((_, _, document)) = known.last.as_ref().filter(|last| last.0 == path && now - last.1 < BELIEVED) {
            return Some(Some(document.clone()));
        }
        known.is_absent(&path, now).then_some(None)
    }

    /// Notes what a read has found.
    pub(crate) fn read(&self, path: &str, found: Option<&Value>, now: i64) {
        let path = path.to_ascii_lowercase();
        let mut known = self.known();
        match found {
            Some(document) => {
                known.marks.remove(&path);
                known.last = Some((path, now, document.clone()));
            }
            None => known.mark(path, Mark::Absent, now),
        }
    }

    /// Notes a write that is about to leave: nothing is known any more of what it is about and what lies in it.
    pub(crate) fn writes(&self, path: &str, now: i64) -> Write {
        let path = path.to_ascii_lowercase();
        let mut known = self.known();
        let makes = known.is_absent(&path, now);
        let below = format!("{path}/");
        known.marks.retain(|other, _| !other.starts_with(&below));
        known.last = None;
        known.mark(path.clone(), Mark::Written, now);
        Write { path, makes }
    }

    /// Notes that a PUT was taken on.
    pub(crate) fn written(&self, write: Write, now: i64) {
        if write.makes {
            self.known().mark(write.path, Mark::Made, now);
        }
    }
}

impl Known {
    /// By its own mark, otherwise by that of the nearest thing around it that has one.
    fn is_absent(&self, path: &str, now: i64) -> bool {
        let mark = |path: &str| self.marks.get(path).filter(|(at, _)| now - at < BELIEVED).map(|(_, mark)| *mark);
        if let Some(mark) = mark(path) {
            return mark == Mark::Absent;
        }
        let mut around = path.rmatch_indices('/').filter_map(|(at, _)| mark(&path[..at]));
        around.next().is_some_and(|mark| matches!(mark, Mark::Absent | Mark::Made))
    }

    fn mark(&mut self, path: String, mark: Mark, now: i64) {
        if self.marks.len() >= MANY {
            self.marks.retain(|_, (at, _)| now - *at < BELIEVED);
        }
        self.marks.insert(path, (now, mark));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_lies_in_what_was_absent_or_was_just_made() {
        let lately = Lately::default();
        assert_eq!(lately.of("/rg/kv", 0), None, "nobody has looked");
        lately.read("/RG", None, 0);
        assert_eq!(lately.of("/rg/kv/role", 1), Some(None));
        assert_eq!(lately.of("/rg2", 1), None, "a name that only begins like it");
        let write = lately.writes("/rg", 2);
        assert_eq!(lately.of("/rg", 3), None);
        assert_eq!(lately.of("/rg/kv", 3), None, "its answer is not there yet");
        lately.written(write, 4);
        assert_eq!(lately.of("/rg", 5), None, "it is there; how, has to be asked");
        assert_eq!(lately.of("/rg/kv", 5), Some(None));
    }

    #[test]
    fn what_was_written_is_asked_for_until_the_answer_came() {
        let lately = Lately::default();
        lately.read("/rg", None, 0);
        lately.written(lately.writes("/rg", 0), 0);
        let lost = lately.writes("/rg/kv", 1);
        assert_eq!((lately.of("/rg/kv", 2), lately.of("/rg/kv/role", 2)), (None, None));
        drop(lost);
        assert_eq!(lately.of("/rg/aks", 2), Some(None));
        let again = lately.writes("/rg/kv", 3);
        lately.written(again, 4);
        assert_eq!(lately.of("/rg/kv/role", 5), None, "the first one may have come through, and somebody after it");
    }

    #[test]
    fn what_somebody_else_could_have_changed_by_now_is_not_believed() {
        let lately = Lately::default();
        lately.read("/rg", None, 0);
        lately.read("/rg/kv", Some(&json!({"a": 1})), 5);
        assert_eq!(lately.of("/rg/kv", 6), Some(Some(json!({"a": 1}))));
        assert_eq!(lately.of("/rg", BELIEVED), None);
        assert_eq!(lately.of("/rg/kv", BELIEVED + 5), None);
        lately.read("/rg/kv", Some(&json!({"a": 1})), BELIEVED + 6);
        lately.writes("/rg/kv/role", BELIEVED + 7);
        assert_eq!(lately.of("/rg/kv", BELIEVED + 8), None, "a write forgets every document");
    }
}

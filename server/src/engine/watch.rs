//! Watches leases that others hold: one that was not renewed for its length, on our own clock, has lapsed.
//!
//! Its holder promises to send nothing from a third of a lease before its end, counted on its running clock from before
//! its last renewal ([`super::lease`]). We count a whole lease on our running clock from after we first read the mark of
//! that renewal, which is later. Neither asks what time it is, so clocks that are set, or that never agreed, change
//! nothing; they only have to run about equally fast.

use crate::store::lease::Mark;
use std::collections::HashMap;
use std::hash::Hash;

/// Leases of jobs or of timers, by what they are on.
pub struct Watch<Key> {
    /// Of a lease, in milliseconds.
    length: i64,
    seen: HashMap<Key, Seen>,
}

struct Seen {
    mark: Mark,
    since_ms: i64,
}

impl<Key: Clone + Eq + Hash> Watch<Key> {
    pub fn new(length: i64) -> Watch<Key> {
        Watch { length, seen: HashMap::new() }
    }

    /// Takes everything that is held at a look; `read_ms` is the running clock after the answer came. Answers what has
    /// lapsed.
    pub fn look(&mut self, held: Vec<(Key, Mark)>, read_ms: i64) -> Vec<(Key, Mark)> {
        let mut before = std::mem::take(&mut self.seen);
        let mut lapsed = Vec::new();
        for (key, mark) in held {
            let seen = before.remove(&key).filter(|seen| seen.mark == mark);
            let seen = seen.unwrap_or(Seen { mark, since_ms: read_ms });
            if read_ms - seen.since_ms >= self.length {
                lapsed.push((key.clone(), mark));
            }
            self.seen.insert(key, seen);
        }
        lapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(epoch: i64, until: i64) -> Vec<(&'static str, Mark)> {
        vec![("job", Mark { epoch, until })]
    }

    #[test]
    fn a_lease_lapses_when_it_was_not_renewed_for_its_length_on_our_own_clock() {
        let mut watch = Watch::new(10_000);
        // What the holder wrote may lie in our past or in our future.
        assert!(watch.look(held(1, 5), 1_000_000).is_empty());
        assert!(watch.look(held(1, 6), 1_009_000).is_empty(), "renewed");
        assert!(watch.look(held(1, 6), 1_018_999).is_empty());
        assert_eq!(watch.look(held(1, 6), 1_019_000), held(1, 6));
    }

    #[test]
    fn a_lease_that_is_new_or_was_let_go_in_between_is_watched_anew() {
        let mut watch = Watch::new(10_000);
        watch.look(held(1, 5), 0);
        assert!(watch.look(held(2, 5), 20_000).is_empty(), "another holder");
        assert!(watch.look(Vec::new(), 40_000).is_empty());
        assert!(watch.look(held(2, 5), 60_000).is_empty(), "it was let go, and is held again");
        assert_eq!(watch.look(held(2, 5), 70_000), held(2, 5));
    }
}

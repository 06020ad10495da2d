//! How long each step's operations have taken here lately, so that one is first polled when it is usually done.
//!
//! Azure names the shortest wait between two polls, and counts polls: an operation of minutes that is asked after every
//! ten seconds has its subscription's polls used up by a few jobs. Known is what this process has seen since its start.

use super::deed::Outcome;
use super::step::{Progress, Undo};
use domain::Moment;
use domain::job::{Deed, Verb};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many of the newest count.
const KEPT: usize = 16;
/// An operation that has failed is noticed within this, however long it usually takes.
const LATEST: Duration = Duration::from_secs(60);
/// Between two polls passes this share of the time that the operation has taken so far, or what Azure asks for.
const SHARE: i64 = 16;
/// Or this share of what lies between the quickest and the slowest of the newest, where they differ much.
const SPREAD: i64 = 4;

/// By step and by whether it is removed.
#[derive(Default)]
pub(super) struct Usual(Mutex<HashMap<(String, bool), VecDeque<i64>>>);

/// An operation that is being followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Followed {
    since: Moment,
    polls: u32,
    /// Milliseconds between the quickest and the slowest of the newest.
    spread: i64,
}

/// Those that a worker has asked for, by step.
#[derive(Default)]
pub(super) struct Following(BTreeMap<String, Followed>);

impl Following {
    /// Says when to poll an operation next: when it is usually done, then in growing steps, never sooner than Azure asks.
    pub(super) fn pace(&mut self, usual: &Usual, deed: &Deed, outcome: &mut Outcome, now: Moment) {
        let removing = matches!(deed.verb, Verb::Undo | Verb::FollowUndo);
        let asks = matches!(deed.verb, Verb::Run | Verb::Undo);
        match outcome {
            Outcome::Built(Ok(Progress::Asked { after, .. })) | Outcome::Undone(Ok(Undo::Asked { after, .. })) => {
                if asks {
                    let (followed, first) = usual.begun(&deed.step, removing, *after, now);
                    self.0.insert(deed.step.clone(), followed);
                    *after = first;
                } else if let Some(followed) = self.0.get_mut(&deed.step) {
                    *after = followed.polled(*after, now);
                }
            }
            Outcome::Built(Ok(Progress::Made(_))) | Outcome::Undone(Ok(Undo::Gone)) => {
                if let Some(followed) = self.0.remove(&deed.step).filter(|_| !asks) {
                    usual.done(&deed.step, removing, followed, now);
                }
            }
            _ => drop(self.0.remove(&deed.step)),
        }
    }
}

impl Usual {
    /// When to poll first what was asked for at this moment: when the quickest of the newest was seen to be done.
    pub(super) fn begun(&self, step: &str, removing: bool, after: Duration, now: Moment) -> (Followed, Duration) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = || all.get(&(step.to_owned(), removing)).into_iter().flatten().copied();
        let (quickest, slowest) = (newest().min().unwrap_or(0), newest().max().unwrap_or(0));
        let followed = Followed { since: now, polls: 0, spread: slowest - quickest };
        (followed, after.max(Duration::from_millis(quickest.max(0).unsigned_abs()).min(LATEST)))
    }

    /// It was found done.
    pub(super) fn done(&self, step: &str, removing: bool, followed: Followed, now: Moment) {
        let took = now.since(followed.since);
        // Done at the first look says only that it did not take longer: the next one is looked at a little earlier.
        let took = if followed.polls == 0 { took - took / 8 } else { took };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = all.entry((step.to_owned(), removing)).or_default();
        if newest.len() >= KEPT {
            newest.pop_front();
        }
        newest.push_back(took);
    }
}

impl Followed {
    /// It still runs: how long until the next poll.
    pub(super) fn polled(&mut self, after: Duration, now: Moment) -> Duration {
        self.polls += 1;
        let taken = now.since(self.since);
        // Beyond what was ever seen nobody knows anything of it.
        let share = (taken / SHARE).max((self.spread / SPREAD).min(taken / 8));
        after.max(Duration::from_millis(share.max(0).unsigned_abs()).min(LATEST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(100);

    /// When an operation that takes so long is polled, in milliseconds after it was asked for.
    fn polls(usual: &Usual, takes: i64) -> Vec<i64> {
        let begun = Moment(1_000_000);
        let (mut followed, mut wait) = usual.begun("cluster", false, SOON, begun);
        let (mut now, mut polls) = (begun, Vec::new());
        loop {
            now = now.plus(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
            polls.push(now.since(begun));
            if now.since(begun) >= takes {
                usual.done("cluster", false, followed, now);
                return polls;
            }
            wait = followed.polled(SOON, now);
        }
    }

    #[test]
    fn what_is_known_to_take_long_is_asked_after_when_it_is_usually_done() {
        let usual = Usual::default();
        let first = polls(&usual, 3_000);
        assert!(first.len() > 20, "nothing is known yet: {first:?}");
        let second = polls(&usual, 3_000);
        assert!(second.len() <= 2 && second.last() < Some(&3_200), "{second:?}");
    }

    #[test]
    fn what_becomes_quicker_is_soon_found_done_as_soon_as_it_is() {
        let usual = Usual::default();
        for _ in 0..20 {
            polls(&usual, 3_000);
        }
        for _ in 0..20 {
            polls(&usual, 1_000);
        }
        assert!(polls(&usual, 1_000).last() < Some(&1_200));
    }

    #[test]
    fn no_wait_is_overrun_by_much_and_a_failure_is_noticed_within_a_minute() {
        let usual = Usual::default();
        for takes in [3_000, 240_000, 400_000] {
            for takes in [takes, takes + takes / 3, takes * 2] {
                let last = polls(&usual, takes).last().copied().unwrap_or_default();
                assert!(last <= takes + takes / 10 + 100, "{takes}: {last}");
            }
        }
        let (_, first) = usual.begun("cluster", false, SOON, Moment(0));
        assert!(first <= LATEST);
        assert_eq!(usual.begun("cluster", true, SOON, Moment(0)).1, SOON, "removing is another matter");
    }
}

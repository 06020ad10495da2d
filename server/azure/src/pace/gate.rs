//! One budget of Azure's, as its own answers tell it: what is left, how fast it comes back, and so when a call may leave.
//!
//! Azure Resource Manager counts in token buckets whose size and refill it tells nobody; each answer says what is left.
//! The refill is measured from two answers and the calls between them; where a 429 came before anything could be
//! measured, the time that it names for one more call stands for it. While plenty is left, calls leave at once. From a
//! quarter of the most that was ever left they are spread, the more the less there is, until at nothing left each waits
//! for what comes back.
//!
//! Some budgets (those of AKS) are told by nothing but the 429 that ends them. Of these what a 429 names is the pace for
//! all that follow, and each answer raises it: by half at first, by less after each further 429, so that it settles near
//! what comes back; once it is far above that, it is forgotten.

/// The share of the most that was left from which calls are spread.
const LOW: f64 = 0.25;
/// Over how long the refill is measured, in milliseconds: less says little, and in more the bucket may have been full.
const MEASURED: std::ops::RangeInclusive<i64> = 500..=5_000;

/// By what share an answer raises the pace of a budget that tells nothing: at first, and at least.
const GROWTH: std::ops::RangeInclusive<f64> = 0.02..=1.0;
/// How many times faster than what a 429 named calls may leave before it is forgotten.
const FORGOTTEN: f64 = 100.0;

/// What sums of shares may be off, in milliseconds.
const ROUNDING: f64 = 0.001;

/// How late a timer may wake who waits: the next one is let go so much earlier; in milliseconds.
const LATE: f64 = 10.0;

/// Times are milliseconds on a running clock.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// Nothing leaves before.
    shut_until: i64,
    /// When the last call left, or was to leave, had no timer been late.
    sent_at: f64,
    left: Option<Left>,
    most: f64,
    refill: Refill,
    /// Of a budget that tells nothing: the slowest pace that a 429 named, and the share by which the next answer raises the pace.
    blind: Option<(f64, f64)>,
    /// From where the refill is measured, and the answers since.
    mark: Option<(Left, u32)>,
}

/// What was left, and when.
#[derive(Clone, Copy, Debug)]
struct Left {
    calls: f64,
    at: i64,
}

/// Calls that come back each millisecond.
#[derive(Clone, Copy, Debug, Default)]
enum Refill {
    #[default]
    Unknown,
    /// By what a 429 named.
    Named(f64),
    Measured(f64),
}

impl Refill {
    fn rate(self) -> Option<f64> {
        match self {
            Refill::Unknown => None,
            Refill::Named(rate) | Refill::Measured(rate) => Some(rate),
        }
    }
}

impl Gate {
    /// How long until the next call may leave; 0 is now.
    pub(super) fn wait(&self, now: i64) -> i64 {
        let free = match self.blind {
            Some(_) => self.spacing(now),
            None => self.sent_at + self.spacing(now) - milliseconds(now),
        };
        #[allow(clippy::cast_possible_truncation)] // a share of a time that Azure named
        let free = (free - ROUNDING).ceil() as i64;
        free.max(self.shut_until - now).max(0)
    }

    /// Milliseconds between two calls, as things stand; of a budget that tells nothing, from now to the next.
    pub(super) fn spacing(&self, now: i64) -> f64 {
        let (Some(left), Some(rate)) = (self.left_at(now), self.refill.rate()) else { return 0.0 };
        let low = if self.blind.is_some() { 1.0 } else { self.most * LOW };
        if left < low { (1.0 - left / low) / rate } else { 0.0 }
    }

    /// The same for those who stand in line: what was only named by a 429 holds until the next answer, and no longer.
    pub(super) fn spacing_in_line(&self, now: i64) -> f64 {
        if matches!(self.refill, Refill::Measured(_)) { self.spacing(now) } else { 0.0 }
    }

    fn left_at(&self, now: i64) -> Option<f64> {
        let left = self.left?;
        let back = self.refill.rate().unwrap_or_default() * milliseconds(now - left.at);
        // How much a budget that tells nothing holds, nobody knows: all that came back since it was empty.
        Some(if self.blind.is_some() { left.calls + back } else { (left.calls + back).min(self.most) })
    }

    /// A call leaves.
    pub(super) fn leave(&mut self, now: i64) {
        self.sent_at = (self.sent_at + self.spacing(now)).max(milliseconds(now) - LATE);
        self.left = self.left_at(now).map(|calls| Left { calls: calls - 1.0, at: now });
    }

    /// An answer says what is left.
    pub(super) fn told(&mut self, now: i64, calls: f64) {
        self.blind = None;
        self.most = self.most.max(calls);
        let left = Left { calls, at: now };
        self.left = Some(left);
        let Some((from, answers)) = self.mark.as_mut() else {
            self.mark = Some((left, 0));
            return;
        };
        *answers += 1;
        let (spent, passed) = (f64::from(*answers), now - from.at);
        if passed < *MEASURED.start() {
            return;
        }
        let rate = (calls - from.calls + spent) / milliseconds(passed);
        // A full bucket hides what came back, and so does what others have taken meanwhile.
        if passed <= *MEASURED.end() && calls < self.most && rate > 0.0 {
            self.refill = match self.refill {
                Refill::Measured(before) => Refill::Measured((before + rate) / 2.0),
                Refill::Unknown | Refill::Named(_) => Refill::Measured(rate),
            };
        }
        self.mark = Some((left, 0));
    }

    /// An answer says nothing of what is left: where none ever did, there is nothing to go by but the next 429.
    pub(super) fn untold(&mut self) {
        let (Some((named, growth)), Some(rate)) = (self.blind, self.refill.rate()) else { return };
        let rate = rate * (1.0 + growth);
        if rate > named * FORGOTTEN {
            (self.blind, self.left, self.mark, self.refill) = (None, None, None, Refill::Unknown);
        } else {
            self.refill = Refill::Named(rate);
        }
    }

    /// An answer says that nothing is to be sent for so long.
    pub(super) fn shut(&mut self, now: i64, millis: i64) {
        self.shut_until = self.shut_until.max(now + millis);
        let left = Left { calls: 0.0, at: now };
        self.left = Some(left);
        let named = 1.0 / milliseconds(millis.max(1));
        if self.most < 1.0 || self.blind.is_some() {
            // It never told anything.
            let (before, growth) = self.blind.unwrap_or((named, *GROWTH.end()));
            // It names the time until there is room for one more, which is never longer than one takes to come back.
            let named = named.min(before);
            self.blind = Some((named, (growth / 2.0).max(*GROWTH.start())));
            self.refill = Refill::Named(named);
            // When it opens there is room for one call.
            #[allow(clippy::cast_possible_truncation)] // it was made from so many milliseconds
            let at = self.shut_until - (1.0 / named).round() as i64;
            self.left = Some(Left { calls: 0.0, at });
            return;
        }
        self.mark = Some((left, 0));
        if matches!(self.refill, Refill::Unknown) {
            self.refill = Refill::Named(named);
        }
    }
}

#[allow(clippy::cast_precision_loss)] // no wait is so long
fn milliseconds(millis: i64) -> f64 {
    millis as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bucket as Azure Resource Manager has them.
    struct Bucket {
        left: f64,
        at: i64,
    }

    const SIZE: f64 = 250.0;
    const REFILL: f64 = 0.025;

    impl Bucket {
        fn take(&mut self, now: i64) -> Result<f64, i64> {
            self.left = (self.left + REFILL * milliseconds(now - self.at)).min(SIZE);
            self.at = now;
            if self.left < 1.0 {
                return Err(1_000);
            }
            self.left -= 1.0;
            Ok(self.left.floor())
        }
    }

    /// So many calls through the gate, as fast as it lets them; when the last one was answered, and how many were refused.
    fn pass(gate: &mut Gate, bucket: &mut Bucket, calls: u32) -> (i64, u32) {
        let (mut now, mut answered, mut refused) = (bucket.at, 0, 0);
        while answered < calls {
            let wait = gate.wait(now);
            if wait > 0 {
                now += wait;
                continue;
            }
            gate.leave(now);
            // The wire takes a little, so that more than one is under way.
            now += 2;
            match bucket.take(now) {
                Ok(left) => {
                    gate.told(now, left);
                    answered += 1;
                }
                Err(after) => {
                    gate.shut(now, after);
                    refused += 1;
                }
            }
        }
        (now, refused)
    }

    #[test]
    fn a_thousand_calls_take_about_as_long_as_the_budget_allows_and_hardly_one_is_refused() {
        let (mut gate, mut bucket) = (Gate::default(), Bucket { left: SIZE, at: 0 });
        let (took, refused) = pass(&mut gate, &mut bucket, 1_000);
        let ideal = (1_000.0 - SIZE) / REFILL;
        assert!(milliseconds(took) < ideal * 1.1, "{took} ms where {ideal} are possible");
        assert!(refused <= 5, "{refused} of 1,000 were refused");
    }

    #[test]
    fn while_plenty_is_left_nothing_waits_and_after_a_rest_neither() {
        let (mut gate, mut bucket) = (Gate::default(), Bucket { left: SIZE, at: 0 });
        assert_eq!(pass(&mut gate, &mut bucket, 100), (200, 0));
        let (low, _) = pass(&mut gate, &mut bucket, 400);
        assert!(gate.spacing(low) > 0.0);
        assert!(gate.spacing(low + 60_000) <= 0.0, "what has come back meanwhile counts");
    }

    #[test]
    fn nothing_leaves_before_the_time_that_azure_named() {
        let mut gate = Gate::default();
        gate.leave(0);
        gate.shut(10, 7_000);
        gate.shut(20, 1_000);
        assert_eq!(gate.wait(20), 6_990);
        assert_eq!(gate.wait(7_010), 0);
        gate.leave(7_010);
        assert!(gate.wait(7_021) > 0, "one at a time until an answer says what is left, or that none will");
        let before = gate.wait(7_021);
        gate.untold();
        assert!(gate.wait(7_021) < before, "each answer raises the pace");
        (0..20).for_each(|_| gate.untold());
        assert_eq!(gate.wait(7_021), 0, "until nothing holds a call back");
    }

    #[test]
    fn a_budget_that_tells_nothing_is_kept_by_what_its_refusals_name() {
        const REFILL: f64 = 0.2;
        let (mut gate, mut left, mut now, mut answered, mut refused) = (Gate::default(), 200.0_f64, 0, 0, 0);
        while answered < 4_000 {
            let wait = gate.wait(now);
            if wait > 0 {
                (now, left) = (now + wait, (left + REFILL * milliseconds(wait)).min(200.0));
                continue;
            }
            gate.leave(now);
            (now, left) = (now + 1, (left + REFILL).min(200.0));
            if left >= 1.0 {
                (left, answered) = (left - 1.0, answered + 1);
                gate.untold();
            } else {
                refused += 1;
                gate.shut(now, 5);
            }
        }
        let ideal = (4_000.0 - 200.0) / REFILL;
        assert!(milliseconds(now) < ideal * 1.1, "{now} ms where {ideal} are possible");
        assert!(refused < 400, "{refused} of 4,000 were refused");
    }
}

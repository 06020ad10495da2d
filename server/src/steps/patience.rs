//! How long a step waits for a right that was just given: as long as Azure may take, measured and said.
//!
//! Microsoft says that a role assignment takes up to ten minutes to be seen everywhere; twenty are allowed here, because
//! some were seen to take longer. A refusal after a first success is still the assignment on its way: front ends learn
//! of it one after another.

use crate::engine::refusal::{self, failure};
use crate::engine::{Context, StepError};
use azure::Kind;
use domain::moment::duration;
use domain::view::job::Tone;

pub(super) const LONGEST_MS: i64 = 20 * 60_000;

/// A refusal by `whom` becomes a wait; after twenty minutes a person is asked. Other errors stay what they are.
pub(super) fn until_right(cx: &Context<'_>, error: azure::Error, whom: &str) -> StepError {
    if error.kind() != Kind::Denied {
        return error.into();
    }
    if cx.waited_ms() < LONGEST_MS {
        let why = format!("{}: the role has not reached {whom} yet", refusal::brief(&error));
        return StepError::after(cx.next_look(), why);
    }
    StepError::Person {
        failure: failure(
            "the role did not arrive",
            Some(refusal::quote(&error)),
            "The role was assigned twenty minutes ago and still does not count; Azure usually needs less than ten.",
            "Retry. If it is refused again, look whether something denies the right: a deny assignment, a firewall, a condition.",
            None,
        ),
    }
}

/// Says how long it took, where there was a wait at all.
pub(super) fn arrived(cx: &Context<'_>, whom: &str) {
    let waited = cx.waited_ms();
    if waited > 0 {
        cx.say(Tone::Done, format!("the role reached {whom} after {}", duration(waited)));
    }
}

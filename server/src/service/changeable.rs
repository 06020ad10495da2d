//! Whether an environment may be asked to become another one now, or why not: by what stands of it and what is going on.

use crate::store::environment::Environment;
use crate::store::event::Journal;
use domain::environment::State;
use domain::job;
use domain::view::Can;
use domain::wish::Wish;

/// Of an environment that was released.
pub(super) const LET_GO: &str = "Keystead has let go of it: what stands is looked after on Azure.";

pub(super) const ANOTHER_WAITS: &str = "Another request about this environment waits for its decision.";

/// By what stands and what is going on.
pub(super) fn changeable(environment: &Environment, journal: Option<&Journal>, waits: bool) -> Can {
    let Some(journal) = journal else { return Can::no("Nothing stands of it yet.") };
    match environment.state {
        State::Gone => return Can::no("Nothing of it is left."),
        State::Released => return Can::no(LET_GO),
        _ => {}
    }
    if waits {
        return Can::no(ANOTHER_WAITS);
    }
    let state = journal.status.state();
    if state.moving() {
        return Can::no("A job is at work on it: wait until it has ended, or cancel it first.");
    }
    if state != job::State::Succeeded && journal.status.ledger(&journal.job.outline).is_empty() {
        return Can::no("Nothing stands of it: roll its job back instead.");
    }
    if journal.status.goal == job::Goal::RollBack {
        return Can::no("Its job is being rolled back.");
    }
    Can::yes()
}

pub(super) fn purgeable(wish: &Wish) -> Can {
    match wish.vault.purge_protection {
        true => Can::no("Purge protection is on: Azure lets nobody purge the vault before its time."),
        false => Can::yes(),
    }
}

//! The front ends behind a vault's one name: requests go to them in turn, and a new assignment reaches one after another,
//! so that for a while the same request is granted, refused and granted again.
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::roles::Moment;

/// After which part of an assignment's way it counts at each of them. How many there are Azure does not tell.
const SHARES: [f64; 3] = [0.6, 0.8, 1.0];

/// Of so many vaults is known whose turn it is; then all begin again.
const MOST: usize = 10_000;

/// Whose turn it is, by the vault's id.
#[derive(Default)]
pub struct FrontEnds(Mutex<HashMap<String, usize>>);

impl FrontEnds {
    /// What the front end knows at which the next request about this vault arrives.
    pub(super) fn next(&self, vault: &str, now: Timestamp) -> Moment {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() >= MOST {
            turns.clear();
        }
        let turn = turns.entry(vault.to_ascii_lowercase()).or_default();
        let share = SHARES[*turn % SHARES.len()];
        *turn = turn.wrapping_add(1);
        Moment { now, share }
    }
}

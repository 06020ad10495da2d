//! What lists have in common: how many rows a page has, and whose rows a caller is shown.

use super::visible;
use app::error::PortalError;
use app::portal::Answer;
use domain::account::Caller;
use domain::field::FieldError;

/// Rows of a page where nothing is said, and the most there can be.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// As many as are wished.
pub(super) fn rows(limit: Option<u32>) -> Answer<usize> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(usize::try_from(limit).unwrap_or_default()),
        _ => Err(PortalError::invalid(vec![FieldError::new("limit", format!("A whole number from 1 to {MOST}."))])),
    }
}

/// The teams whose rows are shown, `None` for all: those that the caller sees, or the one that is wished of them. One
/// that the caller does not see, or that a comma would split, has no rows.
pub(super) fn teams(caller: &Caller, wished: &str) -> Option<Vec<String>> {
    let seen = visible(caller);
    if wished.is_empty() {
        return seen;
    }
    let sees = seen.is_none_or(|teams| teams.iter().any(|team| team == wished));
    Some(Some(wished.to_owned()).filter(|team| sees && !team.contains(',')).into_iter().collect())
}

//! What stands behind the question mark of an address.

use serde::Deserialize;
use utoipa::IntoParams;

/// What becomes of what Azure would keep.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct Purge {
    /// Azure keeps nothing of the vault, and its name is free at once.
    pub purge: bool,
}

/// Which version is meant.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct Shown {
    /// Without it the one that is on, or else the newest.
    pub version: Option<u32>,
    /// A version that is not on is tried out against the requests of so many days.
    pub days: u32,
}

/// Which lines of a job's log.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct Behind {
    /// Number of the last line that is known.
    pub after: i64,
    /// Lines of one page, from 1 to 200; 50 without it. A stream has no pages.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Which page of a list that nothing else bounds.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct Pages {
    /// `next` of the page before.
    pub after: String,
    /// Rows of one page, from 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

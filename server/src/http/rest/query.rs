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

//! What pages and REST answers are made of: one value a page, with everything on it and what the caller may do.

pub mod access;
pub mod audit;
pub mod environment;
pub mod job;
pub mod notice;
pub mod people;
pub mod plan;
pub mod policy;
pub mod request;
pub mod session;
pub mod team;
pub mod token;
pub mod webhook;

use serde::{Deserialize, Serialize};

/// A deed that a page may offer; a refused one carries its reason, so that the page explains itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Can {
    pub allowed: bool,
    /// Why not, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Can {
    pub fn yes() -> Can {
        Can { allowed: true, reason: None }
    }

    pub fn no(reason: impl Into<String>) -> Can {
        Can { allowed: false, reason: Some(reason.into()) }
    }
}

/// One page of a list; `next` is the cursor of the page after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub total: i64,
    pub next: Option<String>,
}

/// What stands on every page: who is signed in, and what waits for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub account: String,
    /// "Team Payments, manager".
    pub stands_for: String,
    /// Requests that wait for this caller's decision.
    pub inbox: i64,
    /// Environments that somebody has left behind and that this caller may take over.
    #[serde(default)]
    pub offers: i64,
    /// May ask for environments at all.
    pub requests: bool,
    /// May read the record, or some of it.
    pub audit: bool,
    /// May see who has an account.
    #[serde(default)]
    pub people: bool,
    /// Looks after the webhooks of some team.
    #[serde(default)]
    pub webhooks: bool,
}

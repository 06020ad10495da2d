//! Who could read an environment's secrets, and who did.

use crate::access::{Kind, Span};
use crate::moment::Moment;
use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// A minute in UTC, `2026-11-27T09:30`; empty for the newest look and everything before.
    pub at: String,
    /// A secret's name; empty for all.
    #[serde(rename = "secret")]
    pub of: String,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub environment: String,
    pub vault: String,
    /// The first look at who may; what ended before it is not known. `None` before any.
    pub since: Option<Moment>,
    /// The newest.
    pub looked: Option<Moment>,
    /// What could not be found out, as sentences.
    pub unknown: Vec<String>,
    /// The time that was asked about.
    pub at: Option<Moment>,
    pub holders: Vec<Holder>,
    /// Of the secrets.
    pub names: Vec<String>,
    /// When the server rendered this.
    pub now: Moment,
}

/// Somebody who could.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub name: String,
    pub principal: String,
    pub kind: Kind,
    /// The group by which.
    pub through: Option<String>,
    pub role: String,
    /// "on the vault", "inherited from the subscription".
    pub place: String,
    pub reads: bool,
    pub grants: bool,
    pub conditional: bool,
    pub span: Span,
    /// Of a time that was asked about: nobody looked just then, so it is not certain.
    pub perhaps: bool,
}

/// What the vault's own audit log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uses {
    /// Since when the vault writes it: no access before is in it.
    pub since: Option<Moment>,
    /// Newest first.
    pub rows: Vec<Use>,
    /// Whether there are more than are shown.
    pub more: bool,
}

/// One access to the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    pub at: Moment,
    pub who: String,
    /// "read a value", "set a value".
    pub what: String,
    /// The secret's name, where it was about one.
    pub of: Option<String>,
    /// Whether the vault allowed it.
    pub allowed: bool,
    /// From which address.
    pub from: String,
}

//! The record as its page shows it: what is looked for, and what is found.

use crate::moment::Moment;
use serde::{Deserialize, Serialize};

/// What is looked for; what is empty narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct Filter {
    /// Part of an account name: of who did it, or on whose behalf.
    pub person: String,
    /// An environment's name, or that of whatever else it was done to.
    pub environment: String,
    /// Key of an act.
    pub action: String,
    /// A team's name.
    pub team: String,
    /// First day, `2026-11-23`, in UTC.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Cursor of the page to show.
    pub after: String,
}

impl Filter {
    /// Names and values as an address carries them, the cursor left out.
    pub fn pairs(&self) -> [(&'static str, &str); 6] {
        [
            ("person", &self.person),
            ("environment", &self.environment),
            ("action", &self.action),
            ("team", &self.team),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    /// Whether it narrows anything.
    pub fn narrows(&self) -> bool {
        self.pairs().iter().any(|(_, value)| !value.is_empty())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub at: Moment,
    /// "Request approved".
    pub act: String,
    pub person: String,
    pub on_behalf_of: Option<String>,
    /// "browser, 10.1.2.3".
    pub way: String,
    /// Kind, id and name of what it was done to.
    pub subject: (String, String, String),
    pub environment: Option<String>,
    /// A team's title.
    pub team: Option<String>,
    pub digest: Option<String>,
    /// Names and values.
    pub detail: Vec<(String, String)>,
    /// Number in the chain, once it is sealed.
    pub seq: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    pub rows: Vec<Row>,
    pub next: Option<String>,
    /// Names and titles of the teams to narrow to.
    pub teams: Vec<(String, String)>,
    /// Number of the newest sealed entry and when it was sealed; `None` before the first.
    pub sealed: Option<(i64, Moment)>,
    /// The public key that checkpoints are signed with, in base64.
    pub key: String,
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// With the chain and its checkpoints, so that it can be checked.
    JsonLines,
    Csv,
}

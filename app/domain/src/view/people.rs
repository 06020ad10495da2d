//! Who has an account here, who has left, and what they have left behind.

use super::Can;
use crate::account::{AccountId, Role};
use crate::moment::Moment;
use serde::{Deserialize, Serialize};

/// Which rows a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct Filter {
    /// Those who are here, where nothing is said.
    #[cfg_attr(feature = "schema", param(inline))]
    pub show: Show,
    /// Part of an account name.
    pub search: String,
    /// Cursor of the page to show, or empty.
    pub after: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PeopleShown))]
#[serde(rename_all = "kebab-case")]
pub enum Show {
    /// Who has not left.
    #[default]
    Here,
    /// Of whom the directory says that the account is disabled or gone.
    Perhaps,
    Left,
}

impl Show {
    pub const ALL: [Show; 3] = [Show::Here, Show::Perhaps, Show::Left];

    pub fn key(self) -> &'static str {
        match self {
            Show::Here => "here",
            Show::Perhaps => "perhaps",
            Show::Left => "left",
        }
    }
}

/// What the directory says of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Directory {
    Enabled,
    Disabled,
    /// There is no such account any more.
    Gone,
}

impl Directory {
    pub const ALL: [Directory; 3] = [Directory::Enabled, Directory::Disabled, Directory::Gone];

    pub fn key(self) -> &'static str {
        match self {
            Directory::Enabled => "enabled",
            Directory::Disabled => "disabled",
            Directory::Gone => "gone",
        }
    }

    pub fn of_key(key: &str) -> Option<Directory> {
        Directory::ALL.into_iter().find(|directory| directory.key() == key)
    }
}

/// An account with what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Person))]
pub struct Row {
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: AccountId,
    pub name: String,
    pub roles: Vec<Role>,
    /// Titles of the teams at the last sign-in.
    pub teams: Vec<String>,
    /// The last sign-in.
    pub seen: Moment,
    /// Browsers that are signed in, and tokens that are valid.
    pub sessions: i64,
    pub tokens: i64,
    /// Environments of which this account is the owner, and requests that wait.
    pub environments: i64,
    pub requests: i64,
    /// When somebody said that this account has left, and who.
    pub left: Option<Left>,
    /// What the directory said last, where it was asked.
    pub directory: Option<Directory>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Left {
    pub at: Moment,
    pub by: String,
}

/// The newest look at the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Looked {
    pub at: Moment,
    /// Why it did not say, as a sentence.
    pub refused: Option<String>,
}

/// A page of accounts, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = People))]
pub struct List {
    pub rows: Vec<Row>,
    pub next: Option<String>,
    /// How many there are of each kind, under the same search.
    pub here: i64,
    pub perhaps: i64,
    pub left: i64,
    /// `None` before the first look.
    pub looked: Option<Looked>,
    /// Whether the caller may mark who has left.
    pub mark: Can,
    pub now: Moment,
}

/// What ended because somebody has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Ended {
    pub sessions: usize,
    pub tokens: usize,
    pub handovers: usize,
    /// Requests that were withdrawn.
    pub requests: usize,
    /// Environments that are offered to the managers of their teams.
    pub environments: usize,
}

impl Ended {
    /// "1 session, 2 requests and 1 environment", or nothing.
    pub fn said(&self) -> String {
        let counted = |count: usize, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {many}")),
        };
        let parts: Vec<String> = [
            counted(self.sessions, "session ended", "sessions ended"),
            counted(self.tokens, "token ended", "tokens ended"),
            counted(self.handovers, "hand-over ended", "hand-overs ended"),
            counted(self.requests, "request withdrawn", "requests withdrawn"),
            counted(self.environments, "environment offered to its team", "environments offered to their teams"),
        ]
        .into_iter()
        .flatten()
        .collect();
        parts.join(", ")
    }
}

/// An environment whose owner has left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behind {
    pub environment: String,
    /// A team's title.
    pub team: String,
    /// Account name of who has left, and when.
    pub owner: String,
    pub left: Moment,
}

//! Tokens of programs: a person's own, and those of a team's services.

use crate::moment::Moment;
use crate::name::TeamName;
use crate::permission::Action;
use serde::{Deserialize, Serialize};

/// Which rows a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct Filter {
    /// Service tokens of this team; without it the caller's own, and those of every team that it looks after.
    pub team: String,
    /// `next` of the page before.
    pub after: String,
    /// Rows of a page: 50 without it, at most 200.
    #[cfg_attr(feature = "schema", param(minimum = 1, maximum = 200))]
    pub limit: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = TokenState))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Valid,
    Expired,
    Revoked,
}

/// A token, without its text: that is shown once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Token))]
pub struct Row {
    pub id: String,
    /// As whoever made it calls it; older ones have none.
    pub name: String,
    /// Account name of its owner, or `service:TEAM/NAME` of a team's service.
    pub owner: String,
    /// Of a service token: whose service it is.
    pub service_of: Option<TeamName>,
    /// What it may do; empty: whatever its owner may. Seeing belongs to each.
    pub scopes: Vec<Action>,
    /// In which teams; empty: in all of its owner's.
    pub teams: Vec<TeamName>,
    pub created_at: Moment,
    /// Account name, or `Command line`.
    pub created_by: String,
    pub expires_at: Moment,
    /// To the minute.
    pub used_at: Option<Moment>,
    pub state: State,
    pub revoked_at: Option<Moment>,
    pub revoked_by: Option<String>,
}

/// A page of tokens, newest first, with what can be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Tokens))]
pub struct List {
    pub rows: Vec<Row>,
    pub next: Option<String>,
    pub offer: Offer,
}

/// What the caller may make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = TokenOffer))]
pub struct Offer {
    /// Teams that a token can be narrowed to, by name and title.
    pub teams: Vec<(String, String)>,
    /// Teams whose services the caller may give a token.
    pub services: Vec<(String, String)>,
    /// The longest lifetime that may be asked for.
    pub longest_days: u32,
}

/// A token that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = NewToken))]
#[serde(default, deny_unknown_fields)]
pub struct New {
    /// 1 to 60 characters; of a service token lower-case letters, digits and hyphens, because it becomes part of its name.
    pub name: String,
    /// Actions; empty: whatever its owner may.
    pub scopes: Vec<String>,
    /// Teams; empty: all of its owner's.
    pub teams: Vec<String>,
    /// A team: the token is its service's, and nobody's own.
    pub service_of: Option<String>,
    /// Days until it expires.
    pub expires_days: Option<u32>,
}

/// What was made. The text is shown here and never again.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = MadeToken))]
pub struct Made {
    /// To be sent as `Authorization: Bearer …`.
    pub token: String,
    #[serde(flatten)]
    pub row: Row,
}

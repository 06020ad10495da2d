//! Why something stopped and what to do about it: Azure's words unchanged, the cause, the remedy, and the way to mend it.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Failure {
    /// One line for a heading: "The vault could not be made: its name is held".
    pub title: String,
    /// Azure's (or the web app's) own words: `HTTP 409 VaultAlreadyExists: The vault name …`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    pub cause: String,
    pub remedy: String,
    /// A field on the stopped job that mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<Mend>,
}

/// What a person can give a stopped job so that it can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Mend {
    /// Another database password, sealed at once; no new approval.
    Password,
    /// Another vault name; the request goes back to its approver, then the same job goes on.
    VaultName,
    /// The plan as it is now, sent to its approver.
    Plan,
}

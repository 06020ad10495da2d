//! The RFC 9457 problem document that the server, its command line and later its webhooks share.

use crate::field::FieldError;
use serde::{Deserialize, Serialize};

/// `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A stable address, `/problems/CODE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is, the same words each time.
    pub title: String,
    /// The HTTP status, repeated for those who see only the body.
    pub status: u16,
    /// What went wrong this time and what would be right.
    pub detail: String,
    /// The number under which the log holds what is not told here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Wrong answers, one an entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

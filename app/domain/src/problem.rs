//! The RFC 9457 problem document that the server, its command line and later its webhooks share.

mod kinds;

pub use kinds::{KINDS, Kind};

use crate::field::FieldError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A stable address, `/problems/CODE`; behind it a page says what it means and what to do.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is, the same words each time.
    pub title: String,
    /// The HTTP status, repeated for those who see only the body.
    pub status: u16,
    /// What went wrong this time and what would be right.
    pub detail: String,
    /// The number under which the log holds what is not told here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Wrong answers, one an entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<WrongField>,
    /// The thing as it is now, where a change was meant for what it was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub current: Option<Value>,
}

/// One wrong answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WrongField {
    /// The field's name, or the query parameter's.
    pub field: String,
    /// Where it stands in the body that was sent, as a JSON pointer: `#/region`. None of a query parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What would be right.
    pub message: String,
}

impl From<FieldError> for WrongField {
    fn from(error: FieldError) -> WrongField {
        let pointer = Some(format!("#/{}", escaped(&error.field)));
        WrongField { field: error.field, pointer, message: error.message }
    }
}

impl From<WrongField> for FieldError {
    fn from(wrong: WrongField) -> FieldError {
        FieldError { field: wrong.field, message: wrong.message }
    }
}

/// A name as a part of a JSON pointer.
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

//! The one error that crosses the port: a code to branch on, a sentence to read, never an internal detail.

use domain::field::FieldError;
use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Not there, or not for this caller: nobody can tell which.
    NotFound,
    /// Answers are wrong; `fields` says which and what would be right.
    Invalid,
    /// Somebody else was first, or the thing is past this.
    Conflict,
    /// The caller sees it but may not do this; the message is the reason.
    Forbidden,
    /// Nobody is signed in (any more).
    SignedOut,
    /// Something that is needed does not answer; trying again later helps.
    Unavailable,
    /// The mistake is ours.
    Internal,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalError {
    pub code: Code,
    pub message: String,
    pub fields: Vec<FieldError>,
    /// Under this number the log holds the detail.
    pub incident: Option<String>,
}

impl PortalError {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        PortalError { code, message: message.into(), fields: Vec::new(), incident: None }
    }

    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing here by this name.")
    }

    pub fn forbidden(reason: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, reason)
    }

    pub fn signed_out() -> Self {
        Self::new(Code::SignedOut, "You are not signed in any more. Sign in again; what you typed is kept.")
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message)
    }

    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let message = match fields.len() {
            1 => "One answer needs a change.".to_owned(),
            many => format!("{many} answers need a change."),
        };
        PortalError { code: Code::Invalid, message, fields, incident: None }
    }
}

impl fmt::Display for PortalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PortalError {}

/// What goes wrong between the page and the server, in the same words as everything else.
impl FromServerFnError for PortalError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let code = if matches!(error, ServerFnErrorErr::Request(_)) { Code::Unavailable } else { Code::Internal };
        Self::new(code, "The server did not answer as expected. Try again in a moment.")
    }
}

//! What crosses the port of an inner failure: an incident; the detail is logged once, here.

use crate::store;
use app::error::{Code, PortalError};
use std::fmt::Display;

/// Logs the detail under a new incident.
pub(super) fn internal(what: &str, error: &dyn Display) -> PortalError {
    let incident: String = uuid::Uuid::new_v4().simple().to_string().chars().take(8).collect();
    tracing::error!(incident, %error, "{what} failed");
    let mut told = PortalError::new(Code::Internal, "Keystead made a mistake; nothing was changed by it.");
    told.incident = Some(incident);
    told
}

/// A failure of the store: what is not there is not there, everything else is ours.
pub(super) fn failed(what: &'static str) -> impl Fn(store::Error) -> PortalError {
    move |error| match error {
        store::Error::NotFound => PortalError::not_found(),
        store::Error::Repeated => PortalError::conflict("This has been done already, under the same key."),
        other => internal(what, &other),
    }
}

/// Azure did not answer as needed.
pub(super) fn azure(what: &str, error: &azure::Error) -> PortalError {
    tracing::warn!(%error, "{what} failed");
    PortalError::new(Code::Unavailable, "Azure does not answer at the moment; try again in a minute.")
}

/// Something that is needed does not answer; the sentence begins in lower case, as errors do.
pub(super) fn unavailable(what: &str) -> PortalError {
    tracing::warn!("{what}");
    PortalError::new(Code::Unavailable, format!("Not just now: {what}. Try again in a minute."))
}

//! The browser's way to the port: server functions, one file a noun, named as the port names them.
//!
//! They carry questions and what the script does while somebody types; every deed is a plain form post.

pub mod drafts;
pub mod environments;
pub mod frames;
pub mod jobs;
pub mod requests;

#[cfg(feature = "ssr")]
use crate::{error::PortalError, portal::Portal};
#[cfg(feature = "ssr")]
use domain::account::Caller;
#[cfg(feature = "ssr")]
use std::sync::Arc;

/// The port and who asks it; refused before sign-in.
#[cfg(feature = "ssr")]
fn port() -> Result<(Arc<dyn Portal>, Caller), PortalError> {
    let portal = leptos::prelude::use_context::<Arc<dyn Portal>>()
        .ok_or_else(|| PortalError::new(crate::error::Code::Internal, "The page was made without a portal."))?;
    let caller = leptos::prelude::use_context::<Option<Caller>>().flatten().ok_or_else(PortalError::signed_out)?;
    Ok((portal, caller))
}

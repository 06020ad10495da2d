//! What stands around every page: the installation, the signed-in account, and what the last post had to say.

use crate::context::{Installation, Notice, Theme};
use crate::error::PortalError;
use domain::view::Frame;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    pub installation: Installation,
    pub theme: Theme,
    pub notice: Option<Notice>,
    /// `None` before sign-in.
    pub frame: Option<Frame>,
}

#[server(prefix = "/ask", endpoint = "frames/around", input = Json)]
pub async fn around() -> Result<Surroundings, PortalError> {
    let installation = use_context().unwrap_or_default();
    let theme = use_context().unwrap_or_default();
    let notice = use_context::<crate::context::Flash>().and_then(|flash| flash.0);
    let frame = match super::port() {
        Ok((portal, caller)) => Some(portal.frame(&caller).await?),
        Err(_) => None,
    };
    Ok(Surroundings { installation, theme, notice, frame })
}

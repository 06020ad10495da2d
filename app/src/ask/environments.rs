//! Environments as lists and pages ask for them.

use crate::error::PortalError;
use domain::view::environment::{Filter, List, Whole};
use leptos::prelude::*;
use server_fn::codec::Json;

#[server(prefix = "/ask", endpoint = "environments/list", input = Json)]
pub async fn environments(filter: Filter) -> Result<List, PortalError> {
    let (portal, caller) = super::port()?;
    portal.environments(&caller, &filter).await
}

#[server(prefix = "/ask", endpoint = "environments/one", input = Json)]
pub async fn environment(name: String) -> Result<Whole, PortalError> {
    let (portal, caller) = super::port()?;
    portal.environment(&caller, &name).await
}

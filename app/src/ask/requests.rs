//! Requests as lists and pages ask for them, and the plan in the making.

use crate::error::PortalError;
use domain::form::Form;
use domain::id::RequestId;
use domain::view::Page;
use domain::view::request::{PlanPanel, Row, Show, Whole};
use leptos::prelude::*;
use server_fn::codec::Json;

#[server(prefix = "/ask", endpoint = "requests/list", input = Json)]
pub async fn requests(show: Show, after: String) -> Result<Page<Row>, PortalError> {
    let (portal, caller) = super::port()?;
    portal.requests(&caller, show, &after).await
}

#[server(prefix = "/ask", endpoint = "requests/one", input = Json)]
pub async fn request(id: RequestId) -> Result<Whole, PortalError> {
    let (portal, caller) = super::port()?;
    portal.request(&caller, &id).await
}

/// The plan of answers that are still being typed; the password stays in the browser.
#[server(prefix = "/ask", endpoint = "requests/plan", input = Json)]
pub async fn plan(form: Form, password_typed: bool) -> Result<PlanPanel, PortalError> {
    let (portal, caller) = super::port()?;
    portal.plan(&caller, &form, password_typed).await
}

//! What the script asks while somebody types: the plan of the answers, and a place to keep them.
//!
//! Pages are made by the server, and every deed is a plain form post; nothing else needs a server function.

#[cfg(feature = "ssr")]
use crate::error::Code;
use crate::error::PortalError;
use domain::form::Form;
use domain::id::DraftId;
use domain::view::request::PlanPanel;
use leptos::prelude::*;
use server_fn::codec::Json;

/// The plan of answers that are still being typed; the password stays in the browser.
#[server(prefix = "/ask", endpoint = "requests/plan", input = Json)]
pub async fn plan(form: Form, password_typed: bool) -> Result<PlanPanel, PortalError> {
    let (portal, caller) = crate::portal::asked()?;
    portal.plan(&caller, &form, password_typed).await
}

/// The plan of answers over an environment that stands.
#[server(prefix = "/ask", endpoint = "changes/plan", input = Json)]
pub async fn plan_change(environment: String, form: Form) -> Result<PlanPanel, PortalError> {
    let (portal, caller) = crate::portal::asked()?;
    portal.plan_change(&caller, &environment, &form).await
}

/// Keeps what has been typed so far; the password is not among the answers. `None` where the draft was sent or dropped
/// elsewhere: it stays gone, and what is typed next begins another.
#[server(prefix = "/ask", endpoint = "drafts/save", input = Json)]
pub async fn save_draft(draft: Option<DraftId>, form: Form) -> Result<Option<DraftId>, PortalError> {
    let (portal, caller) = crate::portal::asked()?;
    match portal.save_draft(&caller, draft.as_ref(), &form, &[], false).await {
        Err(error) if error.code == Code::NotFound => Ok(None),
        kept => kept.map(Some),
    }
}

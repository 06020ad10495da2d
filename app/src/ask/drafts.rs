//! The form as it is opened, and the draft that is kept while somebody types.

use crate::error::PortalError;
use domain::field::FieldError;
use domain::form::{Choices, Form};
use domain::id::DraftId;
use domain::view::request::PlanPanel;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;

/// The form with everything that it offers and what is known of its answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub choices: Choices,
    pub form: Form,
    pub draft: Option<DraftId>,
    /// Whether it was tried to send it: then every wrong answer is shown.
    pub tried: bool,
    /// What the last attempt was told beyond the rules.
    pub errors: Vec<FieldError>,
    pub plan: PlanPanel,
}

/// A draft as the list of requests shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub id: DraftId,
    /// What it will be called, or empty.
    pub name: String,
    pub saved: domain::Moment,
}

/// A new form (`draft` empty) or the answers of a draft.
#[server(prefix = "/ask", endpoint = "drafts/open", input = Json)]
pub async fn open(draft: String) -> Result<Opened, PortalError> {
    let (portal, caller) = super::port()?;
    let choices = portal.choices(&caller).await?;
    let opened = match draft.as_str() {
        "" => Opened {
            form: first(&choices),
            choices,
            draft: None,
            tried: false,
            errors: Vec::new(),
            plan: PlanPanel::default(),
        },
        id => {
            let draft = portal.draft(&caller, &DraftId::new(id)).await?;
            let (form, errors) = (draft.form, draft.errors);
            Opened { choices, form, draft: Some(draft.id), tried: draft.tried, errors, plan: PlanPanel::default() }
        }
    };
    let plan = portal.plan(&caller, &opened.form, false).await?;
    Ok(Opened { plan, ..opened })
}

/// The caller's drafts, newest first.
#[server(prefix = "/ask", endpoint = "drafts/list", input = Json)]
pub async fn drafts() -> Result<Vec<Kept>, PortalError> {
    let (portal, caller) = super::port()?;
    let drafts = portal.drafts(&caller).await?;
    Ok(drafts.into_iter().map(|draft| Kept { id: draft.id, name: draft.form.name, saved: draft.saved }).collect())
}

/// Keeps what has been typed so far; the password is not among the answers.
#[server(prefix = "/ask", endpoint = "drafts/save", input = Json)]
pub async fn save(draft: Option<DraftId>, form: Form) -> Result<DraftId, PortalError> {
    let (portal, caller) = super::port()?;
    portal.save_draft(&caller, draft.as_ref(), &form, &[], false).await
}

/// What a new form begins with: the only team, the first region, the first template.
#[cfg(feature = "ssr")]
fn first(choices: &Choices) -> Form {
    let team = match choices.teams.as_slice() {
        [only] => only.name.to_string(),
        _ => String::new(),
    };
    Form {
        team,
        region: choices.regions.first().map(|region| region.name.to_string()).unwrap_or_default(),
        template: choices.templates.first().map(|template| template.name.to_string()).unwrap_or_default(),
        ..Form::default()
    }
}

//! Plain posts of the form for a new environment: sent, looked at, kept, dropped.
//!
//! Every post of the form keeps all answers but the password in a draft first, so that nothing typed is lost.

use super::{done, refused};
use crate::http::Web;
use crate::http::caller::{Known, SignedIn};
use crate::http::sign_in::STRANDED;
use app::error::{Code, PortalError};
use app::portal::Submission;
use app::routes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use domain::account::Caller;
use domain::id::DraftId;
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

/// The form as a browser posts it.
#[derive(Deserialize)]
pub struct Posted {
    #[serde(flatten)]
    form: domain::form::Form,
    #[serde(default)]
    db_password: SecretString,
    #[serde(default)]
    draft: String,
    /// The deleted vault that the choice on the page was about.
    #[serde(default)]
    vault_held: String,
}

impl Posted {
    /// As they were typed; a choice that was made about one deleted vault is none about another.
    fn answers(&self) -> domain::form::Form {
        let mut form = self.form.clone();
        if !self.vault_held.is_empty() && !self.vault_held.eq_ignore_ascii_case(&form.vault()) {
            form.vault_deleted.clear();
        }
        form
    }

    fn draft(&self) -> Option<DraftId> {
        Some(self.draft.trim()).filter(|id| !id.is_empty()).map(DraftId::new)
    }
}

/// Of a form that was sent after the session had ended: kept until the person is signed in again.
async fn strand(session: &Session, posted: &Posted) -> Response {
    if let Err(error) = session.insert(STRANDED, &posted.answers()).await {
        tracing::error!(%error, "a form could not be kept for a stranger");
    }
    Redirect::to(&routes::sign_in_back_to(routes::new_environment())).into_response()
}

/// Keeps the draft; one that is gone is begun anew.
async fn keep(web: &Web, caller: &Caller, posted: &Posted, tried: bool) -> Result<DraftId, PortalError> {
    let (id, form) = (posted.draft(), posted.answers());
    match web.portal.save_draft(caller, id.as_ref(), &form, &[], tried).await {
        Err(error) if error.code == Code::NotFound => web.portal.save_draft(caller, None, &form, &[], tried).await,
        other => other,
    }
}

/// `POST /environments/new`: sends for approval.
pub async fn submit(
    State(web): State<Web>,
    Extension(Known(caller)): Extension<Known>,
    session: Session,
    Form(posted): Form<Posted>,
) -> Response {
    let Some(caller) = caller else { return strand(&session, &posted).await };
    let draft = match keep(&web, &caller, &posted, true).await {
        Ok(draft) => draft,
        Err(error) => return refused(routes::new_environment(), &error),
    };
    let form = posted.answers();
    let submission =
        Submission { form: form.clone(), password: super::typed(posted.db_password), draft: Some(draft.clone()) };
    match web.portal.submit(&caller, submission).await {
        Ok(request) => Redirect::to(&routes::request(&request)).into_response(),
        Err(error) => {
            let kept = web.portal.save_draft(&caller, Some(&draft), &form, &error.fields, true).await;
            match (error.code, kept) {
                (Code::Invalid, Ok(_)) => Redirect::to(&format!("{}&tried=1", routes::draft(&draft))).into_response(),
                _ => refused(&routes::draft(&draft), &error),
            }
        }
    }
}

/// `POST /environments/new/plan`: shows what would happen.
pub async fn plan(
    State(web): State<Web>,
    Extension(Known(caller)): Extension<Known>,
    session: Session,
    Form(posted): Form<Posted>,
) -> Response {
    let Some(caller) = caller else { return strand(&session, &posted).await };
    match keep(&web, &caller, &posted, false).await {
        Ok(draft) => Redirect::to(&format!("{}#plan", routes::draft(&draft))).into_response(),
        Err(error) => refused(routes::new_environment(), &error),
    }
}

/// `POST /environments/new/draft`: keeps it for later.
pub async fn draft(
    State(web): State<Web>,
    Extension(Known(caller)): Extension<Known>,
    session: Session,
    Form(posted): Form<Posted>,
) -> Response {
    let Some(caller) = caller else { return strand(&session, &posted).await };
    match keep(&web, &caller, &posted, false).await {
        Ok(_) => done(routes::requests(), "Kept as a draft; the password is not kept."),
        Err(error) => refused(routes::new_environment(), &error),
    }
}

#[derive(Deserialize)]
pub struct Dropped {
    draft: String,
}

/// `POST /environments/new/drop`.
pub async fn drop_draft(State(web): State<Web>, SignedIn(caller): SignedIn, Form(dropped): Form<Dropped>) -> Response {
    match web.portal.drop_draft(&caller, &DraftId::new(dropped.draft)).await {
        Ok(()) => done(routes::requests(), "The draft is dropped."),
        Err(error) => refused(routes::requests(), &error),
    }
}

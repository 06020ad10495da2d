//! Plain posts about a request: decide, withdraw.

use super::{done, refused};
use crate::http::Web;
use crate::http::caller::SignedIn;
use app::error::PortalError;
use app::routes;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::RequestId;
use domain::request::Decision;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Decided {
    decision: Decision,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    digest: String,
}

/// `POST /requests/{id}/decision`.
pub async fn decide(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(id): Path<RequestId>,
    form: Result<Form<Decided>, axum::extract::rejection::FormRejection>,
) -> Response {
    let page = routes::request(&id);
    let Ok(Form(decided)) = form else {
        return refused(&page, &PortalError::conflict("Choose whether to approve or to reject."));
    };
    match web.portal.decide(&caller, &id, decided.decision, &decided.comment, &decided.digest).await {
        Ok(whole) => match whole.job {
            Some(job) if decided.decision == Decision::Approve => Redirect::to(&routes::job(&job)).into_response(),
            _ => Redirect::to(&page).into_response(),
        },
        Err(error) => refused(&page, &error),
    }
}

/// `POST /requests/{id}/withdraw`.
pub async fn withdraw(State(web): State<Web>, SignedIn(caller): SignedIn, Path(id): Path<RequestId>) -> Response {
    let page = routes::request(&id);
    match web.portal.withdraw(&caller, &id).await {
        Ok(_) => done(&page, "The request is withdrawn."),
        Err(error) => refused(&page, &error),
    }
}

//! Plain posts about a request: decide, withdraw, comment; and about those who decide: hand over, take back.

use super::{done, refused};
use crate::http::Web;
use crate::http::caller::SignedIn;
use app::error::PortalError;
use app::routes;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::RequestId;
use domain::request::{self, Decision};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Decided {
    decision: Decision,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    digest: String,
    /// The level that the page showed.
    #[serde(default)]
    level: Option<u32>,
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
        return refused(&page, &PortalError::conflict("Choose whether to approve, to ask for changes or to reject."));
    };
    match web.portal.decide(&caller, &id, decided.decision, &decided.comment, &decided.digest, decided.level).await {
        Ok(whole) => match whole.job {
            Some(job) if decided.decision == Decision::Approve => Redirect::to(&routes::job(&job)).into_response(),
            _ => match (decided.decision, whole.row.state) {
                (Decision::Approve, request::State::Waiting) => done(&page, "Approved; others are asked now."),
                _ => Redirect::to(&page).into_response(),
            },
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

#[derive(Deserialize)]
pub struct Said {
    #[serde(default)]
    comment: String,
}

/// `POST /requests/{id}/comment`.
pub async fn comment(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(id): Path<RequestId>,
    Form(said): Form<Said>,
) -> Response {
    let page = routes::request(&id);
    match web.portal.comment(&caller, &id, &said.comment).await {
        Ok(_) => Redirect::to(&format!("{page}#record")).into_response(),
        Err(error) => refused(&page, &error),
    }
}

#[derive(Deserialize)]
pub struct HandedOver {
    #[serde(default)]
    to: String,
    #[serde(default)]
    until: String,
}

/// `POST /approvals/hand-over`.
pub async fn hand_over(State(web): State<Web>, SignedIn(caller): SignedIn, Form(form): Form<HandedOver>) -> Response {
    match web.portal.hand_over(&caller, &form.to, &form.until).await {
        Ok(()) => done(routes::approvals(), "Your approvals are handed over. You can still decide yourself."),
        Err(error) => refused(routes::approvals(), &error),
    }
}

/// `POST /approvals/take-back`.
pub async fn take_back(State(web): State<Web>, SignedIn(caller): SignedIn) -> Response {
    match web.portal.take_back(&caller).await {
        Ok(()) => done(routes::approvals(), "Your approvals are yours alone again."),
        Err(error) => refused(routes::approvals(), &error),
    }
}

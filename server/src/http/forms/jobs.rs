//! Plain posts about a job: cancel, retry (with another password where that is the remedy), another vault name or the plan anew, roll back, take over.

use super::{done, refused};
use crate::http::Web;
use crate::http::caller::SignedIn;
use app::routes;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::JobId;
use secrecy::SecretString;
use serde::Deserialize;

/// A word that is said with its reason.
#[derive(Deserialize)]
pub struct Word {
    #[serde(default)]
    reason: String,
}

/// `POST /jobs/{id}/cancel`.
pub async fn cancel(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(id): Path<JobId>,
    Form(word): Form<Word>,
) -> Response {
    let page = routes::job(&id);
    match web.portal.cancel(&caller, &id, &word.reason).await {
        Ok(()) => done(&page, "The job stops after the steps at work; what was made stays."),
        Err(error) => refused(&page, &error),
    }
}

#[derive(Deserialize)]
pub struct Retry {
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    reason: String,
}

/// `POST /jobs/{id}/retry`.
pub async fn retry(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(id): Path<JobId>,
    Form(retry): Form<Retry>,
) -> Response {
    let page = routes::job(&id);
    match web.portal.retry(&caller, &id, super::typed(retry.password), &retry.reason).await {
        Ok(()) => Redirect::to(&page).into_response(),
        Err(error) => refused(&page, &error),
    }
}

/// `POST /jobs/{id}/roll-back`.
pub async fn roll_back(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(id): Path<JobId>,
    Form(word): Form<Word>,
) -> Response {
    let page = routes::job(&id);
    match web.portal.roll_back(&caller, &id, &word.reason).await {
        Ok(()) => Redirect::to(&page).into_response(),
        Err(error) => refused(&page, &error),
    }
}

/// `POST /jobs/{id}/take-over`.
pub async fn take_over(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(id): Path<JobId>,
    Form(word): Form<Word>,
) -> Response {
    let page = routes::job(&id);
    match web.portal.take_over(&caller, &id, &word.reason).await {
        Ok(()) => done(&page, "Its worker writes nothing more; another goes on in about ten seconds."),
        Err(error) => refused(&page, &error),
    }
}

#[derive(Deserialize)]
pub struct AnotherName {
    #[serde(default)]
    vault_name: String,
}

/// `POST /jobs/{id}/vault-name`.
pub async fn vault_name(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(id): Path<JobId>,
    Form(another): Form<AnotherName>,
) -> Response {
    match web.portal.change_vault_name(&caller, &id, &another.vault_name).await {
        Ok(request) => {
            done(&routes::request(&request), "Sent back to the approver; the job goes on when it is approved.")
        }
        Err(error) => refused(&routes::job(&id), &error),
    }
}

/// `POST /jobs/{id}/plan`.
pub async fn plan_again(State(web): State<Web>, SignedIn(caller): SignedIn, Path(id): Path<JobId>) -> Response {
    match web.portal.plan_again(&caller, &id).await {
        Ok(request) => {
            done(&routes::request(&request), "Sent back to the approver; the job goes on when it is approved.")
        }
        Err(error) => refused(&routes::job(&id), &error),
    }
}

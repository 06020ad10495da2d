//! Plain posts about people: somebody has left, or is back; and what they have left behind is taken over.

use super::{done, refused};
use crate::http::Web;
use crate::http::caller::SignedIn;
use app::routes;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::account::AccountId;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Somebody {
    #[serde(default)]
    account: String,
}

/// `POST /people/leave`.
pub async fn leave(State(web): State<Web>, SignedIn(caller): SignedIn, Form(somebody): Form<Somebody>) -> Response {
    match web.portal.mark_left(&caller, &AccountId(somebody.account)).await {
        Ok(ended) => match ended.said().as_str() {
            "" => done(routes::people(), "Marked as having left. Nothing was open any more."),
            said => done(routes::people(), &format!("Marked as having left: {said}.")),
        },
        Err(error) => refused(routes::people(), &error),
    }
}

/// `POST /people/return`.
pub async fn come_back(State(web): State<Web>, SignedIn(caller): SignedIn, Form(somebody): Form<Somebody>) -> Response {
    match web.portal.mark_back(&caller, &AccountId(somebody.account)).await {
        Ok(()) => done(routes::people(), "Marked as being here: they may sign in again. What has ended stays ended."),
        Err(error) => refused(routes::people(), &error),
    }
}

/// `POST /environments/{name}/take-over`.
pub async fn take_on(State(web): State<Web>, SignedIn(caller): SignedIn, Path(name): Path<String>) -> Response {
    let page = routes::environment(&name);
    match web.portal.take_on(&caller, &name).await {
        Ok(()) => done(&page, "It is yours now: what is asked about it, is asked of you."),
        Err(error) => refused(&page, &error),
    }
}

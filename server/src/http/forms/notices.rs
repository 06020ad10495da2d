//! Plain posts about notices: what is to be mailed, and one that could not be delivered sent again.

use super::{done, refused};
use crate::http::Web;
use crate::http::caller::SignedIn;
use app::routes;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::notice::Kind;
use std::collections::BTreeMap;

/// `POST /notices/choices`: a field for each kind that is to be mailed, named by its key.
pub async fn choose(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Response {
    let mailed: Vec<Kind> = fields.keys().filter_map(|key| Kind::of_key(key)).collect();
    match web.portal.choose_notices(&caller, &mailed).await {
        Ok(()) => done(routes::notices(), "Kept. It holds for what happens from now on."),
        Err(error) => refused(routes::notices(), &error),
    }
}

/// `POST /notices/{id}/again`.
pub async fn again(State(web): State<Web>, SignedIn(caller): SignedIn, Path(id): Path<String>) -> Response {
    match web.portal.repeat_notice(&caller, &id).await {
        Ok(()) => done(routes::notices(), "It is sent again."),
        Err(error) => refused(routes::notices(), &error),
    }
}

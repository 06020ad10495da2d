//! Plain posts about sessions: one that is not known any more is ended, or all but this one.

use super::{done, refused};
use crate::http::Web;
use crate::http::caller::{InSession, SignedIn};
use app::routes;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;

/// `POST /sessions/{id}/end`.
pub async fn end(State(web): State<Web>, SignedIn(caller): SignedIn, Path(id): Path<String>) -> Response {
    match web.portal.end_session(&caller, &id).await {
        Ok(()) => done(routes::sessions(), "That session has ended."),
        Err(error) => refused(routes::sessions(), &error),
    }
}

/// `POST /sessions/end-others`.
pub async fn end_others(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Extension(InSession(here)): Extension<InSession>,
) -> Response {
    match web.portal.end_other_sessions(&caller, &here).await {
        Ok(()) => done(routes::sessions(), "You are signed in here alone."),
        Err(error) => refused(routes::sessions(), &error),
    }
}

//! Ends a sign-in: there is no session here, so it only sends the browser back.
use std::collections::BTreeMap;

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::{client, page};

/// GET or POST of the end-session endpoint.
pub(super) async fn answer(Query(parameters): Query<BTreeMap<String, String>>) -> Response {
    let Some(back) = parameters.get("post_logout_redirect_uri") else { return page::signed_out() };
    let Ok(mut back) = client::redirect(back) else { return page::signed_out() };
    if let Some(state) = parameters.get("state") {
        back.query_pairs_mut().append_pair("state", state);
    }
    (StatusCode::SEE_OTHER, [("location", back.to_string())]).into_response()
}

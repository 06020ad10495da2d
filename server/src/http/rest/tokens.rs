//! `/api/v1/tokens` lists and makes tokens; `/api/v1/tokens/{id}` reads and revokes one.

use super::body::Body;
use super::list::linked;
use super::problem::Refusal;
use super::refusals::{Unfound, Unread, Unsaid, Unshown};
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::view::token::{Filter, List, Made, New, Row};

/// Tokens of the caller's own and of services that the caller looks after, newest first; without their texts.
#[utoipa::path(
    get, path = "/api/v1/tokens", tag = "tokens", params(Filter),
    security(("token" = [])),
    responses((status = 200, description = "A page of them, with what can be made", body = List), Unfound)
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    OriginalUri(uri): OriginalUri,
    Query(filter): Query<Filter>,
) -> Result<impl IntoResponse, Refusal> {
    let list = web.portal.tokens(&caller, &filter).await?;
    Ok((linked(&uri, list.next.as_deref()), Json(list)))
}

/// Makes a token: of the caller's own, or of a team's service. Its text is in this answer alone. It has no more than the
/// token that makes it: scopes and teams that are not named are those of that one, and it ends with it.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "tokens",
    request_body(content = New, example = json!({
        "name": "nightly-build", "service_of": "payments", "scopes": ["request", "validate"], "expires_days": 30
    })),
    security(("token" = [])),
    responses((status = 201, description = "The token with its text", body = Made), Unsaid)
)]
pub async fn create(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Body(new): Body<New>,
) -> Result<impl IntoResponse, Refusal> {
    let made = web.portal.create_token(&caller, &new).await?;
    let place = format!("/api/v1/tokens/{}", made.row.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, place), (header::CACHE_CONTROL, "no-store".to_owned())], Json(made)))
}

/// A token, without its text.
#[utoipa::path(
    get, path = "/api/v1/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "Of the token")),
    security(("token" = [])),
    responses((status = 200, description = "The token", body = Row), Unread)
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<String>,
) -> Result<Json<Row>, Refusal> {
    Ok(Json(web.portal.token(&caller, &id).await?))
}

/// Revokes a token: it is refused at once at every server, and so is each that was made with it. A token may always revoke
/// itself.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "Of the token")),
    security(("token" = [])),
    responses((status = 200, description = "The token as it stands now", body = Row), Unshown)
)]
pub async fn revoke(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<String>,
) -> Result<Json<Row>, Refusal> {
    Ok(Json(web.portal.revoke_token(&caller, &id).await?))
}

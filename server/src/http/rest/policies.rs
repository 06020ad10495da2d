//! `/api/v1/policies` lists and begins, `/api/v1/policies/{name}` reads; `versions` and `switch` under it change one.

use super::body::Body;
use super::problem::Refusal;
use super::query::Shown;
use super::refusals::{Unasked, Unlisted, Unread, Unsaid};
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use domain::view::policy::{List, Whole};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Policies that may concern the caller, and the templates.
#[utoipa::path(
    get, path = "/api/v1/policies", tag = "policies",
    security(("token" = [])),
    responses((status = 200, description = "All of them", body = List), Unlisted)
)]
pub async fn list(State(web): State<Web>, Bearer(caller): Bearer) -> Result<Json<List>, Refusal> {
    Ok(Json(web.portal.policies(&caller).await?))
}

/// A policy; for those who see everything with its text, its versions, and what the shown one would have done.
#[utoipa::path(
    get, path = "/api/v1/policies/{name}", tag = "policies",
    params(("name" = String, Path, description = "Of the policy"), Shown),
    security(("token" = [])),
    responses((status = 200, description = "The policy", body = Whole), Unread)
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    Query(shown): Query<Shown>,
) -> Result<Json<Whole>, Refusal> {
    Ok(Json(web.portal.policy(&caller, &name, shown.version, shown.days).await?))
}

/// A policy's text.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"base": 0, "text": "title = \"Small clusters\"\ndeny = { nodes = { max = 5 } }\n"}))]
pub struct Text {
    /// As TOML.
    #[serde(default)]
    text: String,
    /// The version that it follows; 0 for the first.
    #[serde(default)]
    base: u32,
}

/// What was written.
#[derive(Serialize, ToSchema)]
pub struct Written {
    policy: String,
    version: u32,
}

/// Writes a new policy's first version; nothing is switched on by it.
#[utoipa::path(
    post, path = "/api/v1/policies", tag = "policies", request_body = Text,
    security(("token" = [])),
    responses((status = 201, description = "It is written", body = Written), Unasked)
)]
pub async fn begin(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Body(text): Body<Text>,
) -> Result<(StatusCode, Json<Written>), Refusal> {
    let (policy, version) = web.portal.write_policy(&caller, None, 0, &text.text).await?;
    Ok((StatusCode::CREATED, Json(Written { policy: policy.to_string(), version })))
}

/// Writes the version after `base`; nothing is switched on by it.
#[utoipa::path(
    post, path = "/api/v1/policies/{name}/versions", tag = "policies", request_body = Text,
    params(("name" = String, Path, description = "Of the policy")),
    security(("token" = [])),
    responses((status = 201, description = "It is written", body = Written), Unsaid)
)]
pub async fn write(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    Body(text): Body<Text>,
) -> Result<(StatusCode, Json<Written>), Refusal> {
    let (policy, version) = web.portal.write_policy(&caller, Some(&name), text.base, &text.text).await?;
    Ok((StatusCode::CREATED, Json(Written { policy: policy.to_string(), version })))
}

/// Which version shall be on.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"seen": 1, "version": 2}))]
pub struct Switch {
    /// That was on when this was decided; none where it was off.
    #[serde(default)]
    seen: Option<u32>,
    /// None switches the policy off.
    #[serde(default)]
    version: Option<u32>,
}

/// Switches a version on, or the policy off.
#[utoipa::path(
    post, path = "/api/v1/policies/{name}/switch", tag = "policies", request_body = Switch,
    params(("name" = String, Path, description = "Of the policy")),
    security(("token" = [])),
    responses((status = 204, description = "It is switched"), Unsaid)
)]
pub async fn switch(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    Body(switch): Body<Switch>,
) -> Result<StatusCode, Refusal> {
    web.portal.switch_policy(&caller, &name, switch.seen, switch.version).await?;
    Ok(StatusCode::NO_CONTENT)
}

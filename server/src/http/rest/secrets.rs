//! `/api/v1/environments/{name}/secrets` tells the secrets in an environment's vault; under it each is told and set, and
//! no value is ever read.

use super::body::Body;
use super::problem::Refusal;
use super::refusals::{Unread, Unsaid};
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{Path, State};
use domain::view::environment::{Secret, Secrets};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

/// Names, newest versions and ages of the secrets in its vault, as the vault tells them; never a value.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/secrets", tag = "environments",
    params(("name" = String, Path, description = "Of the environment")),
    security(("token" = [])),
    responses((status = 200, description = "The four, with why the vault could not be asked where it could not", body = Secrets), Unread)
)]
pub async fn list(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
) -> Result<Json<Secrets>, Refusal> {
    Ok(Json(web.portal.secrets(&caller, &name).await?))
}

/// One of the secrets in its vault, without its value.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/secrets/{secret}", tag = "environments",
    params(
        ("name" = String, Path, description = "Of the environment"),
        ("secret" = String, Path, description = "Its name in the vault"),
    ),
    security(("token" = [])),
    responses((status = 200, description = "Its newest version", body = Secret), Unread)
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path((name, secret)): Path<(String, String)>,
) -> Result<Json<Secret>, Refusal> {
    Ok(Json(web.portal.secret(&caller, &name, &secret).await?))
}

/// What a secret becomes.
#[derive(Deserialize, ToSchema)]
#[schema(as = SecretValue)]
pub struct NewValue {
    /// At most 25,000 bytes. It goes to the vault and is kept and shown nowhere else.
    #[schema(value_type = String, format = Password, min_length = 1, write_only)]
    value: SecretString,
}

/// Puts another value into the vault, as a new version, and has the checks run on what the web app does with it. Only the
/// password is set by hand: server, database and user follow from what was approved.
#[utoipa::path(
    put, path = "/api/v1/environments/{name}/secrets/{secret}", tag = "environments",
    request_body(content = NewValue, example = json!({"value": "a new password"})),
    params(
        ("name" = String, Path, description = "Of the environment"),
        ("secret" = String, Path, description = "Its name in the vault"),
    ),
    security(("token" = [])),
    responses((status = 200, description = "Its new version", body = Secret), Unsaid)
)]
pub async fn set(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path((name, secret)): Path<(String, String)>,
    Body(NewValue { value }): Body<NewValue>,
) -> Result<Json<Secret>, Refusal> {
    Ok(Json(web.portal.set_secret(&caller, &name, &secret, None, value).await?))
}

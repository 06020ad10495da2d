//! `GET /api/v1/me` says whose the token is.

use crate::http::caller::Bearer;
use crate::http::rest::refusals::Unlisted;
use axum::Json;
use domain::account::Role;
use domain::name::TeamName;
use serde::Serialize;
use utoipa::ToSchema;

/// Whom the token stands for.
#[derive(Serialize, ToSchema)]
pub struct Me {
    /// `member@contoso.example`.
    account: String,
    roles: Vec<Role>,
    /// Names of the teams.
    #[schema(value_type = Vec<String>)]
    teams: Vec<TeamName>,
}

/// Whose the token is, with the roles and teams of the last sign-in.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "account",
    security(("token" = [])),
    responses((status = 200, description = "Account, roles and teams", body = Me), Unlisted)
)]
pub async fn read(Bearer(caller): Bearer) -> Json<Me> {
    let account = caller.account;
    Json(Me { account: account.name, roles: account.roles, teams: account.teams })
}

//! `/api/v1/templates`, `/api/v1/teams` and `/api/v1/quotas`: what may be asked for, by whom, and how much of it.

use super::list::{Paged, Paging};
use super::problem::Refusal;
use super::refusals::Unlisted;
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::extract::State;
use axum::response::Response;
use domain::template::Template;
use domain::view::team::{Holds, Row};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of templates; `next` is the cursor of the page after it.
#[derive(Serialize, ToSchema)]
pub struct Templates {
    rows: Vec<Template>,
    next: Option<String>,
}

/// Templates by name, with the defaults that each brings.
#[utoipa::path(
    get, path = "/api/v1/templates", tag = "templates", params(Paged),
    security(("token" = [])),
    responses((status = 200, description = "A page of them", body = Templates), Unlisted)
)]
pub async fn templates(State(web): State<Web>, Bearer(caller): Bearer, paging: Paging) -> Result<Response, Refusal> {
    let (rows, next) = paging.cut(web.portal.templates(&caller).await?, |row| row.name.to_string());
    Ok(paging.page::<Template>(&Templates { rows, next: next.clone() }, next.as_deref()))
}

/// A page of teams; `next` is the cursor of the page after it.
#[derive(Serialize, ToSchema)]
pub struct Teams {
    rows: Vec<Row>,
    next: Option<String>,
}

/// Teams that the caller sees, by name, with who decides for each.
#[utoipa::path(
    get, path = "/api/v1/teams", tag = "teams", params(Paged),
    security(("token" = [])),
    responses((status = 200, description = "A page of them", body = Teams), Unlisted)
)]
pub async fn teams(State(web): State<Web>, Bearer(caller): Bearer, paging: Paging) -> Result<Response, Refusal> {
    let (rows, next) = paging.cut(web.portal.teams(&caller).await?, |row| row.name.clone());
    Ok(paging.page::<Row>(&Teams { rows, next: next.clone() }, next.as_deref()))
}

/// A page of quotas; `next` is the cursor of the page after it.
#[derive(Serialize, ToSchema)]
pub struct Quotas {
    rows: Vec<Holds>,
    next: Option<String>,
}

/// What each team that the caller sees holds and may hold, by the team's name.
#[utoipa::path(
    get, path = "/api/v1/quotas", tag = "teams", params(Paged),
    security(("token" = [])),
    responses((status = 200, description = "A page of them", body = Quotas), Unlisted)
)]
pub async fn quotas(State(web): State<Web>, Bearer(caller): Bearer, paging: Paging) -> Result<Response, Refusal> {
    let (rows, next) = paging.cut(web.portal.quotas(&caller).await?, |row| row.team.clone());
    Ok(paging.page::<Holds>(&Quotas { rows, next: next.clone() }, next.as_deref()))
}

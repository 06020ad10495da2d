//! `POST /api/v1/plans` looks and keeps what would be done, without asking anybody; `/api/v1/plans/{id}` reads it again.

use super::body::Body;
use super::problem::Refusal;
use super::refusals::{Unread, Unsaid};
use crate::http::Web;
use crate::http::caller::Bearer;
use app::portal::Asking;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{AppendHeaders, IntoResponse};
use domain::form::Form;
use domain::id::PlanId;
use domain::view::plan::Made;
use serde::Deserialize;
use utoipa::ToSchema;

/// The form's answers: of a new environment, or of one that shall become another.
#[derive(Deserialize, ToSchema)]
#[schema(examples(
    json!({"name": "payments-staging", "team": "payments", "region": "westeurope", "template": "web-app-one-node"}),
    json!({"environment": "payments-staging", "nodes": "2"}),
))]
pub struct PlanAsked {
    /// Name of the environment that shall change; an answer that is left out keeps what stands. A new one without it.
    #[serde(default)]
    environment: Option<String>,
    /// Whether a password will be sent though the template brings one.
    #[serde(default)]
    password_typed: bool,
    #[serde(flatten)]
    form: Form,
}

/// Plans without asking anybody: findings, resources, cost, quota, approval, and the digest that a request for it repeats.
#[utoipa::path(
    post, path = "/api/v1/plans", tag = "plans", request_body = PlanAsked,
    security(("token" = [])),
    responses(
        (status = 201, description = "What would be done; it can be sent until it expires", body = Made, headers(("Location" = String))),
        Unsaid,
    )
)]
pub async fn make(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Body(asked): Body<PlanAsked>,
) -> Result<impl IntoResponse, Refusal> {
    let environment = asked.environment.filter(|name| !name.trim().is_empty());
    let asking = Asking { environment, form: asked.form, password_typed: asked.password_typed };
    let made = web.portal.make_plan(&caller, &asking).await?;
    let address = [(LOCATION, format!("/api/v1/plans/{}", made.id))];
    Ok((StatusCode::CREATED, AppendHeaders(address), Json(made)))
}

/// A plan of the caller's own, as it was made.
#[utoipa::path(
    get, path = "/api/v1/plans/{id}", tag = "plans",
    params(("id" = String, Path, description = "Of the plan")),
    security(("token" = [])),
    responses((status = 200, description = "What would be done, and what it was sent as", body = Made), Unread)
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(id): Path<PlanId>,
) -> Result<Json<Made>, Refusal> {
    Ok(Json(web.portal.made_plan(&caller, &id).await?))
}

//! `/api/v1/environments/{name}/access` tells who could read an environment's secrets, and who did.

use super::problem::Refusal;
use super::refusals::Unheard;
use crate::http::Web;
use crate::http::caller::Bearer;
use axum::Json;
use axum::extract::{Path, Query, State};
use domain::view::access::{Access as Could, Filter, Uses};
use serde::Serialize;
use utoipa::ToSchema;

/// Access to the secrets of an environment.
#[derive(Serialize, ToSchema)]
#[schema(as = EnvironmentAccess)]
pub struct Access {
    /// Who could read them: from the role assignments, as the looks at them tell.
    could: Could,
    /// Who asked for them: from the vault's own audit log.
    did: Option<Uses>,
    /// Why that log could not be read, where it could not.
    unread: Option<String>,
}

/// Who could read the secrets of an environment, then or at all, and who did.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/access", tag = "environments",
    params(("name" = String, Path, description = "Of the environment"), Filter),
    security(("token" = [])),
    responses((status = 200, description = "Both, as far as they are known", body = Access), Unheard)
)]
pub async fn read(
    State(web): State<Web>,
    Bearer(caller): Bearer,
    Path(name): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Json<Access>, Refusal> {
    let (could, did) = web.portal.access(&caller, &name, &filter).await?;
    let (did, unread) = match did {
        Ok(uses) => (Some(uses), None),
        Err(why) => (None, Some(why.message)),
    };
    Ok(Json(Access { could, did, unread }))
}

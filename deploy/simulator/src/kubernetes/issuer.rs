//! The public pages of the clusters' token issuers: discovery and keys, at `REGION.oic.prod-aks.azure.com`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::StatusCode;
use serde_json::json;

use crate::door::HostName;
use crate::entra::federation::ISSUERS;
use crate::parts::Site;
use crate::world::World;

pub struct Issuers;

impl Site for Issuers {
    fn answers(&self, _world: &World, host: &str) -> bool {
        host.ends_with(".oic.prod-aks.azure.com")
    }

    fn router(&self, world: &Arc<World>) -> Router {
        Router::new()
            .route("/{tenant}/{cluster}/.well-known/openid-configuration", get(discovery))
            .route("/{tenant}/{cluster}/openid/v1/jwks", get(keys))
            .with_state(world.clone())
    }
}

/// The issuer's address, where there is such an issuer.
fn issuer(world: &World, host: &str, tenant: &str, cluster: &str) -> Option<String> {
    let address = format!("https://{host}/{tenant}/{cluster}/");
    world.state.get(ISSUERS, &address).map(|_| address)
}

async fn discovery(
    State(world): State<Arc<World>>,
    Extension(host): Extension<HostName>,
    Path((tenant, cluster)): Path<(String, String)>,
) -> Response {
    let Some(issuer) = issuer(&world, &host.0, &tenant, &cluster) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    Json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}openid/v1/jwks"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
    .into_response()
}

async fn keys(
    State(world): State<Arc<World>>,
    Extension(host): Extension<HostName>,
    Path((tenant, cluster)): Path<(String, String)>,
) -> Response {
    match issuer(&world, &host.0, &tenant, &cluster) {
        Some(issuer) => Json(world.tokens.key_set(&issuer)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

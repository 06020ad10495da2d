//! Answers as Microsoft Entra ID: at its real name for programs, on a loopback address of its own for browsers.
mod certificate;
mod claims;
mod discovery;
pub mod federation;
mod proof;
mod refusal;
mod sign_in;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::parts::{Parts, Site};
use crate::world::World;

pub(crate) use certificate::kept as kept_certificates;
pub use claims::access_token;
pub(crate) use claims::check_resource;

/// Adds the login host.
pub fn attach(parts: &mut Parts) {
    parts.add_site(Login);
    sign_in::attach(parts);
}

struct Login;

impl Site for Login {
    fn answers(&self, _world: &World, host: &str) -> bool {
        matches!(host, "login.microsoftonline.com" | "login.windows.net" | "sts.windows.net")
    }

    fn router(&self, world: &Arc<World>) -> Router {
        Router::new()
            .route("/common/discovery/instance", get(discovery::instance))
            .route("/{tenant}/.well-known/openid-configuration", get(discovery::version_1))
            .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::version_2))
            .route("/{tenant}/discovery/keys", get(discovery::keys_of_version_1))
            .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys_of_version_2))
            .route("/{tenant}/oauth2/token", post(token::answer))
            .route("/{tenant}/oauth2/v2.0/token", post(token::answer))
            .with_state(world.clone())
    }
}

/// Whether a path's first part names this directory: by id, by domain, or as the caller's own.
fn is_tenant(world: &World, tenant: &str) -> bool {
    let tenant = tenant.to_ascii_lowercase();
    tenant == world.tenant.to_string() || matches!(tenant.as_str(), "contoso.example" | "common" | "organizations")
}

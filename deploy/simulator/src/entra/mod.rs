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
use axum::extract::FromRef;
use axum::routing::{get, post};

use crate::parts::{Parts, Site};
use crate::world::World;

pub(crate) use certificate::kept as kept_certificates;
pub use claims::access_token;
pub(crate) use claims::check_resource;
pub(crate) use sign_in::DEVICE_LOGIN;
use sign_in::Issuer;

/// Adds the login host.
pub fn attach(parts: &mut Parts) {
    parts.add_site(Login);
    parts.add_site(Short);
    sign_in::attach(parts);
}

struct Login;

impl Site for Login {
    fn answers(&self, _world: &World, host: &str) -> bool {
        matches!(host, "login.microsoftonline.com" | "login.windows.net" | "sts.windows.net")
    }

    fn router(&self, world: &Arc<World>) -> Router {
        let issuer = Issuer::of_login(world);
        Router::new()
            .route("/common/discovery/instance", get(discovery::instance))
            .route("/{tenant}/.well-known/openid-configuration", get(discovery::version_1))
            .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::version_2))
            .route("/{tenant}/discovery/keys", get(discovery::keys_of_version_1))
            .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys_of_version_2))
            .route("/{tenant}/oauth2/token", post(token::answer))
            .route("/{tenant}/oauth2/v2.0/token", post(token::answer))
            .with_state(AtLogin(world.clone(), issuer.clone()))
            .merge(sign_in::people_at_login(issuer))
    }
}

/// The short address of the page for a device's code.
struct Short;

impl Site for Short {
    fn answers(&self, _world: &World, host: &str) -> bool {
        matches!(host, "microsoft.com" | "www.microsoft.com")
    }

    fn router(&self, _world: &Arc<World>) -> Router {
        Router::new().route("/devicelogin", get(sign_in::device::short))
    }
}

/// What the login host's handlers are given: most need the world alone.
#[derive(Clone)]
struct AtLogin(Arc<World>, Arc<Issuer>);

impl FromRef<AtLogin> for Arc<World> {
    fn from_ref(at: &AtLogin) -> Self {
        at.0.clone()
    }
}

impl FromRef<AtLogin> for Arc<Issuer> {
    fn from_ref(at: &AtLogin) -> Self {
        at.1.clone()
    }
}

/// Whether a path's first part names this directory: by id, by domain, or as the caller's own.
fn is_tenant(world: &World, tenant: &str) -> bool {
    let tenant = tenant.to_ascii_lowercase();
    tenant == world.tenant.to_string() || matches!(tenant.as_str(), "contoso.example" | "common" | "organizations")
}

//! The sign-in page for browsers: at Entra's own name, and as an OpenID Connect issuer on a plain loopback address.
mod authorize;
mod back;
mod client;
mod codes;
pub(super) mod device;
mod logout;
mod page;
pub(super) mod token;

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::entra::is_tenant;
use crate::entra::refusal::EntraRefusal;
use crate::parts::{Parts, Start};
use crate::world::World;
use crate::{StartError, directory, folder, seed};
use codes::Codes;
use device::DeviceCodes;

/// The address that Entra tells people to type.
pub(crate) const DEVICE_LOGIN: &str = "https://microsoft.com/devicelogin";

/// The grant of an authorization code, as the token endpoint names it.
const CODE_GRANT: &str = "authorization_code";

/// Adds the issuer.
pub(super) fn attach(parts: &mut Parts) {
    parts.add_start(SignIn);
}

/// What every page of the issuer needs.
pub(super) struct Issuer {
    pub(super) world: Arc<World>,
    /// The issuer's URL, which is also its address: `http://127.0.0.1:PORT`.
    pub(super) url: String,
    pub(super) codes: Codes,
    pub(super) devices: DeviceCodes,
    /// Where the choice of an account is posted to.
    pub(super) chosen_at: String,
    /// Where people type the code of a device.
    pub(super) device_page: String,
}

impl Issuer {
    fn at(world: &Arc<World>, url: String, chosen_at: String, device_page: String) -> Arc<Self> {
        let (codes, devices) = (Codes::default(), DeviceCodes::default());
        Arc::new(Self { world: world.clone(), url, codes, devices, chosen_at, device_page })
    }

    /// The one at Entra's own name, or whatever name led there: a form stays where it is.
    pub(super) fn of_login(world: &Arc<World>) -> Arc<Self> {
        Self::at(world, world.issuer_of_version_2(), "?".to_owned(), DEVICE_LOGIN.to_owned())
    }
}

/// Whether a grant is somebody's who has signed in, and no program's of its own.
pub(super) fn is_of_person(grant: &str) -> bool {
    matches!(grant, CODE_GRANT | device::GRANT | "refresh_token")
}

/// The pages at Entra's own name.
pub(super) fn people_at_login(issuer: Arc<Issuer>) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::choose).post(authorize::chosen))
        .route("/{tenant}/oauth2/v2.0/logout", get(logout::answer).post(logout::answer))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::begin))
        .route("/common/oauth2/deviceauth", get(device::enter).post(device::answer))
        .route_layer(from_fn_with_state(issuer.clone(), of_this_directory))
        .route("/style.css", get(page::style))
        .with_state(issuer)
}

/// Refuses an address of another directory.
async fn of_this_directory(State(issuer): State<Arc<Issuer>>, request: Request, next: Next) -> Response {
    let tenant = request.uri().path().split('/').nth(1).unwrap_or_default().to_owned();
    match is_tenant(&issuer.world, &tenant) {
        true => next.run(request).await,
        false => EntraRefusal::tenant(&tenant).answer(&issuer.world),
    }
}

struct SignIn;

#[async_trait]
impl Start for SignIn {
    async fn start(&self, world: &Arc<World>) -> Result<(), StartError> {
        let port = world.port_base.map(|base| base.saturating_add(1));
        let (listener, port) = folder::listen(&world.state, "sign_in_port", port).await?;
        let url = format!("http://127.0.0.1:{port}");
        tell(world, &url);
        let (chosen_at, device_page) = (format!("{url}/authorize"), format!("{url}/device"));
        let routes = routes(Issuer::at(world, url, chosen_at, device_page));
        let stopping = world.stopping.clone();
        tokio::spawn(async move {
            let served = axum::serve(listener, routes).with_graceful_shutdown(stopping.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(%error, "the sign-in page has ended");
            }
        });
        Ok(())
    }
}

fn routes(issuer: Arc<Issuer>) -> Router {
    Router::new()
        .route("/", get(page::welcome))
        .route("/style.css", get(page::style))
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/keys", get(keys))
        .route("/authorize", get(authorize::choose).post(authorize::chosen))
        .route("/token", post(token::answer))
        .route("/devicecode", post(device::begin))
        .route("/device", get(device::enter).post(device::answer))
        .route("/logout", get(logout::answer).post(logout::answer))
        .with_state(issuer)
}

/// Tells the portal's configuration where people sign in, and people which accounts there are.
fn tell(world: &World, url: &str) {
    let client = seed::id_of(seed::PORTAL_APPLICATION);
    let secret = world.state.read(|draft| directory::find_by_app(draft, client)).and_then(|found| found.secret);
    world.facts.add("sign_in", json!({"issuer": url, "client_id": client, "client_secret": secret}));
    let accounts: Vec<Value> = seed::ACCOUNTS
        .iter()
        .map(|(account, name, team, role)| {
            json!({"user_name": format!("{account}@contoso.example"), "name": name, "team": team, "role": role})
        })
        .collect();
    world.facts.add("accounts", json!(accounts));
}

async fn discovery(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    let url = &issuer.url;
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "device_authorization_endpoint": format!("{url}/devicecode"),
        "end_session_endpoint": format!("{url}/logout"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "response_modes_supported": back::MODES,
        "grant_types_supported": [CODE_GRANT, "refresh_token", device::GRANT],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "oid", "tid", "name", "preferred_username", "groups", "roles"],
    }))
}

async fn keys(State(issuer): State<Arc<Issuer>>) -> Response {
    Json(issuer.world.tokens.key_set(&issuer.url)).into_response()
}

//! `/api/v1/sign-in` tells a command line where people sign in, and gives it a token for whoever did.

use super::body::Body;
use super::problem::{self, Refusal};
use super::refusals::Unentered;
use crate::http::Web;
use crate::http::caller::Address;
use crate::http::sign_in::{self, Entered, ProviderError};
use app::error::PortalError;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::account::Caller;
use domain::view::token::Made;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where people sign in.
#[derive(Serialize, ToSchema)]
pub struct SignIn {
    /// The identity provider.
    issuer: String,
    /// How it is done on a machine without a browser; `null` where that is not offered.
    device: Option<Device>,
    /// The page on which people make a token by hand.
    tokens_page: String,
}

/// What the device authorization grant (RFC 8628) needs.
#[derive(Serialize, ToSchema)]
#[schema(as = SignInOfDevice)]
pub struct Device {
    client_id: String,
    scope: String,
    device_authorization_endpoint: String,
    token_endpoint: String,
}

/// Of somebody who has just signed in.
#[derive(Deserialize, ToSchema)]
pub struct Exchange {
    /// The identity token that the provider gave, at most ten minutes ago; each is taken once.
    #[schema(value_type = String)]
    id_token: SecretString,
    /// What the new token is called: where it is kept.
    name: String,
}

/// Where people sign in, for a command line that knows nothing but this address.
#[utoipa::path(
    get, path = "/api/v1/sign-in", tag = "sign-in", security(()),
    responses((status = 200, description = "The provider, and how a device signs in there", body = SignIn))
)]
pub async fn read(State(web): State<Web>) -> Response {
    let offered = match web.provider.device().await {
        Ok(offered) => offered,
        Err(error) => return away(&error),
    };
    let device = offered.map(|offered| Device {
        client_id: offered.client_id,
        scope: offered.scope,
        device_authorization_endpoint: offered.device.to_string(),
        token_endpoint: offered.token.to_string(),
    });
    let tokens_page = web.public.join(app::routes::tokens()).map(|page| page.to_string()).unwrap_or_default();
    Json(SignIn { issuer: web.provider.issuer().to_owned(), device, tokens_page }).into_response()
}

/// Gives whoever has just signed in at the provider a token of Keystead. It is a personal one, as the page makes them: with
/// the roles and teams of this sign-in, listed and revoked like the others, and its text is in this answer alone.
#[utoipa::path(
    post, path = "/api/v1/sign-in", tag = "sign-in", security(()),
    request_body(content = Exchange, example = json!({"id_token": "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "name": "laptop-7"})),
    responses((status = 201, description = "The token with its text", body = Made), Unentered)
)]
pub async fn exchange(
    State(web): State<Web>,
    Address(from): Address,
    Body(exchange): Body<Exchange>,
) -> Result<Response, Refusal> {
    let arrived = match web.provider.signed_in_on_device(&exchange.id_token).await {
        Ok(arrived) => arrived,
        Err(error @ ProviderError::Refused(_)) => return Err(refused(&error.to_string())),
        Err(error) => return Ok(away(&error)),
    };
    let Entered { account, email, without_teams } = sign_in::enter(&web, arrived).await.map_err(|why| refused(&why))?;
    if let Some(why) = without_teams {
        tracing::warn!(account = account.name, why, "somebody logs in without their teams");
    }
    let caller = Caller::person(account, from);
    let made = web.tokens.logged_in(&caller, email.as_deref(), &exchange.id_token, &exchange.name).await?;
    let place = format!("/api/v1/tokens/{}", made.row.id);
    let headers = [(header::LOCATION, place), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, headers, Json(made)).into_response())
}

fn refused(why: &str) -> Refusal {
    tracing::warn!(why, "nobody was logged in");
    Refusal(PortalError::forbidden(why))
}

fn away(error: &ProviderError) -> Response {
    tracing::warn!(%error, "the identity provider was not heard");
    problem::named("unavailable", "The identity provider does not answer. Try again in a while.")
}

//! Finds out who asks from the bearer token, and refuses what the caller's roles do not hold or a lock forbids.
use http::{HeaderMap, StatusCode};
use uuid::Uuid;

use super::answer::{Ask, Caller, Noted};
use super::refusal::Refusal;
use super::{assignments, deny};
use crate::locks::{self, Deed};
use crate::roles::{self, Act, Decision};
use crate::settings::Settings;
use crate::state::Draft;
use crate::tokens::TokenError;
use crate::world::World;

/// The audiences that ARM accepts.
const AUDIENCES: &[&str] = &["https://management.azure.com", "https://management.core.windows.net"];

/// Whether a token's audience is `wanted`, a slash at the end aside.
pub fn audience_is(claims: &serde_json::Value, wanted: &str) -> bool {
    claims["aud"]
        .as_str()
        .is_some_and(|aud| aud.trim_end_matches('/').eq_ignore_ascii_case(wanted.trim_end_matches('/')))
}

/// The caller behind a bearer token of this directory for one of `audiences`, or why not. Every service but ARM,
/// whose refusals read differently, calls this: the vault, the cluster's API, Log Analytics.
pub fn verify_bearer(world: &World, token: &str, audiences: &[&str]) -> Result<Caller, BearerError> {
    let claims = world.tokens.verify(&world.issuer(), token, world.clock.now()).map_err(BearerError::Token)?;
    if !audiences.iter().any(|wanted| audience_is(&claims, wanted)) {
        return Err(BearerError::Audience(claims["aud"].as_str().unwrap_or_default().to_owned()));
    }
    let object_id = claims["oid"].as_str().and_then(|oid| Uuid::parse_str(oid).ok());
    let object_id = object_id.ok_or(BearerError::Token(TokenError::NotSigned))?;
    let app_id = claims["appid"].as_str().map(str::to_owned);
    let name = claims["upn"].as_str().map(str::to_owned).or_else(|| app_id.clone());
    Ok(Caller { object_id, name: name.unwrap_or_else(|| object_id.to_string()), app_id, claims })
}

/// Why a bearer token was refused.
#[derive(Debug, thiserror::Error)]
pub enum BearerError {
    /// The token itself.
    #[error("{0}")]
    Token(TokenError),
    /// It was made for somebody else; the audience it names.
    #[error("the token is for the audience '{0}'")]
    Audience(String),
}

/// The token of an `Authorization: Bearer` header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get("authorization")?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The caller, or 401 in ARM's words.
pub(super) fn authenticate(world: &World, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let refuse = |code: &str, message: String| {
        let challenge = format!(
            "Bearer authorization_uri=\"https://login.windows.net/{}\", error=\"invalid_token\", error_description=\"{message}\"",
            world.tenant
        );
        Refusal::new(StatusCode::UNAUTHORIZED, code, message).with_header("www-authenticate", challenge)
    };
    let Some(token) = bearer(headers) else {
        return Err(refuse(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.".into(),
        ));
    };
    verify_bearer(world, token, AUDIENCES).map_err(|error| match error {
        BearerError::Token(TokenError::NotSigned) => {
            refuse("InvalidAuthenticationToken", "The access token is invalid.".into())
        }
        BearerError::Token(TokenError::Issuer) => refuse(
            "InvalidAuthenticationTokenTenant",
            format!("The access token is from the wrong issuer. It must match the tenant '{}' associated with this subscription.", world.issuer()),
        ),
        BearerError::Token(TokenError::Expired) => {
            refuse("ExpiredAuthenticationToken", "The access token expiry UTC time has passed.".into())
        }
        BearerError::Token(TokenError::NotYet) => {
            refuse("InvalidAuthenticationToken", "The access token is not valid yet.".into())
        }
        BearerError::Audience(audience) => refuse(
            "InvalidAuthenticationTokenAudience",
            format!(
                "The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.azure.com'."
            ),
        ),
    })
}

/// What no role helps against: a subscription that is switched off, and locks.
fn check_state(world: &World, draft: &Draft<'_>, scope: &str, deed: Deed) -> Result<(), Refusal> {
    if deed == Deed::Write && Settings::read(draft).subscription.is_read_only() {
        return Err(Refusal::conflict(
            "ReadOnlyDisabledSubscription",
            format!(
                "The subscription '{}' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled.",
                world.subscription
            ),
        )
        .with_header("x-ms-failure-cause", "gateway".to_owned()));
    }
    locks::check(draft, scope, deed)
}

/// Refuses `action` at `scope` unless the caller's roles hold it, their conditions are met and no lock forbids it.
pub(super) fn permit(world: &World, ask: &Ask, action: &str, scope: &str) -> Result<(), Refusal> {
    if scope.to_ascii_lowercase().starts_with("/providers/microsoft.authorization/") && action.ends_with("/read") {
        // What is built in may be read by everybody.
        return Ok(());
    }
    let deed = Deed::of(action);
    if !action.to_ascii_lowercase().ends_with("/read") {
        // A second question on the way, for example of a part, is about the same.
        let _ = ask.noted.set(Noted { action: action.to_owned(), scope: scope.to_owned() });
    }
    let now = world.clock.now();
    let caller = &ask.caller;
    world.state.read(|draft| {
        let attributes = assignments::attributes(draft, ask, action);
        let act = Act::Control(action);
        let why = match roles::decide(draft, caller.object_id, scope, act, now, &attributes) {
            Decision::Allowed => {
                deny::check(draft, caller, action, scope)?;
                return deed.map_or(Ok(()), |deed| check_state(world, draft, scope, deed));
            }
            Decision::ConditionNotMet => "has an authorization with ABAC condition that is not fulfilled",
            Decision::Denied => "does not have authorization",
        };
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "AuthorizationFailed",
            format!(
                "The client '{}' with object id '{}' {why} to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
                caller.name, caller.object_id
            ),
        )
        .with_header("x-ms-failure-cause", "gateway".to_owned()))
    })
}

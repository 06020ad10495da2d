//! Checks a federated assertion: signed by a known issuer, and named by a federated credential of the identity.
use serde_json::Value;

use super::refusal::EntraRefusal;
use crate::directory::Principal;
use crate::resources;
use crate::tokens::{self, TokenError};
use crate::world::World;

/// The collection of the issuers that exist, by URL (with the slash at its end where it has one): a cluster writes `{}`
/// under its own. An assertion is verified with the keys that its issuer publishes.
pub const ISSUERS: &str = "issuers";

/// The provider type of federated credentials, children of a user-assigned identity.
pub const CREDENTIALS: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials";

/// Refuses unless the assertion proves `principal`.
pub fn check(world: &World, principal: &Principal, assertion: &str) -> Result<(), EntraRefusal> {
    let claims = tokens::unverified(assertion).ok_or_else(malformed)?;
    let issuer = claims["iss"].as_str().ok_or_else(malformed)?;
    let subject = claims["sub"].as_str().unwrap_or_default();
    let credentials = credentials(world, principal);
    let no_match = |number: u32, what: &str, value: &str| {
        EntraRefusal::client(
            number,
            format!(
                "No matching federated identity record found for presented assertion {what} '{value}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
            ),
        )
    };
    if credentials.is_empty() {
        return Err(EntraRefusal::client(
            70021,
            format!(
                "No matching federated identity record found for presented assertion. Assertion Issuer: '{issuer}'. Assertion Subject: '{subject}'. Assertion Audience: '{}'. https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
                audiences(&claims).join(",")
            ),
        ));
    }
    let of_issuer: Vec<&Value> = credentials.iter().filter(|one| one["issuer"] == claims["iss"]).collect();
    if of_issuer.is_empty() {
        return Err(no_match(700_211, "issuer", issuer));
    }
    let of_subject: Vec<&&Value> = of_issuer.iter().filter(|one| one["subject"] == claims["sub"]).collect();
    if of_subject.is_empty() {
        return Err(no_match(700_213, "subject", subject));
    }
    let presented = audiences(&claims);
    let named = |one: &Value| audiences_of(&one["audiences"]).iter().any(|wanted| presented.contains(wanted));
    if !of_subject.iter().any(|one| named(one)) {
        return Err(no_match(700_212, "audience", &presented.join(",")));
    }
    if world.state.get(ISSUERS, issuer).is_none() {
        return Err(EntraRefusal::client(
            50_166,
            format!("Request to External OIDC endpoint failed: the keys of the issuer '{issuer}' could not be read."),
        ));
    }
    world.tokens.verify(issuer, assertion, world.clock.now()).map(drop).map_err(|error| match error {
        TokenError::Expired | TokenError::NotYet => EntraRefusal::client(
            700_024,
            "Client assertion is not within its valid time range. Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials.",
        ),
        TokenError::NotSigned | TokenError::Issuer => {
            EntraRefusal::client(700_027, "The certificate with identifier used to sign the client assertion is not registered on application.")
        }
    })
}

/// The credentials that count now: of an application its own, of a managed identity the `properties` of its resources.
fn credentials(world: &World, principal: &Principal) -> Vec<Value> {
    let Some(identity) = &principal.resource else {
        return principal.federated.clone();
    };
    let now = world.clock.now();
    let found = world.state.read(|draft| resources::of_kind(draft, &format!("{identity}/"), CREDENTIALS));
    found
        .into_iter()
        .filter(|one| {
            one.private["effective"]
                .as_str()
                .and_then(|from| from.parse().ok())
                .is_none_or(|from: jiff::Timestamp| from <= now)
        })
        .map(|one| one.body["properties"].clone())
        .collect()
}

fn audiences(claims: &Value) -> Vec<String> {
    audiences_of(&claims["aud"])
}

fn audiences_of(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

fn malformed() -> EntraRefusal {
    EntraRefusal::client(50_027, "JWT token is invalid or malformed.")
}

//! Checks what an application shows at a token endpoint: its secret, its certificate's signature, or a federated assertion.
use std::collections::BTreeMap;

use subtle::ConstantTimeEq;

use super::claims::Proof;
use super::refusal::EntraRefusal;
use super::{certificate, federation};
use crate::directory::Principal;
use crate::world::World;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How this application has proved itself; `own` is the issuer whose token endpoint was asked, besides Entra's.
pub(super) fn shown(
    world: &World,
    application: &Principal,
    form: &BTreeMap<String, String>,
    own: Option<&str>,
) -> Result<Proof, EntraRefusal> {
    let field = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    if let Some(assertion) = field("client_assertion") {
        if field("client_assertion_type") != Some(ASSERTION) {
            return Err(EntraRefusal::missing("client_assertion_type"));
        }
        match certificate::signed_with_one(assertion) {
            true => certificate::check(world, application, assertion, own)?,
            false => federation::check(world, application, assertion)?,
        }
        return Ok(Proof::Assertion);
    }
    let Some(secret) = field("client_secret") else {
        return Err(lacking());
    };
    let known = application.secret.as_deref().unwrap_or_default();
    if !known.is_empty() && bool::from(known.as_bytes().ct_eq(secret.as_bytes())) {
        return Ok(Proof::Secret);
    }
    let client = application.app_id.map(|id| id.to_string()).unwrap_or_default();
    Err(EntraRefusal::client(
        7_000_215,
        format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'."
        ),
    ))
}

/// Of an application that shows nothing, and may not ask without.
pub(super) fn lacking() -> EntraRefusal {
    EntraRefusal::client(
        7_000_218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    )
}

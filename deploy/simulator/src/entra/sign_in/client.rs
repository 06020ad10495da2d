//! Knows the application that people sign in to, and where it may be sent back to.
use std::collections::BTreeMap;

use url::{Host, Url};
use uuid::Uuid;

use crate::directory::{self, Principal, PrincipalKind};
use crate::entra::proof;
use crate::entra::refusal::EntraRefusal;
use crate::world::World;

/// The client of Azure's own command lines and SDKs, which every directory knows and which has no secret.
const AZURE_CLI: Uuid = Uuid::from_u128(0x04b0_7795_8ddb_461a_bbee_02f9_e1bf_7b46);

/// The application with that client id.
pub(super) fn find(world: &World, client_id: &str) -> Result<Principal, EntraRefusal> {
    if Uuid::parse_str(client_id) == Ok(AZURE_CLI) {
        let own = Principal::new(PrincipalKind::ServicePrincipal, "Microsoft Azure CLI", world.clock.now());
        return Ok(Principal { app_id: Some(AZURE_CLI), public: true, ..own });
    }
    let found =
        Uuid::parse_str(client_id).ok().and_then(|id| world.state.read(|draft| directory::find_by_app(draft, id)));
    found.ok_or_else(|| {
        EntraRefusal::bad(
            "unauthorized_client",
            700_016,
            format!("Application with identifier '{client_id}' was not found in the directory 'Contoso Example'."),
        )
    })
}

/// The application that asks without proof, as programs on people's own machines do, where it may.
pub(super) fn unproved(world: &World, client_id: &str) -> Result<Principal, EntraRefusal> {
    let application = find(world, client_id)?;
    if application.public { Ok(application) } else { Err(proof::lacking()) }
}

/// Whether the application is a program on people's own machines and nothing else.
pub(super) fn is_program(world: &World, client_id: &str) -> Result<bool, EntraRefusal> {
    let application = find(world, client_id)?;
    Ok(application.public && application.secret.is_none())
}

/// The application that the form proves to be, by secret, certificate or federated credential; `issuer` is this one.
pub(super) fn prove(world: &World, form: &BTreeMap<String, String>, issuer: &str) -> Result<Principal, EntraRefusal> {
    let client_id = form.get("client_id").ok_or_else(|| EntraRefusal::missing("client_id"))?;
    let application = find(world, client_id)?;
    proof::shown(world, &application, form, Some(issuer))?;
    Ok(application)
}

/// An address on this machine: every path and port of `localhost` and of the loopback addresses is registered.
pub(super) fn redirect(address: &str) -> Result<Url, EntraRefusal> {
    let refused = || {
        EntraRefusal::bad(
            "invalid_request",
            50_011,
            format!(
                "The redirect URI '{address}' specified in the request does not match the redirect URIs configured for the application. Make sure the redirect URI sent in the request matches one added to your application."
            ),
        )
    };
    let url = Url::parse(address).map_err(|_| refused())?;
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if here && matches!(url.scheme(), "http" | "https") && url.fragment().is_none() { Ok(url) } else { Err(refused()) }
}

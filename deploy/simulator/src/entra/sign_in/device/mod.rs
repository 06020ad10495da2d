//! Signs people in on a device that has no browser (RFC 8628): the device shows a code, and somebody types it elsewhere.
mod codes;
mod page;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde_json::json;

use super::token::{Session, disabled};
use super::{Issuer, client};
use crate::entra::refusal::EntraRefusal;

pub(in crate::entra) use codes::DeviceCodes;
use codes::{Asked, LIFE};

/// The grant, as the token endpoint names it.
pub(in crate::entra) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Entra's: five seconds between two questions of the device.
const INTERVAL: Duration = Duration::from_secs(5);

/// POST: a device asks for a code.
pub(in crate::entra) async fn begin(
    State(issuer): State<Arc<Issuer>>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let world = &issuer.world;
    let field =
        |name: &str| form.get(name).filter(|value| !value.is_empty()).ok_or_else(|| EntraRefusal::missing(name));
    let asked = field("client_id").and_then(|client_id| {
        client::find(world, client_id)?;
        Ok(Asked { client_id: client_id.clone(), scope: field("scope")?.clone() })
    });
    let asked = match asked {
        Ok(asked) => asked,
        Err(refusal) => return refusal.answer(world),
    };
    let (device_code, user_code) = issuer.devices.give(asked, world.clock.now());
    let at = &issuer.device_page;
    let body = json!({
        "user_code": user_code, "device_code": device_code, "verification_uri": at,
        "expires_in": LIFE.as_secs(), "interval": world.clock.shorten(INTERVAL).as_secs().max(1),
        "message": format!(
            "To sign in, use a web browser to open the page {at} and enter the code {user_code} to authenticate."
        ),
    });
    ([("cache-control", "no-store")], Json(body)).into_response()
}

/// GET: the page where the code is typed.
pub(in crate::entra) async fn enter() -> Response {
    page::enter("", None)
}

/// POST: the code was typed, or an account was chosen for it.
pub(in crate::entra) async fn answer(
    State(issuer): State<Arc<Issuer>>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let (world, code, account) = (&issuer.world, field("otc"), field("account"));
    let now = world.clock.now();
    let wrong =
        || page::enter(code, Some("That code is wrong, has expired or was used already. Look at the device again."));
    let Some(asked) = issuer.devices.asked(code, now) else { return wrong() };
    let application = match client::find(world, &asked.client_id) {
        Ok(application) => application,
        Err(refusal) => return super::page::refused(&refusal),
    };
    if account == "cancel" {
        return if issuer.devices.answer(code, None, now) { page::declined(&application.name) } else { wrong() };
    }
    let Some(user) = super::authorize::find_user(&issuer, account) else {
        return page::choose(code, &application.name);
    };
    if user.disabled {
        return super::page::refused(&disabled());
    }
    let name = user.user_name.as_deref().unwrap_or_default();
    match issuer.devices.answer(code, Some(user.object_id), now) {
        true => page::done(&application.name, name),
        false => wrong(),
    }
}

/// The session of a device whose code was answered.
pub(super) fn session(issuer: &Issuer, code: &str, client: &str) -> Result<Session, EntraRefusal> {
    let signed_in = issuer.devices.redeem(code, client, issuer.world.clock.now())?;
    Ok(Session {
        client_id: client.to_owned(),
        user: signed_in.user,
        scope: signed_in.scope,
        nonce: None,
        signed_in: signed_in.at,
        without_proof: true,
    })
}

/// GET of the short address that people type.
pub(in crate::entra) async fn short() -> Redirect {
    Redirect::to("https://login.microsoftonline.com/common/oauth2/deviceauth")
}

//! Plain posts about an environment that stands: its checks run again, looked at, repaired, changed, destroyed, released.

use super::{done, refused};
use crate::http::Web;
use crate::http::caller::SignedIn;
use app::components::filling::answer;
use app::error::Code;
use app::routes;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::naming::PASSWORD;
use secrecy::SecretString;
use serde::Deserialize;

/// `POST /environments/{name}/validate`.
pub async fn validate(State(web): State<Web>, SignedIn(caller): SignedIn, Path(name): Path<String>) -> Response {
    let page = routes::environment(&name);
    match web.portal.validate(&caller, &name).await {
        Ok(_) => Redirect::to(&page).into_response(),
        Err(error) => refused(&page, &error),
    }
}

/// `POST /environments/{name}/change`: sends for approval; after a refusal the answers stand in the form's address.
pub async fn change(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
    Form(form): Form<domain::form::Form>,
) -> Response {
    match web.portal.submit_change(&caller, &name, &form).await {
        Ok(request) => done(&routes::request(&request), "Sent for approval; what stands stays until then."),
        Err(error) => {
            let mut answers: Vec<(&str, &str)> =
                CHANGEABLE.iter().map(|field| (*field, answer(&form, field))).collect();
            answers.push(("tried", "1"));
            let page = routes::change_with(&name, &answers);
            match error.code {
                Code::Invalid => Redirect::to(&page).into_response(),
                Code::Conflict | Code::NotFound => refused(&routes::environment(&name), &error),
                _ => refused(&page, &error),
            }
        }
    }
}

/// What the form over an environment asks.
const CHANGEABLE: [&str; 16] = [
    "node_size",
    "nodes",
    "kubernetes",
    "tier",
    "purge_protection",
    "app_identity",
    "team_role",
    "insights",
    "workspace",
    "kept_days",
    "image",
    "replicas",
    "port",
    "lifetime_days",
    "tags",
    "reason",
];

/// `POST /environments/{name}/look`.
pub async fn look(State(web): State<Web>, SignedIn(caller): SignedIn, Path(name): Path<String>) -> Response {
    let page = routes::environment(&name);
    match web.portal.look(&caller, &name).await {
        Ok(()) => done(&page, "Looking at what stands; the answer appears here."),
        Err(error) => refused(&page, &error),
    }
}

/// `POST /environments/{name}/repair`: sends for approval.
pub async fn repair(State(web): State<Web>, SignedIn(caller): SignedIn, Path(name): Path<String>) -> Response {
    match web.portal.submit_repair(&caller, &name).await {
        Ok(request) => done(&routes::request(&request), "Sent for approval; what stands stays until then."),
        Err(error) => refused(&routes::environment(&name), &error),
    }
}

/// What the page of the secrets posts.
#[derive(Deserialize)]
pub struct Set {
    /// That was looked at; empty where there was none.
    #[serde(default)]
    version: String,
    #[serde(default)]
    value: SecretString,
}

/// `POST /environments/{name}/secrets`: sets the password.
pub async fn set_secret(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
    Form(Set { version, value }): Form<Set>,
) -> Response {
    let page = routes::secrets(&name);
    let version = Some(version.as_str()).filter(|version| !version.is_empty());
    match web.portal.set_secret(&caller, &name, PASSWORD, version, value).await {
        Ok(_) => done(&page, "The vault has the new password. The checks run on what the web app does with it."),
        Err(error) => refused(&page, &error),
    }
}

/// What a removal's form posts.
#[derive(Deserialize)]
pub struct Removal {
    #[serde(default)]
    purge: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    digest: String,
}

/// `POST /environments/{name}/destroy`: sends for approval.
pub async fn destroy(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
    Form(removal): Form<Removal>,
) -> Response {
    let purge = removal.purge == "yes";
    match web.portal.submit_destruction(&caller, &name, purge, &removal.reason, &removal.digest).await {
        Ok(request) => done(&routes::request(&request), "Sent for approval; nothing is removed before."),
        Err(error) => refused(&routes::destroy(&name), &error),
    }
}

/// What a release's form posts.
#[derive(Deserialize)]
pub struct LettingGo {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    digest: String,
}

/// `POST /environments/{name}/release`: sends for approval.
pub async fn release(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
    Form(posted): Form<LettingGo>,
) -> Response {
    match web.portal.submit_release(&caller, &name, &posted.reason, &posted.digest).await {
        Ok(request) => done(&routes::request(&request), "Sent for approval; Keystead looks after it until then."),
        Err(error) => refused(&routes::release(&name), &error),
    }
}

//! The skins that browsers and programs touch: pages, plain posts, events, REST; only here an answer has a status.

pub mod appearance;
pub mod audit;
pub mod caller;
pub mod certificate;
mod client;
pub mod document;
pub mod error;
pub mod events;
pub mod flash;
pub mod forms;
pub mod headers;
pub mod issuers;
pub mod limits;
pub mod pages;
mod patience;
pub mod proxy;
pub mod rest;
pub mod router;
pub mod serving;
pub mod session;
pub mod sign_in;
pub mod site;
mod trace;

use crate::service::accounts::Accounts;
use app::context::{Installation, Site as Addresses};
use app::portal::Portal;
use axum::extract::FromRef;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

pub use client::client;
pub use router::router;

/// What every handler may use.
#[derive(Clone)]
pub struct Web {
    pub portal: Arc<dyn Portal>,
    pub tokens: Accounts,
    /// Whose signed tokens are believed, beside our own.
    pub issuers: Arc<issuers::Issuers>,
    pub provider: Arc<sign_in::Provider>,
    /// Where the sign-in's post redirects to, for the policy of pages.
    pub provider_origin: String,
    pub installation: Installation,
    /// The page's files, and their addresses as pages link them.
    pub files: Arc<::site::Site>,
    pub addresses: Addresses,
    /// The address that people type.
    pub public: Url,
    /// How often somebody may ask, and how long a pause within a body may be.
    pub gates: Arc<limits::Gates>,
    pub pause: Duration,
    /// What was asked under a key, and its answers.
    pub once: rest::once::Keeper,
    /// Answers that programs ask for again and again.
    pub remembered: rest::remembered::Remembered,
    /// Proxies that are believed.
    pub proxies: proxy::Proxies,
    /// Cancelled when the server stops: streams end with "come back".
    pub stopping: CancellationToken,
}

impl FromRef<Web> for leptos::config::LeptosOptions {
    fn from_ref(_: &Web) -> Self {
        leptos::config::LeptosOptions::builder().output_name("app").build()
    }
}

/// The addresses of a site's files.
pub fn addresses(files: &::site::Site) -> Addresses {
    let path = |name: &str| files.path(name).map(str::to_owned);
    Addresses {
        style: path("style.css"),
        icon: path("favicon.svg"),
        start: path("start.js"),
        preload: path("app.js").into_iter().collect(),
        wasm: path("app_bg.wasm"),
    }
}

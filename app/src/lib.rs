//! What people see and what may be asked; compiled into the server (`ssr`) and to WebAssembly (`hydrate`).
//!
//! # What the server provides
//! For every page and every server function, as Leptos context (all types in [`context`]):
//! - `Arc<dyn portal::Portal>`: the port.
//! - `Option<domain::account::Caller>`: who asks; `None` before sign-in. The server itself sends a page request
//!   without a caller to [`routes::sign_in`] with the way back; a server function without one answers `SignedOut`.
//! - [`context::Installation`]: what this installation says of itself (footer line, identity provider, sample accounts).
//! - [`context::Site`]: hashed addresses of the page's files.
//! - [`context::Theme`]: the choice that [`routes::appearance`] stored in a cookie; `System` without one.
//! - [`context::Here`]: the session that asks, for the page that lists them.
//! - [`context::Typed`]: a text that was posted and refused, where this page is the answer to it.
//! - [`context::Once`]: a secret that was just made, where this page is the answer that shows it.
//! - [`context::Flash`]: what the last plain post has to say, read from a one-time cookie; `None` for server functions.
//!
//! # How the server mounts it
//! `leptos_axum::generate_route_list(App)` and `leptos_routes_with_context(&options, routes, context, move || shell())`
//! give every page and every server function; an unknown path is rendered with the same shell and context by
//! `leptos_axum::render_app_async_with_context`, and answers 404. Every page is `SsrMode::Async`, so that its status is true.
//! The nonce is Leptos's own (`leptos::nonce::use_nonce`, made per request); the server repeats it in the policy
//! `script-src 'nonce-…' 'wasm-unsafe-eval' 'self'`. No page contains a `style` attribute or an inline handler.
//!
//! # Plain posts
//! Every deed is also a plain form; the addresses stand in [`routes`], each with its fields. After success the server
//! answers 303 to the page that shows the result, after a refusal 303 back with a [`context::Flash`].
//!
//! # The script
//! Pages are made by the server alone; what lives on in the browser are their [`islands`], and that is all there is in
//! the WebAssembly. The script that starts the page (`/pkg/start.HASH.js`) calls `frontend`'s exported `hydrate()` after `init`.
#![recursion_limit = "256"]

pub mod ask;
pub mod components;
pub mod context;
pub mod error;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod portal;
pub mod routes;
#[cfg(feature = "ssr")]
pub mod shell;

#[cfg(feature = "hydrate")]
pub use islands::hydrate;
#[cfg(feature = "ssr")]
pub use shell::{App, shell};

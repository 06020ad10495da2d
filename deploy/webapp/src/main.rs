//! A small web app that knows one thing, the name of its Key Vault, and finds everything else through its identity.
//!
//! | file | its part |
//! | --- | --- |
//! | `config` | the environment variables, read once |
//! | `credential` | who we are: workload identity, managed identity or the Azure command line |
//! | `settings` | the four secrets, with their versions |
//! | `database` | a login on a new connection, timed |
//! | `app` | keeps the secrets current and a pool of connections open |
//! | `readiness` | what `/readyz` says |
//! | `page` | what a person sees at `/` |
//! | `routes` | the two doors |
//! | `cause` | why something failed, in the words of the one that refused |

mod app;
mod cause;
mod config;
mod credential;
mod database;
mod page;
mod readiness;
mod routes;
mod settings;

use color_eyre::eyre::{Context, Result};
use std::sync::Arc;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<()> {
    rustls::crypto::ring::default_provider().install_default().ok();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .with_ansi(false)
        .init();

    let config = config::Config::read(|name| std::env::var(name).ok())?;
    let app = Arc::new(app::App::new(&config)?);
    let public = listen(config.address).await?;
    let ready = listen(config.ready_address).await?;
    tracing::info!(vault = %config.vault, page = %config.address, readiness = %config.ready_address, "listening");

    tokio::spawn(app.clone().keep_current(config.refresh));
    let (page, readiness) = tokio::join!(
        axum::serve(public, routes::public(app.clone())).with_graceful_shutdown(stopped()),
        axum::serve(ready, routes::readiness(app)).with_graceful_shutdown(stopped()),
    );
    page.and(readiness).wrap_err("serve")
}

async fn listen(address: std::net::SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.wrap_err_with(|| format!("listen on {address}"))
}

/// Kubernetes asks with SIGTERM, a person with ctrl-c.
async fn stopped() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

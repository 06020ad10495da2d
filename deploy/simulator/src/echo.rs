//! A small program to try a cluster with: it listens where a pod should, and says what it was given.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use http::StatusCode;

/// Serves at `HOST:PORT` (by default `0.0.0.0:8080`) until SIGTERM:
/// `/` answers `HOSTNAME`, `/env/NAME` a variable, `/file/NAME` the file that a variable names, `/exit/CODE` ends the
/// program, `/healthz` is always well, `/readyz` is well unless `UNREADY` is set.
pub async fn serve() -> std::io::Result<()> {
    let read = |name: &str| std::env::var(name).ok();
    let host: IpAddr = read("HOST").and_then(|it| it.parse().ok()).unwrap_or(IpAddr::from([0, 0, 0, 0]));
    let port: u16 = read("PORT").and_then(|it| it.parse().ok()).unwrap_or(8080);
    let listener = tokio::net::TcpListener::bind(SocketAddr::new(host, port)).await?;
    println!("listening on {host}:{port}");
    let router = Router::new()
        .route("/", get(|| async { std::env::var("HOSTNAME").unwrap_or_default() }))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/env/{name}", get(|Path(name): Path<String>| async move { std::env::var(name).unwrap_or_default() }))
        .route("/file/{name}", get(file))
        .route("/exit/{code}", get(exit));
    let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let ended = async move {
        end.recv().await;
        println!("told to end");
    };
    axum::serve(listener, router).with_graceful_shutdown(ended).await
}

async fn ready() -> (StatusCode, &'static str) {
    match std::env::var("UNREADY") {
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
        Err(_) => (StatusCode::OK, "ready"),
    }
}

async fn file(Path(name): Path<String>) -> Result<String, StatusCode> {
    let path = std::env::var(name).map_err(|_| StatusCode::NOT_FOUND)?;
    tokio::fs::read_to_string(path).await.map_err(|_| StatusCode::NOT_FOUND)
}

async fn exit(Path(code): Path<i32>) {
    println!("ending with {code}");
    std::process::exit(code);
}

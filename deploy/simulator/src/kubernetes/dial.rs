//! Sends plain HTTP requests to the programs in pods, for probes and for the API server's proxy.

use std::sync::LazyLock;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// How long a program may take to begin its answer.
const PATIENCE: Duration = Duration::from_secs(30);

static CLIENT: LazyLock<Client<HttpConnector, Body>> = LazyLock::new(|| {
    // A pod's address is used again after its end: no connection outlives its request.
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http()
});

/// Sends a request with an absolute address. The error is a sentence for people.
pub async fn send(request: Request<Body>) -> Result<Response<Incoming>, String> {
    match tokio::time::timeout(PATIENCE, CLIENT.request(request)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(root_cause(&error)),
        Err(_) => Err("context deadline exceeded".to_string()),
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

//! Leads requests on to where the proxy itself does not answer: loopback addresses, and the world outside where told so.
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Request, StatusCode, Uri};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::world::World;

/// Names that are simulated: one of them that is not there now is not looked for outside, where it may be somebody's.
const SIMULATED: &[&str] =
    &[".vault.azure.net", ".azmk8s.io", ".azurecr.io", ".oic.prod-aks.azure.com", ".localhost", ".simulator"];

/// Whether a request for that name leaves the machine.
pub(super) fn is_passed_on(world: &World, host: &str) -> bool {
    world.passes_through() && !SIMULATED.iter().any(|end| host.ends_with(end))
}

/// Answers CONNECT with a tunnel whose bytes the proxy does not understand.
pub(super) async fn tunnel(world: &World, request: Request<Incoming>, address: String) -> Response {
    let mut there = match TcpStream::connect(&address).await {
        Ok(there) => there,
        Err(error) => return not_reached(&address, &error),
    };
    let stopping = world.stopping.clone();
    tokio::spawn(async move {
        let copied = async {
            let upgraded = hyper::upgrade::on(request).await.map_err(std::io::Error::other)?;
            tokio::io::copy_bidirectional(&mut TokioIo::new(upgraded), &mut there).await
        };
        tokio::select! {
            ended = copied => if let Err(error) = ended {
                tracing::debug!(%error, address, "a tunnel ended");
            },
            () = stopping.cancelled() => {}
        }
    });
    StatusCode::OK.into_response()
}

/// Sends a plain request to its server, without what was said to the proxy.
pub(super) async fn plain(request: Request<Incoming>, host: &str) -> Response {
    let address = format!("{host}:{}", request.uri().port_u16().unwrap_or(80));
    let sent = async {
        let stream = TcpStream::connect(&address).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        sender.send_request(to_server(request)).await.map_err(|error| error.to_string())
    };
    match sent.await {
        Ok(response) => response.map(Body::new),
        Err(error) => not_reached(host, &error),
    }
}

fn not_reached(address: &str, why: &impl std::fmt::Display) -> Response {
    let text = format!("azure-simulator: {address} is not reached: {why}\n");
    (StatusCode::BAD_GATEWAY, [("x-azure-simulator", "passed on")], text).into_response()
}

fn to_server(request: Request<Incoming>) -> Request<Incoming> {
    let (mut parts, body) = request.into_parts();
    if let Some(Ok(host)) = parts.uri.authority().map(|authority| HeaderValue::from_str(authority.as_str())) {
        parts.headers.insert("host", host);
    }
    let path = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    parts.uri = path.parse::<Uri>().unwrap_or_default();
    for name in ["proxy-authorization", "proxy-connection", "connection", "keep-alive"] {
        parts.headers.remove(name);
    }
    Request::from_parts(parts, body)
}

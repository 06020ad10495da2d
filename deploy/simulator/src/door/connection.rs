//! Serves one connection to the proxy: CONNECT, absolute addresses, and requests to the door itself.
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Asker, HostName, beyond, serve, tunnel};
use crate::control;
use crate::machines;
use crate::world::World;

/// Serves the connection until it or the world ends.
pub(super) async fn serve(world: Arc<World>, stream: TcpStream) {
    let stopping = world.stopping.clone();
    let service = service_fn(move |request| {
        let world = world.clone();
        async move { answer(world, request).await }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .preserve_header_case(true)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        result = connection => if let Err(error) = result {
            tracing::debug!(%error, "a connection to the front door ended");
        },
        () = stopping.cancelled() => {}
    }
}

async fn answer(world: Arc<World>, request: Request<Incoming>) -> Result<Response, serve::Dropped> {
    let asker = match asker(&world, &request) {
        Ok(asker) => asker,
        Err(refusal) => return Ok(*refusal),
    };
    if request.method() == Method::CONNECT {
        return Ok(tunnel::open(world, asker, request).await);
    }
    let Some(host) = request.uri().host().map(str::to_ascii_lowercase) else {
        return Ok(control::answer(&world, request.map(Body::new))
            .await
            .unwrap_or_else(|never: Infallible| match never {}));
    };
    match world.parts.site(&world, &host) {
        Some((site, router)) if site.plain() => {
            serve::request(&world, router, HostName(host), asker, request.map(Body::new)).await
        }
        Some(_) => Ok(refuse(&host, "speaks https only")),
        None if beyond::is_passed_on(&world, &host) => Ok(beyond::plain(request, &host).await),
        None => Ok(refuse(&host, "is none of the names that this simulator answers for")),
    }
}

/// The machine that asks; credentials that belong to no machine are refused.
fn asker(world: &World, request: &Request<Incoming>) -> Result<Asker, Box<Response>> {
    let Some(header) = request.headers().get("proxy-authorization") else {
        return Ok(Asker(None));
    };
    let machine = header.to_str().ok().and_then(|header| machines::from_header(&world.state, header));
    match machine {
        Some(machine) => Ok(Asker(Some(machine))),
        None => Err(Box::new(
            (
                StatusCode::PROXY_AUTHENTICATION_REQUIRED,
                [("proxy-authenticate", "Basic realm=\"azure-simulator\"")],
                "the credentials in the proxy address belong to no machine of this simulator\n",
            )
                .into_response(),
        )),
    }
}

/// The answer to a name that nobody here has.
pub(super) fn refuse(host: &str, why: &str) -> Response {
    let text = format!("azure-simulator: {host} {why}; nothing leaves this machine\n");
    (StatusCode::BAD_GATEWAY, [("x-azure-simulator", "refused")], text).into_response()
}

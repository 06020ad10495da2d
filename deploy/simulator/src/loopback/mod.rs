//! Azure's services at loopback addresses of their own, for clients that know a cloud by its addresses and no proxy.
//!
//! The services themselves know nothing of it: what comes in is translated to Azure's names, what goes out from them.
//! A cluster's API server is known by the name in the TLS handshake, which the kubeconfigs given out here carry.
mod addresses;
mod translate;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use rustls::server::Acceptor;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};

pub use addresses::Addresses;
use addresses::{CLUSTERS, COUNT};

use crate::StartError;
use crate::door::{self, Asker, Dropped, HostName};
use crate::folder;
use crate::state::State;
use crate::world::World;

/// The listeners, in the order of the addresses.
pub(crate) struct Listeners(Vec<TcpListener>);

/// Listens at the ports of last time, or free ones.
pub(crate) async fn listen(state: &State) -> Result<(Addresses, Listeners), StartError> {
    let mut ports = [0; COUNT];
    let mut listeners = Vec::with_capacity(COUNT);
    for (place, port) in ports.iter_mut().enumerate() {
        let (listener, found) = folder::listen(state, &format!("loopback_port_{place}"), None).await?;
        *port = found;
        listeners.push(listener);
    }
    Ok((Addresses(ports), Listeners(listeners)))
}

/// Serves them until the world ends.
pub(crate) fn run(world: &Arc<World>, listeners: Listeners) {
    for (place, listener) in listeners.0.into_iter().enumerate() {
        tokio::spawn(door::take(world.clone(), listener, move |world, stream| serve(world, stream, place)));
    }
}

async fn serve(world: Arc<World>, stream: TcpStream, place: usize) {
    let stopping = world.stopping.clone();
    let served = async move {
        if place == CLUSTERS { cluster(world, stream).await } else { service(world, stream, place).await }
    };
    tokio::select! {
        () = served => {}
        () = stopping.cancelled() => {}
    }
}

async fn service(world: Arc<World>, stream: TcpStream, place: usize) {
    let tls = match world.authority.server("127.0.0.1") {
        Ok(tls) => tls,
        Err(error) => return tracing::error!(%error, "no certificate for a loopback address"),
    };
    match TlsAcceptor::from(tls).accept(stream).await {
        Ok(stream) => {
            let served = world.clone();
            door::serve_stream(&served, stream, move |request| answer(world.clone(), place, request)).await;
        }
        Err(error) => tracing::debug!(%error, "a TLS handshake failed"),
    }
}

async fn answer(world: Arc<World>, place: usize, request: Request<Incoming>) -> Result<Response, Dropped> {
    let asked = request.headers().get("host").and_then(|host| host.to_str().ok()).or(request.uri().host());
    let Some(host) = world.loopback.host(place, asked.unwrap_or_default()) else {
        let text = "azure-simulator: each vault is asked at its own name here, https://NAME.vault.localhost:PORT\n";
        return Ok((StatusCode::MISDIRECTED_REQUEST, text).into_response());
    };
    let Some((_, router)) = world.parts.site(&world, &host) else {
        let text = format!("azure-simulator: nothing answers for {host} now\n");
        return Ok((StatusCode::BAD_GATEWAY, text).into_response());
    };
    let request = match translate::request(&world.loopback, request).await {
        Ok(request) => request,
        Err(refused) => return Ok(refused),
    };
    let response = door::request(&world, router, HostName(host), Asker(None), request).await?;
    translate::response(&world.loopback, response).await
}

async fn cluster(world: Arc<World>, stream: TcpStream) {
    let start = match LazyConfigAcceptor::new(Acceptor::default(), stream).await {
        Ok(start) => start,
        Err(error) => return tracing::debug!(%error, "a TLS handshake failed"),
    };
    let host = start.client_hello().server_name().unwrap_or_default().to_ascii_lowercase();
    let tls = world.parts.site(&world, &host).and_then(|(site, _)| site.tls(&world, &host));
    let Some(tls) = tls else { return tracing::info!(host, "no cluster has this name") };
    match start.into_stream(tls).await {
        Ok(stream) => door::serve_site(&world, stream, host, Asker(None)).await,
        Err(error) => tracing::debug!(%error, host, "a TLS handshake failed"),
    }
}

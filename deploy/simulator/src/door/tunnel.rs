//! Opens a CONNECT tunnel and ends its TLS under the certificate of the name that is asked.
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio_rustls::TlsAcceptor;

use super::connection::refuse;
use super::{Asker, HostName, serve};
use crate::world::World;

/// Answers CONNECT and serves the tunnel in the background.
pub(super) fn open(world: Arc<World>, asker: Asker, request: Request<Incoming>) -> Response {
    let Some(authority) = request.uri().authority().cloned() else {
        return (StatusCode::BAD_REQUEST, "CONNECT needs a host and a port\n").into_response();
    };
    let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
    let tls = match world.parts.site(&world, &host) {
        Some((site, _)) if !site.plain() && authority.port_u16().unwrap_or(443) == 443 => site.tls(&world, &host),
        Some(_) => return refuse(&host, "answers on port 443 only"),
        None => {
            return refuse(&host, "is none of the names that this simulator answers for");
        }
    };
    let tls = match tls.map_or_else(|| world.authority.server(&host), Ok) {
        Ok(tls) => tls,
        Err(error) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
        }
    };
    tokio::spawn(async move {
        let stopping = world.stopping.clone();
        let tunnel = async move {
            let stream = match hyper::upgrade::on(request).await {
                Ok(upgraded) => TlsAcceptor::from(tls).accept(TokioIo::new(upgraded)).await,
                Err(error) => return tracing::debug!(%error, host, "a tunnel was not opened"),
            };
            let stream = match stream {
                Ok(stream) => stream,
                Err(error) => return tracing::debug!(%error, host, "a TLS handshake failed"),
            };
            let service = service_fn(|request: Request<Incoming>| {
                let (world, asker, host) = (world.clone(), asker.clone(), host.clone());
                async move {
                    // Looked up again for each request: a vault may go while a client keeps its connection.
                    match world.parts.site(&world, &host) {
                        Some((_, router)) => {
                            serve::request(&world, router, HostName(host), asker, request.map(Body::new)).await
                        }
                        None => Err(serve::Dropped),
                    }
                }
            });
            let connection = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            if let Err(error) = connection.serve_connection_with_upgrades(TokioIo::new(stream), service).await {
                tracing::debug!(%error, host, "a tunnel ended");
            }
        };
        tokio::select! {
            () = tunnel => {}
            () = stopping.cancelled() => {}
        }
    });
    StatusCode::OK.into_response()
}

//! Opens a CONNECT tunnel and ends its TLS under the certificate of the name that is asked.
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio_rustls::TlsAcceptor;

use super::connection::refuse;
use super::{Asker, beyond, serve};
use crate::world::World;

/// Answers CONNECT and serves the tunnel in the background.
pub(super) async fn open(world: Arc<World>, asker: Asker, request: Request<Incoming>) -> Response {
    let Some(authority) = request.uri().authority().cloned() else {
        return (StatusCode::BAD_REQUEST, "CONNECT needs a host and a port\n").into_response();
    };
    let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
    if let Some(port) = authority.port_u16().filter(|port| world.loopback.holds(&host, *port)) {
        return beyond::tunnel(&world, request, format!("127.0.0.1:{port}")).await;
    }
    let tls = match world.parts.site(&world, &host) {
        Some((site, _)) if !site.plain() && authority.port_u16().unwrap_or(443) == 443 => site.tls(&world, &host),
        Some(_) => return refuse(&host, "answers on port 443 only"),
        None if beyond::is_passed_on(&world, &host) => {
            return beyond::tunnel(&world, request, format!("{host}:{}", authority.port_u16().unwrap_or(443))).await;
        }
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
        let stream = match hyper::upgrade::on(request).await {
            Ok(upgraded) => TlsAcceptor::from(tls).accept(TokioIo::new(upgraded)).await,
            Err(error) => return tracing::debug!(%error, host, "a tunnel was not opened"),
        };
        match stream {
            Ok(stream) => serve::site(&world, stream, host, asker).await,
            Err(error) => tracing::debug!(%error, host, "a TLS handshake failed"),
        }
    });
    StatusCode::OK.into_response()
}

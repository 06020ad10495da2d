//! The front door: a forward proxy that answers for Azure's names itself and refuses every other, or passes it on.
mod beyond;
mod connection;
mod serve;
mod tunnel;

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;

use crate::machines::Machine;
use crate::world::World;

pub(crate) use serve::{Dropped, request, site as serve_site, stream as serve_stream};

/// The lower-case host name that was asked, in the extensions of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(pub String);

/// The machine whose credentials came with the request, in the extensions of every request.
#[derive(Clone, Debug)]
pub struct Asker(pub Option<Machine>);

/// The certificate that the client showed when the connection was opened, where it did.
#[derive(Clone)]
pub struct Shown(pub Option<CertificateDer<'static>>);

impl Shown {
    /// Of a connection that stands.
    pub(crate) fn on<S>(stream: &TlsStream<S>) -> Self {
        Self(stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(|it| it.clone().into_owned()))
    }
}

/// Takes connections to the proxy until the world ends.
pub async fn run(world: Arc<World>, listener: TcpListener) {
    take(world, listener, connection::serve).await;
}

/// Takes connections until the world ends, and serves each in a task of its own.
pub(crate) async fn take<F>(world: Arc<World>, listener: TcpListener, serve: impl Fn(Arc<World>, TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = world.stopping.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(world.clone(), stream));
            }
            Err(error) => {
                // Too many open files, most likely: give others time to close theirs.
                tracing::warn!(%error, "no connection could be taken");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

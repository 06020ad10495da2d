//! Serves connections, plain or over TLS: none is held for ever by a client that sends too slowly, all end in order.

use super::certificate::{Certificate, CertificateError};
use super::patience::Impatient;
use axum::Router;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;
use url::Url;

/// How often a silent HTTP/2 connection is asked whether it is still there, and how long it may take to say so.
const STILL_THERE: Duration = Duration::from_secs(30);
const ANSWER: Duration = Duration::from_secs(20);
/// The first byte of every TLS connection.
const HANDSHAKE: u8 = 0x16;

/// So much is read of what somebody sent who speaks no TLS.
const MOST_LEFT: u64 = 64 * 1024;

/// What is served, and how.
pub struct Serving {
    pub listener: TcpListener,
    pub certificate: Option<Arc<Certificate>>,
    /// Longest time for the head of a request, and for a TLS handshake.
    pub head: Duration,
    /// The address that people type.
    pub public: Url,
}

/// What every connection needs.
struct Way {
    tls: Option<TlsAcceptor>,
    head: Duration,
    public: Url,
    stop: CancellationToken,
}

impl Serving {
    /// Until `stop`; returns when the last connection has ended. The router is made once, not for each connection.
    pub async fn run(self, router: Router, stop: CancellationToken) -> Result<(), CertificateError> {
        let connections = TaskTracker::new();
        let tls = self.certificate.as_ref().map(Certificate::acceptor).transpose()?;
        if let Some(certificate) = self.certificate {
            connections.spawn(certificate.watch(stop.clone()));
        }
        let way = Arc::new(Way { tls, head: self.head, public: self.public, stop: stop.clone() });
        let mut services = router.into_make_service_with_connect_info::<SocketAddr>();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let Ok(service) = services.call(peer).await;
                    let way = way.clone();
                    connections.spawn(async move { way.serve(stream, service).await });
                }
                Err(error) => after(&error).await,
            }
        }
        drop(self.listener);
        connections.close();
        connections.wait().await;
        Ok(())
    }
}

/// A connection that was lost concerns nobody else; where there is no room for another one, some will end soon.
async fn after(error: &Error) {
    let lost = [ErrorKind::ConnectionRefused, ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset];
    if !lost.contains(&error.kind()) {
        tracing::warn!(%error, "no connection could be taken");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

impl Way {
    async fn serve<S>(&self, mut stream: TcpStream, service: S)
    where
        S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
    {
        // An event is small, and is not to wait for the next one.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return self.converse(stream, service).await };
        let secured = async {
            let mut first = [0];
            if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
                self.refuse_plain(&mut stream).await?;
                return Err(Error::other("plain HTTP"));
            }
            tls.accept(stream).await
        };
        // Whoever breaks off, is too slow or trusts another authority is told by TLS itself.
        // Boxed, as below: a connection without TLS is not to hold the room for one with it.
        if let Ok(Ok(secured)) = timeout(self.head, Box::pin(secured)).await {
            Box::pin(self.converse(secured, service)).await;
        }
    }

    async fn refuse_plain(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let said = format!("This port speaks TLS: {}\n", self.public);
        let answer = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{said}",
            said.len()
        );
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // What was sent and is not read would take the answer away again.
        tokio::io::copy(&mut stream.take(MOST_LEFT), &mut tokio::io::sink()).await.map(drop)
    }

    async fn converse<I, S>(&self, io: I, service: S)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send + 'static,
    {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.head);
        let mut second = builder.http2();
        second.timer(TokioTimer::new()).keep_alive_interval(STILL_THERE).keep_alive_timeout(ANSWER);
        let io = TokioIo::new(Impatient::new(io, self.head));
        let connection = builder.serve_connection(io, TowerToHyperService::new(service));
        // Thousands of listeners stay for hours: each holds what its own protocol needs, once.
        let mut connection = Box::pin(connection);
        tokio::select! {
            // How a connection ended is its client's affair.
            _ = connection.as_mut() => return,
            () = self.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}

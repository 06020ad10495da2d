//! Hands a request to its site's routes, after the faults that wait for it.
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use super::{Asker, HostName, Shown};
use crate::clock::later;
use crate::control;
use crate::faults::{self, Asked, Drop, Fault};
use crate::requests::Told;
use crate::world::World;

/// The connection is closed without an answer, because a fault says so or the name is gone.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without an answer")]
pub(crate) struct Dropped;

/// Answers one request, and remembers it unless it is about the simulator itself.
pub(crate) async fn request(
    world: &World,
    router: Router,
    host: HostName,
    asker: Asker,
    request: Request<Body>,
) -> Result<Response, Dropped> {
    let begun = Instant::now();
    let told = (host.0 != control::HOST).then(|| Told::of(world.clock.now(), &host, &asker, &request));
    let answered = carry_out(world, router, host, asker, request).await;
    if let Some(mut told) = told {
        told.status = answered.as_ref().ok().map(Response::status);
        told.took = begun.elapsed();
        world.requests.note(told);
    }
    answered
}

async fn carry_out(
    world: &World,
    router: Router,
    host: HostName,
    asker: Asker,
    mut request: Request<Body>,
) -> Result<Response, Dropped> {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    let name = host.0.clone();
    let machine = asker.0.as_ref().map(|machine| machine.name.clone());
    let asked = Asked { method: method.as_str(), host: &name, path: &path, machine: machine.as_deref() };
    // Who controls the faults is not hit by them.
    let faults = (name != control::HOST).then_some(&world.faults);
    if faults.is_some_and(|faults| faults.is_hidden(&asked, world.clock.now())) {
        return Ok(faults::not_there(world, &asked, request.headers()));
    }
    let fault = faults.and_then(|faults| faults.strike(&asked));
    if let Some(fault) = &fault {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        if fault.drop == Some(Drop::Before) {
            return Err(Dropped);
        }
        if let Some(answer) = faults::answer(world, &asked, request.headers(), fault) {
            tracing::info!(host = name, %method, path, status = answer.status().as_u16(), "on purpose");
            return Ok(answer);
        }
    }
    request.extensions_mut().insert(host);
    request.extensions_mut().insert(asker);
    // A task of its own: what was begun is brought to its end also where the client hangs up meanwhile.
    let Ok(Ok(response)) = tokio::spawn(router.oneshot(request)).await else { return Err(Dropped) };
    tracing::info!(host = name, %method, path, status = response.status().as_u16());
    if method == Method::PUT && response.status().is_success() {
        let made = response.status() == StatusCode::CREATED;
        if let Some(lag) = faults.and_then(|faults| faults.strike_lag(&asked, made)) {
            world.faults.hide(&path, later(world.clock.now(), lag));
        }
    }
    match fault {
        Some(Fault { drop: Some(Drop::After), .. }) => Err(Dropped),
        Some(Fault { truncate: Some(most), .. }) if response.status() != StatusCode::NO_CONTENT => {
            Ok(faults::cut(response, most))
        }
        _ => Ok(response),
    }
}

/// Serves what comes over an open connection, request by request, until its end.
pub(crate) async fn stream<S, F>(world: &World, stream: S, answer: impl Fn(Request<Incoming>) -> F)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Future<Output = Result<Response, Dropped>> + Send + 'static,
{
    let connection = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    let served = connection.serve_connection_with_upgrades(TokioIo::new(stream), service_fn(answer));
    tokio::select! {
        ended = served => if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended");
        },
        () = world.stopping.cancelled() => {}
    }
}

/// Serves one site over an open connection. The site is looked up again for each request: a vault may go while a client
/// keeps its connection.
pub(crate) async fn site<S>(world: &Arc<World>, connection: TlsStream<S>, host: String, asker: Asker)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shown = Shown::on(&connection);
    let answer = |mut asked: Request<Incoming>| {
        let (world, asker, host) = (world.clone(), asker.clone(), host.clone());
        asked.extensions_mut().insert(shown.clone());
        async move {
            match world.parts.site(&world, &host) {
                Some((_, router)) => request(&world, router, HostName(host), asker, asked.map(Body::new)).await,
                None => Err(Dropped),
            }
        }
    };
    stream(world, connection, answer).await;
}

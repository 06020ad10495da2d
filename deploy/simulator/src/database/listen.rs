//! Binds every database server to its address and serves each connection in a task of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pgwire::api::PgWireServerHandlers;
use pgwire::api::auth::StartupHandler;
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::tokio::{TlsAcceptor, process_socket};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::accounts::{self, Server};
use super::login::Login;
use super::query::Queries;
use super::sessions::{Place, Sessions};
use super::{certificate, seed};
use crate::StartError;
use crate::parts::Start;
use crate::world::World;

/// The servers while they run.
#[derive(Default)]
pub(super) struct Listen {
    running: Mutex<JoinSet<()>>,
    sessions: Arc<Sessions>,
}

#[async_trait]
impl Start for Listen {
    async fn start(&self, world: &Arc<World>) -> Result<(), StartError> {
        seed::make(world).await?;
        for server in accounts::all(&world.state) {
            let (listener, server) = bind(world, server).await?;
            let acceptor = TlsAcceptor::from(certificate::server(world, &server.name)?);
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.spawn(accept(world.clone(), listener, acceptor, server.name, self.sessions.clone()));
        }
        let facts = seed::facts(world);
        world.facts.add("database", facts.first().cloned().unwrap_or(Value::Null));
        world.facts.add("databases", Value::Array(facts));
        Ok(())
    }

    async fn stop(&self, _world: &Arc<World>) {
        let mut running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        running.shutdown().await;
    }
}

/// The address of last time; else a free one of 127.0.2.0/24 at PostgreSQL's port, else a free port.
async fn bind(world: &World, mut server: Server) -> Result<(TcpListener, Server), StartError> {
    let doing = || format!("listening for the database server {}", server.name);
    let first = first_choice(&world.folder);
    let usual = (0..254u8).map(|step| 1 + ((u16::from(first) + u16::from(step)) % 254) as u8);
    let usual = usual.map(|last| SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 2, last)), 5432));
    let anywhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let mut last_error = None;
    for address in server.address.into_iter().chain(usual).chain([anywhere]) {
        match TcpListener::bind(address).await {
            Err(error) => last_error = Some(error),
            Ok(listener) => {
                let address = listener.local_addr().map_err(|error| StartError::new(doing(), error))?;
                if server.address.is_some_and(|before| before != address) {
                    tracing::warn!(server = server.name, before = ?server.address, now = %address, "the database server's address was taken by another program; it has moved");
                }
                server.address = Some(address);
                let written = world.state.change(|draft| {
                    accounts::put(draft, &server);
                    Ok::<(), crate::state::StateError>(())
                });
                written.await.map_err(|error| StartError::new(doing(), error))?;
                return Ok((listener, server));
            }
        }
    }
    Err(StartError::new(doing(), last_error.map_or_else(String::new, |error| error.to_string())))
}

/// Where to begin looking, from 0 to 253: simulators of different folders begin at different places, so that one
/// which is stopped finds its addresses free when it comes back.
fn first_choice(folder: &std::path::Path) -> u8 {
    Sha256::digest(folder.as_os_str().as_encoded_bytes())[0] % 254
}

async fn accept(
    world: Arc<World>,
    listener: TcpListener,
    acceptor: TlsAcceptor,
    server: String,
    sessions: Arc<Sessions>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => {
                    let place = Arc::new(sessions.place(&server));
                    let end = place.end.clone();
                    let parts = Arc::new(Connection { world: world.clone(), place });
                    let acceptor = acceptor.clone();
                    connections.spawn(async move {
                        tokio::select! {
                            ended = process_socket(socket, Some(acceptor), parts) => {
                                if let Err(error) = ended {
                                    tracing::debug!(%error, "a database connection ended");
                                }
                            }
                            () = sent_away(&end) => {}
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, server, "a database connection was not accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = world.stopping.cancelled() => return,
        }
    }
}

/// PostgreSQL tells a session at once that it is sent away. Here its next statement is told so, and who says nothing for
/// a while is let go of.
async fn sent_away(end: &CancellationToken) {
    end.cancelled().await;
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
}

/// What pgwire asks for each connection.
struct Connection {
    world: Arc<World>,
    place: Arc<Place>,
}

impl Connection {
    fn queries(&self) -> Arc<Queries> {
        Arc::new(Queries { world: self.world.clone(), place: self.place.clone() })
    }
}

impl PgWireServerHandlers for Connection {
    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        Arc::new(Login::new(self.world.clone(), self.place.clone()))
    }

    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        self.queries()
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        self.queries()
    }
}

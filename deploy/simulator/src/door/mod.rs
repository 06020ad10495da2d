//! The front door: a forward proxy that answers for Azure's names itself and refuses every other.
mod connection;
mod serve;
mod tunnel;

use std::sync::Arc;

use tokio::net::TcpListener;

use crate::machines::Machine;
use crate::world::World;

/// The lower-case host name that was asked, in the extensions of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(pub String);

/// The machine whose credentials came with the request, in the extensions of every request.
#[derive(Clone, Debug)]
pub struct Asker(pub Option<Machine>);

/// Takes connections until the world ends.
pub async fn run(world: Arc<World>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = world.stopping.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection::serve(world.clone(), stream));
            }
            Err(error) => {
                // Too many open files, most likely: give others time to close theirs.
                tracing::warn!(%error, "no connection could be taken");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

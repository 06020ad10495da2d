//! The loopback addresses of a world's clusters: one for each pod, each service and each load balancer.
//!
//! Pods and services lie in a network of the world's own (`127.X.4.0` and up, X from its folder), so that two
//! worlds on one machine do not meet. Load balancers lie at `127.0.3.N`, where people look for them, and take
//! the next address when somebody already listens there; when all of these are taken, they lie at the end of the
//! world's own network, which holds 1,270 more.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

pub struct Networks {
    octet: u8,
    taken: Mutex<BTreeSet<Ipv4Addr>>,
}

impl Networks {
    pub fn new(folder: &Path) -> Self {
        let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
        // 127.0 is where the machine's own programs listen.
        Self { octet: 1 + digest[0] % 254, taken: Mutex::default() }
    }

    /// A free address for a pod.
    pub fn take_pod(&self) -> Option<Ipv4Addr> {
        self.take(4..200)
    }

    /// A free address for a service inside its cluster.
    pub fn take_service(&self) -> Option<Ipv4Addr> {
        self.take(200..250)
    }

    fn take(&self, range: std::ops::Range<u8>) -> Option<Ipv4Addr> {
        let mut taken = self.taken();
        let free = range
            .flat_map(|third| (1..=254).map(move |fourth| (third, fourth)))
            .map(|(third, fourth)| Ipv4Addr::new(127, self.octet, third, fourth))
            .find(|address| !taken.contains(address))?;
        taken.insert(free);
        Some(free)
    }

    /// Keeps an address that was given out before the simulator's last end.
    pub fn reserve(&self, address: &str) {
        if let Ok(address) = address.parse() {
            self.taken().insert(address);
        }
    }

    pub fn give_back(&self, address: &str) {
        if let Ok(address) = address.parse() {
            self.taken().remove(&address);
        }
    }

    /// Listens for a load balancer on all `ports` of one address: of `former`, where it had one, or of the first free one.
    pub async fn listen(&self, former: Option<Ipv4Addr>, ports: &[u16]) -> io::Result<(Ipv4Addr, Vec<TcpListener>)> {
        if let Some(former) = former {
            let listeners = bind_all(former, ports).await?;
            self.taken().insert(former);
            return Ok((former, listeners));
        }
        let mut last = io::Error::other("every address for load balancers is taken");
        let networks = [(0, 3)].into_iter().chain((250..=254).map(|third| (self.octet, third)));
        for address in
            networks.flat_map(|(second, third)| (1..=254).map(move |fourth| Ipv4Addr::new(127, second, third, fourth)))
        {
            if self.taken().contains(&address) {
                continue;
            }
            match bind_all(address, ports).await {
                Ok(listeners) => {
                    self.taken().insert(address);
                    return Ok((address, listeners));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<Ipv4Addr>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn bind_all(address: Ipv4Addr, ports: &[u16]) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    for port in ports {
        listeners.push(TcpListener::bind(SocketAddrV4::new(address, *port)).await?);
    }
    Ok(listeners)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Networks;
    use std::path::Path;

    #[tokio::test]
    async fn a_load_balancer_beyond_the_usual_addresses_has_one_in_the_worlds_own_network() {
        let networks = Networks::new(Path::new("/a/world"));
        (1..=254).for_each(|fourth| networks.reserve(&format!("127.0.3.{fourth}")));
        let (address, _listeners) = networks.listen(None, &[0]).await.unwrap();
        assert_eq!(address.octets()[2..], [250, 1], "{address}");
        let (next, _listeners) = networks.listen(None, &[0]).await.unwrap();
        assert_eq!(next.octets()[2..], [250, 2], "{next}");
    }
}

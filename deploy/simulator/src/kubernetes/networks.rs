//! The loopback addresses of a world's clusters: one for each pod, each service and each load balancer.
//!
//! Pods and services lie in a network of the world's own (`127.X.4.0` and up), so that two worlds on one machine do not
//! meet: X comes from its folder, or is the next that no other world holds. Load balancers lie at `127.0.3.N`, where people look for them, and take
//! the next address when somebody already listens there; when all of these are taken, they lie at the end of the
//! world's own network, which holds 1,270 more.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

/// Whoever listens at this port of `127.X.0.1` holds the network: a kubelet's port, which nothing else here takes.
const HELD_AT: u16 = 10250;

/// The file in a world's folder that keeps its network: pods have the same addresses after a restart.
const FILE: &str = "network";

pub struct Networks {
    octet: u8,
    taken: Mutex<BTreeSet<Ipv4Addr>>,
    /// Nobody is answered here: while it is open no other world takes the network.
    _held: Option<std::net::TcpListener>,
}

impl Networks {
    /// The network that this folder had before, or a free one.
    pub fn new(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let before = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok());
        let digest = Sha256::digest(folder.as_os_str().as_encoded_bytes());
        // 127.0 is where the machine's own programs listen.
        let first = before.filter(|octet| (1..=254).contains(octet)).unwrap_or(1 + digest[0] % 254);
        let all = (0..254).map(|step| u8::try_from(1 + (u16::from(first) - 1 + step) % 254).unwrap_or(first));
        let hold = |octet| std::net::TcpListener::bind((Ipv4Addr::new(127, octet, 0, 1), HELD_AT)).ok();
        let held = all.into_iter().find_map(|octet| hold(octet).map(|held| (octet, held)));
        let (octet, held) = held.map_or((first, None), |(octet, held)| (octet, Some(held)));
        if before != Some(octet)
            && let Err(error) = fs::write(&file, octet.to_string())
        {
            tracing::warn!(%error, "the network of the pods is not kept for a restart");
        }
        Self { octet, taken: Mutex::default(), _held: held }
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

    #[test]
    fn two_worlds_never_have_one_network_and_each_keeps_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let pod = |networks: &Networks| networks.take_pod().unwrap();
        let first = Networks::new(folder.path());
        let second = Networks::new(folder.path());
        let (one, other) = (pod(&first), pod(&second));
        assert_ne!(one.octets()[1], other.octets()[1]);
        drop((first, second));
        assert_eq!(pod(&Networks::new(folder.path())), other, "the one that was written last");
    }

    #[tokio::test]
    async fn a_load_balancer_beyond_the_usual_addresses_has_one_in_the_worlds_own_network() {
        let folder = tempfile::tempdir().unwrap();
        let networks = Networks::new(folder.path());
        (1..=254).for_each(|fourth| networks.reserve(&format!("127.0.3.{fourth}")));
        let (address, _listeners) = networks.listen(None, &[0]).await.unwrap();
        assert_eq!(address.octets()[2..], [250, 1], "{address}");
        let (next, _listeners) = networks.listen(None, &[0]).await.unwrap();
        assert_eq!(next.octets()[2..], [250, 2], "{next}");
    }
}

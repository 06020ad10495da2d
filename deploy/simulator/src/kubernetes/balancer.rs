//! The sockets of services: a connection to a service's address is passed on to one of its ready pods.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::cluster::Cluster;
use super::event::Tone;
use super::kind;
use super::object::{self, list, number, text};
use super::store::Key;

/// How long Azure takes to give a service a public address.
const PROVISIONING: Duration = Duration::from_secs(20);
/// The pause before an address that is taken is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// The open sockets of one service.
pub struct Balancer {
    /// What it was opened for; a service that changes gets another.
    wanted: Wanted,
    end: CancellationToken,
}

#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    kind: String,
    inside: String,
    ports: Vec<u16>,
}

impl Wanted {
    fn of(service: &Value) -> Self {
        let ports = list(service, "/spec/ports").iter();
        Self {
            kind: text(service, "/spec/type").to_string(),
            inside: text(service, "/spec/clusterIP").to_string(),
            ports: ports.filter_map(|port| u16::try_from(number(port, "/port")?).ok()).collect(),
        }
    }
}

impl Cluster {
    /// Opens and closes sockets as the services say.
    pub async fn tend_services(self: &Arc<Self>) {
        let (_, services) = self.objects.list(&kind::SERVICE, "").await;
        let alive: HashSet<&str> = services.iter().map(|it| object::uid(it)).collect();
        let mut balancers = self.balancers.lock().unwrap_or_else(PoisonError::into_inner);
        balancers.retain(|uid, balancer| {
            let stays = alive.contains(uid.as_str());
            if !stays {
                balancer.end.cancel();
                self.networks.give_back(&balancer.wanted.inside);
            }
            stays
        });
        for service in services.iter().filter(|it| !object::is_deleting(it)) {
            let wanted = Wanted::of(service);
            match balancers.get(object::uid(service)) {
                Some(standing) if standing.wanted == wanted => continue,
                Some(standing) => standing.end.cancel(),
                None => {}
            }
            let end = self.stopping.child_token();
            balancers.insert(object::uid(service).to_string(), Balancer { wanted: wanted.clone(), end: end.clone() });
            if let Ok(inside) = wanted.inside.parse() {
                let (cluster, service, wanted, end) = (self.clone(), service.clone(), wanted.clone(), end.clone());
                self.tasks.spawn(async move { cluster.open_inside(&service, inside, &wanted, &end).await });
            }
            if wanted.kind == "LoadBalancer" {
                let (cluster, service) = (self.clone(), service.clone());
                self.tasks.spawn(async move { cluster.open_outside(&service, &wanted, &end).await });
            }
        }
    }

    /// Closes every socket.
    pub fn close_services(&self) {
        let mut balancers = self.balancers.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, balancer) in balancers.drain() {
            balancer.end.cancel();
        }
    }

    async fn open_inside(
        self: &Arc<Self>,
        service: &Value,
        inside: Ipv4Addr,
        wanted: &Wanted,
        end: &CancellationToken,
    ) {
        match self.networks.listen(Some(inside), &wanted.ports).await {
            Ok((_, listeners)) => self.pass_on(service, listeners, end),
            Err(error) => tracing::warn!(%inside, %error, "a service's address inside the cluster could not be opened"),
        }
    }

    async fn open_outside(self: &Arc<Self>, service: &Arc<Value>, wanted: &Wanted, end: &CancellationToken) {
        let note = |tone, reason, message: String| async move {
            self.note(&kind::SERVICE, service, "service-controller", tone, reason, &message).await;
        };
        let key = Key::of(&kind::SERVICE, service);
        let former = text(service, "/status/loadBalancer/ingress/0/ip").parse().ok();
        if former.is_none() {
            note(Tone::Normal, "EnsuringLoadBalancer", "Ensuring load balancer".into()).await;
            let provided = self.world.hold(&format!("{}/{key}", self.id), "address", PROVISIONING);
            tokio::select! {
                () = self.world.clock.until(provided) => {}
                () = end.cancelled() => return,
            }
        }
        let (address, listeners) = loop {
            match self.networks.listen(former, &wanted.ports).await {
                Ok(open) => break open,
                Err(error) => {
                    let message = format!("Error syncing load balancer: failed to ensure load balancer: {error}");
                    note(Tone::Warning, "SyncLoadBalancerFailed", message).await;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = end.cancelled() => return,
            }
        };
        self.pass_on(service, listeners, end);
        if former.is_none() {
            let written = self.objects.change(&key, |service| {
                let ingress = json!([{"ip": address.to_string(), "ipMode": "VIP"}]);
                object::set(service, &["status", "loadBalancer", "ingress"], ingress);
                Ok(())
            });
            // A service that is gone needs no address.
            let _ = written.await;
            note(Tone::Normal, "EnsuredLoadBalancer", "Ensured load balancer".into()).await;
        }
        let (cluster, end) = (self.clone(), end.clone());
        self.tasks.spawn(async move {
            end.cancelled().await;
            cluster.networks.give_back(&address.to_string());
        });
    }

    fn pass_on(self: &Arc<Self>, service: &Value, listeners: Vec<TcpListener>, end: &CancellationToken) {
        let key = Key::new(&kind::ENDPOINTS, object::namespace(service), object::name(service));
        for (at, listener) in listeners.into_iter().enumerate() {
            let (cluster, key, end) = (self.clone(), key.clone(), end.clone());
            self.tasks.spawn(async move {
                let turn = Arc::new(AtomicUsize::new(0));
                loop {
                    let accepted = tokio::select! {
                        accepted = listener.accept() => accepted,
                        () = end.cancelled() => return,
                    };
                    let Ok((stream, _)) = accepted else { continue };
                    let target = cluster.target(&key, at, turn.fetch_add(1, Ordering::Relaxed)).await;
                    let end = end.clone();
                    cluster.tasks.spawn(async move {
                        tokio::select! {
                            () = connect(stream, target) => {}
                            () = end.cancelled() => {}
                        }
                    });
                }
            });
        }
    }

    /// The ready pod whose turn it is.
    async fn target(&self, endpoints: &Key, port: usize, turn: usize) -> Option<SocketAddr> {
        let endpoints = self.objects.get(endpoints).await?;
        let ready = list(&endpoints, "/subsets/0/addresses");
        let address = ready.get(turn % ready.len().max(1))?;
        let port = number(&endpoints, &format!("/subsets/0/ports/{port}/port"))?;
        format!("{}:{port}", text(address, "/ip")).parse().ok()
    }
}

/// With nobody behind it the connection is closed, as a load balancer without a healthy backend resets it.
async fn connect(mut client: TcpStream, target: Option<SocketAddr>) {
    let Some(target) = target else { return };
    if let Ok(mut pod) = TcpStream::connect(target).await {
        // Either side may hang up when it likes.
        let _ = tokio::io::copy_bidirectional(&mut client, &mut pod).await;
    }
}

//! The Kubernetes API of each simulated cluster, its controllers, and its pods, which are real processes.
//!
//! [`Clusters`] knows what runs. A [`cluster::Cluster`] has a [`store`] of JSON objects, an [`api`] over them for
//! others, [`controllers`] that make the objects agree with each other, a node agent ([`pods`]) that makes processes
//! agree with the objects, and a [`balancer`] for the sockets of services. Who may do what is decided by role
//! assignments in Azure for people of the directory where the cluster says so, and by [`rbac`] for everybody else;
//! everything is kept in the world's state, so that a restart starts the pods again.
//!
//! What differs from a real node: there is one network and one file system for all pods. Each pod has a loopback
//! address of its own, in `status.podIP`, and its program should listen there and not on `0.0.0.0`; a manifest says
//! so with a variable from `fieldRef: status.podIP`. Paths below a volume's mount are rewritten in variables.

pub mod accept;
pub mod age;
pub mod api;
pub mod balancer;
pub mod client_certificate;
pub mod cluster;
pub mod columns;
pub mod controllers;
pub mod defaults;
pub mod dial;
pub mod drain;
pub mod duplicates;
pub mod event;
pub mod eviction;
pub mod fields;
pub mod inventory;
pub mod issuer;
pub mod json_patch;
pub mod kind;
pub mod networks;
pub mod nodes;
pub mod object;
pub mod past;
pub mod patch;
pub mod pods;
pub mod protobuf;
pub mod rbac;
pub mod refusal;
pub mod removal;
pub mod rules;
pub mod schema;
pub mod selector;
pub mod store;
pub mod strategic;
pub mod webhook;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use rustls::ServerConfig;

use self::cluster::{Cluster, OBJECTS};
use self::networks::Networks;
use self::object::text;
use crate::StartError;
use crate::door::HostName;
use crate::parts::{Parts, Site, Start};
use crate::resources::{self, Resource};
use crate::state::Draft;
use crate::world::World;

pub use self::cluster::authority_of;
pub use self::nodes::{node_of_pool, scale_set_name, surge_nodes};

/// The name of a cluster's own account, as Kubernetes knows it.
pub const LOCAL_ACCOUNT: &str = "masterclient";
/// The group whose members may do everything.
pub const MASTERS: &str = "system:masters";
/// The provider type of clusters.
pub const CLUSTERS: &str = "Microsoft.ContainerService/managedClusters";

/// The clusters that run in this world.
#[derive(Default)]
pub struct Clusters {
    running: RwLock<Started>,
    networks: OnceLock<Arc<Networks>>,
}

/// What runs, by lower-case resource id and by the host name of its API server.
#[derive(Default)]
struct Started {
    by_id: BTreeMap<String, Arc<Cluster>>,
    by_host: HashMap<String, Arc<Cluster>>,
}

impl Started {
    fn add(&mut self, id: String, cluster: Arc<Cluster>) {
        self.by_host.insert(cluster.host.clone(), cluster.clone());
        self.by_id.insert(id, cluster);
    }

    fn remove(&mut self, id: &str) -> Option<Arc<Cluster>> {
        let cluster = self.by_id.remove(id)?;
        // A cluster that was made anew may have taken the name over.
        if self.by_host.get(&cluster.host).is_some_and(|other| Arc::ptr_eq(other, &cluster)) {
            self.by_host.remove(&cluster.host);
        }
        Some(cluster)
    }
}

impl Clusters {
    /// Starts a cluster from what the state holds of it; one that runs already is left as it is.
    pub async fn open(&self, world: &Arc<World>, id: &str) -> Result<Arc<Cluster>, StartError> {
        if let Some(running) = self.find(id) {
            return Ok(running);
        }
        let found = world.state.read(|draft| resources::find(draft, id));
        let resource = found.ok_or_else(|| StartError::new("starting a cluster", format!("there is no {id}")))?;
        let networks = self.networks.get_or_init(|| Arc::new(Networks::new(&world.folder)));
        let cluster = Arc::new(Cluster::open(world, networks, &resource)?);
        self.write(|running| running.add(resources::key(id), cluster.clone()));
        cluster.start().await;
        Ok(cluster)
    }

    /// The running cluster with that resource id.
    pub fn find(&self, id: &str) -> Option<Arc<Cluster>> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.by_id.get(&resources::key(id)).cloned()
    }

    /// Stops a cluster: its API server is gone, its pods end, its objects stay.
    pub async fn stop(&self, id: &str) {
        let stopped = self.write(|running| running.remove(&resources::key(id)));
        if let Some(cluster) = stopped {
            cluster.stop().await;
        }
    }

    /// Ends a cluster for good. Its objects go from the state, its files from the disk.
    pub async fn end(&self, world: &World, cluster: &Resource) {
        self.stop(cluster.id()).await;
        clear(world, text(&cluster.body, "/properties/resourceUID")).await;
    }

    /// Ends a cluster whose resource is being removed by somebody else, without waiting for it. Takes its objects out
    /// of the state at once.
    pub fn end_later(&self, draft: &mut Draft<'_>, cluster: &Resource) {
        forget(draft, text(&cluster.body, "/properties/resourceUID"));
        let ended = self.write(|running| running.remove(&resources::key(cluster.id())));
        if let Some(cluster) = ended {
            tokio::spawn(async move {
                cluster.stop().await;
                clear(&cluster.world, &cluster.uid).await;
            });
        }
    }

    fn by_host(&self, host: &str) -> Option<Arc<Cluster>> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.by_host.get(host).cloned()
    }

    fn write<R>(&self, change: impl FnOnce(&mut Started) -> R) -> R {
        change(&mut self.running.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes the objects of a cluster that is gone out of the state.
fn forget(draft: &mut Draft<'_>, uid: &str) {
    let ids: Vec<String> = draft.list_under(OBJECTS, &format!("{uid}/")).into_iter().map(|(id, _)| id).collect();
    for id in ids {
        draft.remove(OBJECTS, &id);
    }
}

async fn clear(world: &World, uid: &str) {
    if uid.is_empty() {
        return;
    }
    let cleared: Result<(), crate::state::StateError> = world
        .state
        .change(|draft| {
            forget(draft, uid);
            Ok(())
        })
        .await;
    if let Err(error) = cleared {
        tracing::error!(%error, uid, "the objects of a cluster that is gone could not be taken away");
    }
    // Nothing there is as good.
    let _ = tokio::fs::remove_dir_all(world.folder.join("clusters").join(uid)).await;
}

/// Adds the API servers of the clusters and the pages of their issuers.
pub fn attach(parts: &mut Parts, clusters: &Arc<Clusters>) {
    parts.add_site(ApiServers(clusters.clone()));
    parts.add_site(issuer::Issuers);
    parts.add_start(Running(clusters.clone()));
}

struct ApiServers(Arc<Clusters>);

impl Site for ApiServers {
    fn answers(&self, _world: &World, host: &str) -> bool {
        host.ends_with(".azmk8s.io") && self.0.by_host(host).is_some()
    }

    fn router(&self, _world: &Arc<World>) -> Router {
        Router::new().fallback(to_cluster).with_state(self.0.clone())
    }

    fn tls(&self, _world: &World, host: &str) -> Option<Arc<ServerConfig>> {
        self.0.by_host(host).map(|cluster| cluster.tls.clone())
    }
}

async fn to_cluster(State(clusters): State<Arc<Clusters>>, request: Request<Body>) -> Response {
    let host = request.extensions().get::<HostName>().map(|host| host.0.clone()).unwrap_or_default();
    match clusters.by_host(&host) {
        Some(cluster) => api::answer(cluster, request).await,
        None => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// How long an API server remembers what has changed, on Azure and at least.
const REMEMBERED: (Duration, Duration) = (Duration::from_secs(300), Duration::from_secs(10));

/// How long nobody asks for an object before it is kept in less room.
const IDLE: Duration = Duration::from_secs(2);

/// Lets every cluster forget old changes, until the world ends.
async fn compact(world: Arc<World>, clusters: Arc<Clusters>) {
    let age = world.clock.shorten(REMEMBERED.0).max(REMEMBERED.1);
    loop {
        tokio::select! {
            () = tokio::time::sleep(IDLE) => {}
            () = world.stopping.cancelled() => return,
        }
        let all: Vec<_> =
            clusters.running.read().unwrap_or_else(PoisonError::into_inner).by_id.values().cloned().collect();
        for cluster in all {
            cluster.objects.compact(age, IDLE).await;
        }
    }
}

struct Running(Arc<Clusters>);

#[async_trait]
impl Start for Running {
    /// Starts every cluster that stands. What an earlier simulator left running has been ended before.
    async fn start(&self, world: &Arc<World>) -> Result<(), StartError> {
        let all = world.state.read(|draft| resources::of_kind(draft, &world.subscription_id(), CLUSTERS));
        for resource in all.iter().filter(|it| it.private["runs"] == true) {
            self.0.open(world, resource.id()).await?;
        }
        tokio::spawn(compact(world.clone(), self.0.clone()));
        Ok(())
    }

    async fn stop(&self, _world: &Arc<World>) {
        let all = self.0.write(std::mem::take);
        futures::future::join_all(all.by_id.values().map(|cluster| cluster.stop())).await;
    }
}

//! One running cluster: its objects, its loop of controllers, its pods and the sockets of its services.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::balancer::Balancer;
use super::client_certificate::Asking;
use super::networks::Networks;
use super::object::{list, text};
use super::pods::{self, Pods};
use super::store::{Keeper, Objects};
use crate::StartError;
use crate::authority::{Authority, KeptAuthority};
use crate::resources;
use crate::world::World;

/// The collection of all objects of all clusters; an id is the cluster's uid and the object's key.
pub const OBJECTS: &str = "kubernetes";
/// How long an orderly stop waits for the programs in the pods.
const PATIENCE: Duration = Duration::from_secs(8);

pub struct Cluster {
    pub world: Arc<World>,
    /// The cluster's resource id.
    pub id: String,
    /// The part of the state that is this cluster's: its `resourceUID`.
    pub uid: String,
    /// The name of its API server.
    pub host: String,
    pub tls: Arc<ServerConfig>,
    /// The certificate of its authority.
    pub authority: CertificateDer<'static>,
    pub objects: Objects,
    pub networks: Arc<Networks>,
    pub pods: Pods,
    pub balancers: Mutex<HashMap<String, Balancer>>,
    /// Told when the cluster is to stop; what runs in it watches this.
    pub stopping: CancellationToken,
    pub tasks: TaskTracker,
    woken: Notify,
}

/// What Azure knows about the cluster, as far as things inside it depend on it.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub host: String,
    pub tenant: String,
    /// The issuer of its service accounts' tokens; its own address where no public one was asked for.
    pub issuer: String,
    /// `1.35.1`
    pub version: String,
    pub workload_identity: bool,
    /// Entra tokens are accepted.
    pub entra: bool,
    /// Rights come from role assignments.
    pub azure_rbac: bool,
    /// Entra groups whose members may do everything.
    pub admin_groups: Vec<String>,
    /// The token of the local account, where local accounts are on.
    pub local_token: Option<String>,
    /// The nodes' own identity.
    pub kubelet_object_id: Option<Uuid>,
}

impl Facts {
    fn of(body: &Value, private: &Value, tenant: Uuid) -> Self {
        let properties = &body["properties"];
        let host = text(properties, "/fqdn").to_string();
        let entra = properties["aadProfile"].is_object();
        let local = properties["disableLocalAccounts"] != true;
        let issuer = match text(properties, "/oidcIssuerProfile/issuerURL") {
            "" => format!("https://{host}"),
            url => url.to_string(),
        };
        let groups = list(properties, "/aadProfile/adminGroupObjectIDs");
        Self {
            tenant: tenant.to_string(),
            issuer,
            version: text(properties, "/currentKubernetesVersion").to_string(),
            workload_identity: properties["securityProfile"]["workloadIdentity"]["enabled"] == true,
            entra,
            azure_rbac: entra && properties["aadProfile"]["enableAzureRBAC"] == true,
            admin_groups: groups.iter().filter_map(|it| it.as_str().map(str::to_string)).collect(),
            local_token: private["local_token"].as_str().filter(|_| local).map(str::to_string),
            kubelet_object_id: Uuid::parse_str(text(properties, "/identityProfile/kubeletidentity/objectId")).ok(),
            host,
        }
    }
}

/// What the state of a cluster resource keeps for its API server, besides what callers see.
pub fn authority_of(resource: &resources::Resource) -> Result<Authority, StartError> {
    let doing = "opening the certificate authority of a cluster";
    let kept: KeptAuthority =
        serde_json::from_value(resource.private["authority"].clone()).map_err(|error| StartError::new(doing, error))?;
    Authority::open(kept).map_err(|error| StartError::new(doing, error))
}

impl Cluster {
    /// Opens a cluster from the state.
    pub fn open(
        world: &Arc<World>,
        networks: &Arc<Networks>,
        resource: &resources::Resource,
    ) -> Result<Self, StartError> {
        let host = text(&resource.body, "/properties/fqdn").to_ascii_lowercase();
        let uid = text(&resource.body, "/properties/resourceUID").to_string();
        let authority = Arc::new(authority_of(resource)?);
        let tls = authority.server_for(&host, Asking::of(authority.der()));
        let tls = tls.map_err(|error| StartError::new("preparing a cluster's TLS", error))?;
        let prefix = format!("{uid}/");
        let records = world.state.list_under(OBJECTS, &prefix);
        let records = records.into_iter().map(|(key, record)| (key[prefix.len()..].to_string(), record)).collect();
        let keeper = StateKeeper { world: world.clone(), prefix };
        Ok(Self {
            id: resource.id().to_string(),
            uid,
            host,
            tls,
            authority: authority.der().clone(),
            objects: Objects::open(Arc::new(keeper), records),
            networks: networks.clone(),
            pods: Pods::default(),
            balancers: Mutex::default(),
            stopping: world.stopping.child_token(),
            tasks: TaskTracker::new(),
            woken: Notify::new(),
            world: world.clone(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// What Azure knows about it now.
    pub fn facts(&self) -> Facts {
        let of = |body: &Value, private: &Value| Facts::of(body, private, self.world.tenant);
        self.world.state.read(|draft| resources::look_whole(draft, &self.id, of)).unwrap_or_default()
    }

    /// Where the files of a pod lie.
    pub fn pod_folder(&self, pod_uid: &str) -> PathBuf {
        pod_folder(&self.world, &self.uid, pod_uid)
    }

    /// Lets the controllers look again.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// Starts the cluster's loop.
    pub async fn start(self: &Arc<Self>) {
        for (_, object) in self.objects.all().await {
            self.networks.reserve(text(&object, "/spec/clusterIP"));
        }
        pods::forget_running(self).await;
        self.furnish().await;
        let cluster = self.clone();
        self.tasks.spawn(async move { cluster.run().await });
    }

    async fn run(self: Arc<Self>) {
        let mut moved = self.objects.moved();
        while !self.stopping.is_cancelled() {
            moved.borrow_and_update();
            let again = self.round().await;
            self.tend_pods().await;
            self.tend_services().await;
            let due = async {
                match again {
                    Some(at) => self.world.clock.until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // The sender lives as long as the cluster.
                _ = moved.changed() => {}
                () = self.woken.notified() => {}
                () = due => {}
                () = self.stopping.cancelled() => {}
            }
        }
    }

    /// Ends everything that runs in the cluster; the objects stay.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.close_services();
        self.tasks.close();
        if tokio::time::timeout(PATIENCE, self.tasks.wait()).await.is_err() {
            tracing::warn!(cluster = %self.id, "programs in pods go on after their time and are left to their lifeline");
        }
    }
}

/// Where the files of a pod of some cluster lie.
pub fn pod_folder(world: &World, cluster_uid: &str, pod_uid: &str) -> PathBuf {
    world.folder.join("clusters").join(cluster_uid).join("pods").join(pod_uid)
}

struct StateKeeper {
    world: Arc<World>,
    prefix: String,
}

#[async_trait]
impl Keeper for StateKeeper {
    async fn keep(&self, key: &str, record: Value) {
        let id = format!("{}{key}", self.prefix);
        if let Err(error) = self.world.state.put(OBJECTS, &id, record).await {
            tracing::error!(%error, id, "an object of a cluster could not be written down");
        }
    }

    async fn forget(&self, key: &str) {
        let id = format!("{}{key}", self.prefix);
        if let Err(error) = self.world.state.remove(OBJECTS, &id).await {
            tracing::error!(%error, id, "an object of a cluster could not be taken away");
        }
    }
}

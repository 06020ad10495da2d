//! An Azure of one's own to rehearse with: the simulator in this process, its clock in the test's hand.
use azure::{Answer, Azure, Config, Operation, Progress, ResourceId, roles};
use azure_simulator::{
    Clock, Options, Simulator,
    faults::{Fault, catalogue},
    settings::Settings,
    tokens::Tokens,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{sync::OnceLock, time::Duration};
use tempfile::TempDir;

/// Longer than anything here takes on Azure.
const A_WHILE: Duration = Duration::from_secs(600);
/// Longer than a registration or a new role takes.
const A_MINUTE: Duration = Duration::from_secs(60);

pub(crate) struct Rehearsal {
    pub(crate) simulator: Simulator,
    folder: TempDir,
}

/// What Azure is known for, by its name in the catalogue.
pub(crate) fn known(name: &str) -> Fault {
    catalogue::named(name).unwrap_or_else(|| panic!("there is no fault named {name}"))
}

/// The next request of this method whose path holds this; what becomes of it is still to be said.
pub(crate) fn on(method: &str, path: &str) -> Fault {
    Fault { method: Some(method.to_owned()), path: Some(path.to_owned()), ..Fault::default() }
}

/// The same, answered so.
pub(crate) fn instead(method: &str, path: &str, status: u16, body: Value) -> Fault {
    Fault { status: Some(status), body, ..on(method, path) }
}

/// What is seen as soon as the simulator has come so far.
pub(crate) async fn eventually<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(tokio::time::Instant::now() < deadline, "it does not come so far");
        tokio::task::yield_now().await;
    }
}

impl Rehearsal {
    pub(crate) async fn start() -> Self {
        Self::start_at(Timestamp::now()).await
    }

    pub(crate) async fn start_at(moment: Timestamp) -> Self {
        static KEY: OnceLock<String> = OnceLock::new();
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            clock: Clock::manual(moment),
            signing_key: Some(KEY.get_or_init(|| Tokens::make_key().unwrap()).clone()),
            ..Options::at_speed(folder.path().join("state"), 1.0)
        };
        Self { simulator: Simulator::start(options).await.unwrap(), folder }
    }

    /// The configuration that the embedded default has, as it is told by the simulator.
    pub(crate) fn config(&self) -> Config {
        serde_json::from_value(self.simulator.ready()["azure"].clone()).unwrap()
    }

    pub(crate) fn azure(&self) -> Azure {
        Azure::connect(self.config()).unwrap()
    }

    /// What happens to the next one that it is about.
    pub(crate) fn goes_wrong(&self, fault: Fault) {
        self.simulator.world().faults.add(fault);
    }

    /// The statuses of all that was asked for this, the oldest first; 0 where the connection was closed instead.
    pub(crate) fn answered(&self, method: &str, path: impl AsRef<str>) -> Vec<u16> {
        let requests = self.simulator.world().requests.newest();
        let those = requests.iter().rev().filter(|told| told.method == method);
        let those = those.filter(|told| told.path.eq_ignore_ascii_case(path.as_ref()));
        those.map(|told| told.status.map_or(0, |status| status.as_u16())).collect()
    }

    /// Lists go on at another page after so many entries.
    pub(crate) async fn cut_lists_after(&self, page_size: usize) {
        let world = self.simulator.world();
        let settings = Settings { page_size, ..world.state.read(Settings::read) };
        settings.keep(world).await.unwrap();
    }

    /// Lets the time pass that everything under way needs.
    pub(crate) fn a_while_later(&self) {
        self.simulator.world().clock.advance(A_WHILE);
    }

    /// Brings a resource about and returns it.
    pub(crate) async fn make(&self, azure: &Azure, id: &ResourceId, body: &Value) -> Value {
        match azure.arm().put(id, body).await.unwrap() {
            Answer::Done(made) => made,
            Answer::Accepted(operation) => {
                self.a_while_later();
                self.ended(azure, &operation).await
            }
        }
    }

    /// What an operation whose time has come has made.
    pub(crate) async fn ended(&self, azure: &Azure, operation: &Operation) -> Value {
        match self.end_of(azure, operation).await.unwrap() {
            Progress::Succeeded(made) => made,
            other => panic!("{other:?}"),
        }
    }

    /// How an operation whose time has come ended.
    pub(crate) async fn end_of(&self, azure: &Azure, operation: &Operation) -> Result<Progress, azure::Error> {
        eventually(async || match azure.arm().poll(operation).await {
            Ok(Progress::Running { .. }) => None,
            ended => Some(ended),
        })
        .await
    }

    pub(crate) async fn group(&self, azure: &Azure) -> ResourceId {
        let group = ResourceId::resource_group(azure.subscription(), "rg-shop");
        self.make(azure, &group, &json!({"location": "westeurope"})).await;
        group
    }

    /// A vault in RBAC mode, and its name.
    pub(crate) async fn vault(&self, azure: &Azure, name: &str) -> ResourceId {
        let vault = self.group(azure).await.child("Microsoft.KeyVault/vaults", name);
        let body = json!({"location": "westeurope", "properties": {
            "tenantId": azure.me().await.unwrap().tenant_id, "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [], "enableRbacAuthorization": true}});
        self.make(azure, &vault, &body).await;
        vault
    }

    /// A cluster of one node, whose own API is Azure's to open.
    pub(crate) async fn cluster(&self, azure: &Azure, name: &str) -> ResourceId {
        self.register(azure, "Microsoft.ContainerService").await;
        let cluster = self.group(azure).await.child("Microsoft.ContainerService/managedClusters", name);
        self.make(azure, &cluster, &cluster_body(name)).await;
        cluster
    }

    pub(crate) async fn register(&self, azure: &Azure, namespace: &str) {
        let provider = ResourceId::provider(azure.subscription(), namespace);
        azure.arm().post(&provider, "register", &Value::Null).await.unwrap();
        self.simulator.world().clock.advance(A_MINUTE);
        eventually(async || {
            let found = azure.arm().get(&provider).await.unwrap().unwrap();
            (found["registrationState"] == "Registered").then_some(())
        })
        .await;
    }

    /// Gives us this role on a scope, and lets it arrive.
    pub(crate) async fn give(&self, azure: &Azure, scope: &ResourceId, role: roles::Role) {
        let me = azure.me().await.unwrap();
        let document = roles::assignment(scope, &me.object_id, me.kind, role);
        azure.arm().put(&roles::assignment_id(scope, &me.object_id, role), &document).await.unwrap();
        self.simulator.world().clock.advance(A_MINUTE);
    }

    pub(crate) async fn end(self) {
        self.simulator.stop().await;
        drop(self.folder);
    }
}

/// A cluster as a careful client asks for it.
pub(crate) fn cluster_body(name: &str) -> Value {
    json!({"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {
        "dnsPrefix": name,
        "agentPoolProfiles": [{"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D2s_v5", "osType": "Linux"}],
        "disableLocalAccounts": true,
        "aadProfile": {"managed": true, "enableAzureRBAC": true},
    }})
}

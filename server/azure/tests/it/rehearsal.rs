//! An Azure of one's own to rehearse with: the simulator in this process, its clock in the test's hand.
use azure::{Answer, Azure, Config, Operation, Progress, ResourceId};
use azure_simulator::{Clock, Options, Simulator, tokens::Tokens};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{sync::OnceLock, time::Duration};
use tempfile::TempDir;

/// Longer than anything here takes on Azure.
const A_WHILE: Duration = Duration::from_secs(600);

pub(crate) struct Rehearsal {
    pub(crate) simulator: Simulator,
    folder: TempDir,
}

impl Rehearsal {
    pub(crate) async fn start() -> Self {
        static KEY: OnceLock<String> = OnceLock::new();
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            clock: Clock::manual(Timestamp::now()),
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

    /// What an operation whose time has come ended with.
    pub(crate) async fn ended(&self, azure: &Azure, operation: &Operation) -> Value {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            match azure.arm().poll(operation).await.unwrap() {
                Progress::Succeeded(made) => return made,
                Progress::Failed { code, message } => panic!("{code}: {message}"),
                Progress::Running { .. } => {
                    assert!(tokio::time::Instant::now() < deadline, "the operation does not end: {operation:?}");
                    tokio::task::yield_now().await;
                }
            }
        }
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

    pub(crate) async fn end(self) {
        self.simulator.stop().await;
        drop(self.folder);
    }
}

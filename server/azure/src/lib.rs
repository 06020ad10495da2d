//! The portal's one small door to Azure and to the Kubernetes clusters in it.
//!
//! What holds for all of it:
//! - **A call is one request.** Nothing here waits for an operation or tries again: the caller has a log and a clock
//!   for that. (Only a GET whose connection could not be made is sent a second time at once.)
//! - **Calls keep Azure's pace.** What Azure says of its budget holds for all calls of a subscription: where it is short
//!   they take turns, and one that would wait too long comes back as [`Kind::Throttled`] without having been sent.
//! - **Documents in, documents out.** Resources and objects are `serde_json::Value`s as Azure writes them.
//! - **Absent is not an error**: `get` answers `None`, `delete` is content with what is gone.
//! - **Errors** are one type; [`Error::kind`] is what to branch on, its text Azure's own words. No token, no value of
//!   a secret and no request body is ever in one.
//! - **Only [`Config`] distinguishes installations**: no environment variable is read but those that the AKS webhook
//!   gives to a pod for workload identity.
//!
//! ```no_run
//! use azure::{Answer, Azure, Config, CredentialKind, Error, Kind, Progress, ResourceId, kubernetes, roles};
//! use secrecy::SecretString;
//! use serde_json::json;
//! use std::collections::BTreeMap;
//!
//! # async fn story() -> Result<(), Error> {
//! // Connecting sends nothing yet. In a company network `proxy` and `extra_ca` are set.
//! let azure = Azure::connect(Config {
//!     subscription_id: "6f1e…".to_owned(),
//!     credential: CredentialKind::Auto,
//!     ..Config::default()
//! })?;
//! let me = azure.me().await?;
//!
//! // A resource: look, ask, and poll what Azure took on. An `Operation` is serde, so that a job can store it.
//! let group = ResourceId::resource_group(azure.subscription(), "rg-shop");
//! let vault = group.child("Microsoft.KeyVault/vaults", "kv-shop");
//! if azure.arm().get(&vault).await?.is_none() {
//!     match azure.arm().put(&vault, &json!({"location": "westeurope", "properties": {}})).await? {
//!         Answer::Done(_vault) => {}
//!         Answer::Accepted(operation) => match azure.arm().poll(&operation).await? {
//!             Progress::Running { after: _, moved: _ } => {}
//!             Progress::Succeeded(_vault) => {}
//!             Progress::Failed { code: _, message: _ } => {}
//!         },
//!     }
//! }
//!
//! // A role: its assignment has the same id each time, so writing it twice is writing it once.
//! let role = roles::KEY_VAULT_SECRETS_OFFICER;
//! let document = roles::assignment(&vault, &me.object_id, me.kind, role);
//! azure.arm().put(&roles::assignment_id(&vault, &me.object_id, role), &document).await?;
//!
//! // A secret: facts come out, values only go in. A new role shows after a while; until then this is `Denied`.
//! let secrets = azure.vault("kv-shop");
//! match secrets.set("Webapp-DB-Password", &SecretString::from("…"), &BTreeMap::new()).await {
//!     Err(error) if error.kind() == Kind::Denied => eprintln!("not yet: {error}"),
//!     other => drop(other?),
//! }
//! assert!(secrets.get("Webapp-DB-Password").await?.is_some_and(|facts| facts.enabled));
//!
//! // Questions and lists.
//! let provider = ResourceId::provider(azure.subscription(), "Microsoft.KeyVault");
//! let question = json!({"name": "kv-shop", "type": "Microsoft.KeyVault/vaults"});
//! if let Answer::Done(answer) = azure.arm().post(&provider, "checkNameAvailability", &question).await? {
//!     println!("{}", answer["nameAvailable"]);
//! }
//! let versions = format!("{}/locations/westeurope/kubernetesVersions", ResourceId::provider(azure.subscription(), "Microsoft.ContainerService"));
//! println!("{}", azure.arm().list(&versions, None).await?.len());
//!
//! // A cluster.
//! let cluster = group.child("Microsoft.ContainerService/managedClusters", "aks-shop");
//! let client = azure.kubernetes(cluster.as_str()).await?;
//! let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
//! kubernetes::apply(&client, &namespace, "keystead").await?;
//! let pods = kubernetes::list(&client, "v1", "Pod", Some("shop"), Some("app=web")).await?;
//! let ready = kubernetes::pod_get(&client, "shop", pods[0]["metadata"]["name"].as_str().unwrap_or(""), 8081, "/readyz").await?;
//! println!("{} {}", ready.status, ready.body);
//!
//! // Log Analytics, by the workspace's `properties.customerId`.
//! let nodes = azure.logs().query("0b1c…", "KubeNodeInventory | project Computer, Status", "PT1H").await?;
//! for row in &nodes.rows {
//!     println!("{:?}", nodes.value(row, "Status"));
//! }
//! # Ok(())
//! # }
//! ```
mod api;
mod arm;
mod cloud;
mod config;
mod costs;
mod credential;
mod door;
mod error;
mod graph;
mod id;
pub mod kubernetes;
mod lately;
mod logs;
mod me;
mod one_try;
mod operation;
mod pace;
mod prices;
mod proxy;
mod refusal;
mod request;
pub mod roles;
mod seen;
mod shared;
mod token;
pub mod trace;
mod transport;
mod vault;
mod vault_keys;
mod wait;

pub use arm::Arm;
pub use cloud::Cloud;
pub use config::{Config, CredentialKind};
pub use costs::{CostLine, Costs, Period};
pub use door::Azure;
pub use error::{Error, Kind};
pub use graph::{Account, Graph, Principal};
pub use id::{NotAnId, ResourceId};
pub use logs::{Column, Logs, Table};
pub use me::Me;
pub use operation::{Answer, Follow, Operation, Progress};
pub use pace::Clock;
pub use prices::{Price, Prices};
pub use seen::Seen;
pub use vault::{SecretFacts, Vault};
pub use vault_keys::{VaultKeys, Wrapped};

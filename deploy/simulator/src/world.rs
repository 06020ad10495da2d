//! Holds one simulated Azure together: its clock, state, keys, parts and what it tells the portal.
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::arm::Limits;
use crate::authority::Authority;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::log_analytics::ResourceLogs;
use crate::parts::Parts;
use crate::requests::Requests;
use crate::state::State;
use crate::tokens::Tokens;
use crate::vault::FrontEnds;
use crate::waits::Waits;

/// One simulated Azure. Everything that has to be remembered lies in `state`; the rest can be made again.
pub struct World {
    /// The time, and how waits are shortened.
    pub clock: Clock,
    /// The documents.
    pub state: State,
    /// The private certificate authority of Azure's names.
    pub authority: Arc<Authority>,
    /// The key behind every token.
    pub tokens: Tokens,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// What it made its clients wait for.
    pub waits: Waits,
    /// What requests are counted against.
    pub limits: Limits,
    /// At which of a vault's front ends the next request arrives.
    pub front_ends: FrontEnds,
    /// What resources have to say about themselves.
    pub resource_logs: ResourceLogs,
    /// What was asked last.
    pub requests: Requests,
    /// What the services contribute.
    pub parts: Parts,
    /// What the portal's configuration is told.
    pub facts: Facts,
    /// The one directory.
    pub tenant: Uuid,
    /// The one subscription.
    pub subscription: Uuid,
    /// Where the state lies: `state.sqlite`, `ca.pem`, `ca-bundle.pem`, `portal.json`, `log`; services may add folders.
    pub folder: PathBuf,
    /// The executable that knows `azure-simulator pod` (for [`crate::process`]).
    pub program: PathBuf,
    /// The front door's port on 127.0.0.1.
    pub door_port: u16,
    /// Where services are without a proxy.
    pub loopback: crate::loopback::Addresses,
    /// The `--port-base` that was asked for; services may take the ports after it.
    pub port_base: Option<u16>,
    /// Whether names that are not simulated are passed on to the world outside.
    pub(crate) passes_through: AtomicBool,
    /// Told when the world ends; every background task watches it.
    pub stopping: CancellationToken,
}

impl World {
    /// The issuer of version 1 access tokens, which Azure's own services are given.
    pub fn issuer(&self) -> String {
        format!("https://sts.windows.net/{}/", self.tenant)
    }

    /// The issuer of version 2 tokens, which applications of the directory are given.
    pub fn issuer_of_version_2(&self) -> String {
        format!("https://login.microsoftonline.com/{}/v2.0", self.tenant)
    }

    /// Passes names that are not simulated on to the world outside, or refuses them again.
    pub fn pass_through(&self, passes: bool) {
        self.passes_through.store(passes, Ordering::Relaxed);
    }

    /// Whether it does.
    pub fn passes_through(&self) -> bool {
        self.passes_through.load(Ordering::Relaxed)
    }

    /// The proxy address with a machine's credentials: `http://NAME:KEY@127.0.0.1:PORT`.
    pub fn proxy_address(&self, machine: &str, key: &str) -> String {
        format!("http://{machine}:{key}@127.0.0.1:{}", self.door_port)
    }

    /// `/subscriptions/{subscription}`.
    pub fn subscription_id(&self) -> String {
        format!("/subscriptions/{}", self.subscription)
    }
}

/// One JSON object to which every service adds what the portal's configuration needs.
#[derive(Default)]
pub struct Facts(Mutex<serde_json::Map<String, Value>>);

impl Facts {
    /// Adds or replaces one entry, for example `database`.
    pub fn add(&self, name: &str, fact: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), fact);
    }

    /// All of them.
    pub fn all(&self) -> Value {
        Value::Object(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

//! Knows the machines: who presents which credentials to the front door, and which identities sit on it.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::resources;
use crate::state::{Draft, State};

/// The collection of the machines, by name.
pub const MACHINES: &str = "machines";

/// A node, a pod or the portal's machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// The user name in its proxy address: letters, digits and hyphens.
    pub name: String,
    /// The password in its proxy address.
    pub key: String,
    /// The ARM resource (scale set) whose `identity` the machine has; a pod has its node's.
    #[serde(default)]
    pub resource: Option<String>,
    /// The identities of a machine that is no ARM resource, in the shape of ARM's `identity`.
    #[serde(default)]
    pub identity: Value,
}

impl Machine {
    /// A machine with a new key, whose identities are those of an ARM resource.
    pub fn of_resource(name: &str, resource: &str) -> Self {
        Self { name: name.to_owned(), key: new_key(), resource: Some(resource.to_owned()), identity: Value::Null }
    }

    /// Its identities now, in the shape of ARM's `identity`:
    /// `{"type", "principalId", "userAssignedIdentities": {ID: {"principalId", "clientId"}}}`.
    pub fn identity(&self, draft: &Draft<'_>) -> Value {
        match &self.resource {
            Some(resource) => {
                resources::find(draft, resource).map(|found| found.body["identity"].clone()).unwrap_or_default()
            }
            None => self.identity.clone(),
        }
    }
}

/// A new random key of 128 bits, as hexadecimal digits.
pub fn new_key() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}

/// Writes a machine.
pub fn put(draft: &mut Draft<'_>, machine: &Machine) {
    draft.put(MACHINES, &machine.name, serde_json::to_value(machine).unwrap_or(Value::Null));
}

/// Removes a machine.
pub fn remove(draft: &mut Draft<'_>, name: &str) {
    draft.remove(MACHINES, name);
}

/// The machine of that name.
pub fn find(draft: &Draft<'_>, name: &str) -> Option<Machine> {
    serde_json::from_value(draft.get(MACHINES, name)?).ok()
}

/// The machine that a `Proxy-Authorization` header names, where name and key agree.
pub fn from_header(state: &State, header: &str) -> Option<Machine> {
    let credentials = String::from_utf8(STANDARD.decode(header.strip_prefix("Basic ")?.trim()).ok()?).ok()?;
    from_key(state, credentials.split_once(':')?)
}

/// The machine of that name, where the key is its own.
pub fn from_key(state: &State, (name, key): (&str, &str)) -> Option<Machine> {
    let machine = state.read(|draft| find(draft, name))?;
    bool::from(machine.key.as_bytes().ct_eq(key.as_bytes())).then_some(machine)
}

//! What the world as a whole is like, and can be told to be: throttling, the length of pages, the subscription's state.
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::arm::merge;
use crate::seed::SETTINGS;
use crate::state::{Draft, StateError};
use crate::world::World;

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether requests are counted against the limits of the resource manager and of the providers.
    pub rate_limits: bool,
    /// How many entries a list has before it goes on at `nextLink`.
    pub page_size: usize,
    /// Whether AKS goes on with a new cluster for a minute, and refuses meanwhile what would change it.
    pub background_operation: bool,
    /// Whether AKS brings new images and versions in the maintenance windows of its channels.
    pub maintenance: bool,
    /// The public address of the portal's machine.
    pub portal_address: Ipv4Addr,
    /// The public address of everybody who is neither on the portal's machine nor in a cluster.
    pub public_address: Ipv4Addr,
    /// Whether the subscription takes writes.
    pub subscription: Subscription,
    /// How many minutes Azure takes until it tells of what was used and is paid for.
    pub costs_late_minutes: u32,
}

/// The state of the subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subscription {
    /// As usual.
    Enabled,
    /// Not paid in time; still as usual.
    PastDue,
    /// To be switched off: what is there can be read and deleted.
    Warned,
    /// Switched off: the same.
    Disabled,
}

impl Subscription {
    /// Whether nothing may be written.
    pub fn is_read_only(self) -> bool {
        matches!(self, Self::Warned | Self::Disabled)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rate_limits: true,
            page_size: 1000,
            background_operation: false,
            maintenance: false,
            portal_address: Ipv4Addr::new(198, 51, 100, 7),
            public_address: Ipv4Addr::new(198, 51, 100, 20),
            subscription: Subscription::Enabled,
            costs_late_minutes: 240,
        }
    }
}

impl Settings {
    /// As they are.
    pub fn read(draft: &Draft<'_>) -> Self {
        let kept = draft.get(SETTINGS, "control");
        kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default()
    }

    /// These with what `changes` names over them, or why it would be none of them.
    pub fn with(&self, changes: &Value) -> Result<Self, String> {
        let mut wanted = json!(self);
        merge(&mut wanted, changes);
        serde_json::from_value(wanted).map_err(|error| error.to_string())
    }

    /// Has the world be so.
    pub async fn keep(&self, world: &World) -> Result<(), StateError> {
        let written = world.state.change(|draft| {
            self.write(draft);
            Ok(())
        });
        written.await
    }

    /// Writes them.
    pub fn write(&self, draft: &mut Draft<'_>) {
        draft.put(SETTINGS, "control", json!(self));
    }
}

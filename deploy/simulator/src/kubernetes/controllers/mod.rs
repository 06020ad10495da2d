//! The controllers of a cluster: each looks at everything there is and says what to write; one loop carries it out.
//!
//! A controller is a pure function of a [`Snapshot`]. What it wants written changes the objects, which starts the
//! next round, until nobody wants anything any more.

pub mod budget;
pub mod deployment;
pub mod endpoints;
pub mod namespace;
pub mod node;
pub mod owned;
pub mod replica_set;
pub mod scheduler;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::event::Tone;
use super::kind::Kind;
use super::object::{self, text};
use super::patch;
use super::refusal::Refusal;
use super::removal::Wish;
use super::store::Key;

/// Everything in a cluster at one moment.
pub struct Snapshot {
    pub now: Timestamp,
    objects: Vec<(&'static Kind, Arc<Value>)>,
    /// Divides a wait of the cluster's own by the simulator's speed.
    pub shorten: Box<dyn Fn(Duration) -> Duration + Send + Sync>,
}

impl Snapshot {
    pub fn of<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a Arc<Value>> {
        self.objects.iter().filter(move |(it, _)| *it == kind).map(|(_, object)| object)
    }

    pub fn all(&self) -> impl Iterator<Item = (&'static Kind, &Arc<Value>)> {
        self.objects.iter().map(|(kind, object)| (*kind, object))
    }

    /// The objects of a kind that `owner` controls.
    pub fn owned<'a>(&'a self, kind: &'a Kind, owner: &'a Value) -> Vec<&'a Arc<Value>> {
        self.of(kind).filter(|object| object::is_owned_by(object, owner)).collect()
    }
}

/// One thing that a controller wants done.
#[derive(Debug)]
pub enum Write {
    Create(&'static Kind, Value),
    /// A merge patch over the whole object, status included.
    Merge(Key, Value),
    Delete(Key, Wish),
    /// Takes the object away for good, whatever it waits for.
    Remove(Key),
    Note {
        kind: &'static Kind,
        object: Arc<Value>,
        component: &'static str,
        tone: Tone,
        reason: &'static str,
        message: String,
    },
}

/// What a controller wants, and when it wants to look again even if nothing changes.
#[derive(Debug, Default)]
pub struct Wanted {
    pub writes: Vec<Write>,
    pub again: Option<Timestamp>,
}

impl Wanted {
    pub fn again_at(&mut self, at: Timestamp) {
        self.again = Some(self.again.map_or(at, |earlier| earlier.min(at)));
    }
}

type Controller = fn(&Snapshot) -> Wanted;

const CONTROLLERS: [Controller; 8] = [
    namespace::look,
    node::look,
    owned::look,
    deployment::look,
    replica_set::look,
    scheduler::look,
    endpoints::look,
    budget::look,
];

impl Cluster {
    /// One round of all controllers; the answer is when to look again without a change.
    pub async fn round(&self) -> Option<Timestamp> {
        let mut again: Option<Timestamp> = None;
        let mut snapshot = self.snapshot().await;
        for controller in CONTROLLERS {
            let wanted = controller(&snapshot);
            if !wanted.writes.is_empty() {
                for write in wanted.writes {
                    self.carry_out(write).await;
                }
                snapshot = self.snapshot().await;
            }
            again = match (again, wanted.again) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        again
    }

    pub async fn snapshot(&self) -> Snapshot {
        let clock = self.world.clock.clone();
        Snapshot {
            now: self.now(),
            objects: self.objects.all().await,
            shorten: Box::new(move |wait| clock.shorten(wait)),
        }
    }

    async fn carry_out(&self, write: Write) {
        let outcome = match write {
            Write::Create(kind, new) => self.create_for_owner(kind, new).await,
            Write::Merge(key, change) => self.merge(&key, &change).await,
            Write::Delete(key, wish) => self.delete(&key, &wish).await.map(|_| ()),
            Write::Remove(key) => {
                self.objects.remove(&key).await;
                Ok(())
            }
            Write::Note { kind, object, component, tone, reason, message } => {
                self.note(kind, &object, component, tone, reason, &message).await;
                Ok(())
            }
        };
        if let Err(refusal) = outcome {
            // Somebody was quicker, or it may not be; the next round sees what stands.
            tracing::debug!(cluster = %self.id, %refusal, "a controller's write was refused");
        }
    }

    async fn merge(&self, key: &Key, change: &Value) -> Result<(), Refusal> {
        let edit = |object: &mut Value| {
            let seen = text(change, "/metadata/resourceVersion");
            if !seen.is_empty() && seen != text(object, "/metadata/resourceVersion") {
                return Err(Refusal::conflict(key.kind, &key.name, "the object has been modified"));
            }
            let spec = object["spec"].clone();
            patch::merge(object, change);
            if key.kind.status && object["spec"] != spec {
                let generation = object::number(object, "/metadata/generation").unwrap_or(0) + 1;
                object::set(object, &["metadata", "generation"], json!(generation));
            }
            Ok(())
        };
        self.objects.change(key, edit).await.map(|_| ())
    }

    async fn create_for_owner(&self, kind: &'static Kind, new: Value) -> Result<(), Refusal> {
        let owner = object::owners(&new).first().map(|(kind, name, _)| Key::new(kind, object::namespace(&new), name));
        let made = self.create(kind, new, false).await;
        let Some(owner) = owner else { return made.map(|_| ()) };
        let Some(owner_object) = self.objects.get(&owner).await else { return made.map(|_| ()) };
        if *kind == super::kind::POD {
            let (tone, reason, message) = match &made {
                Ok(pod) => (Tone::Normal, "SuccessfulCreate", format!("Created pod: {}", object::name(pod))),
                Err(refusal) => (Tone::Warning, "FailedCreate", format!("Error creating: {refusal}")),
            };
            self.note(owner.kind, &owner_object, "replicaset-controller", tone, reason, &message).await;
            replica_set::remember_failure(self, &owner, made.as_ref().err()).await;
        }
        made.map(|_| ())
    }
}

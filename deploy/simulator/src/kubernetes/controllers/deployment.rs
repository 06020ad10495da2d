//! Rolls a Deployment out: one ReplicaSet a version, the new one up and the old ones down within the allowed bounds.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Snapshot, Wanted, Write};
use crate::kubernetes::defaults::share;
use crate::kubernetes::event::Tone;
use crate::kubernetes::kind;
use crate::kubernetes::object::{self, annotation, label, number, text};
use crate::kubernetes::removal::Wish;
use crate::kubernetes::store::Key;

mod status;
#[cfg(test)]
mod tests;

const HASH: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";

/// A deployment with what belongs to it, as one round sees it.
struct Rollout<'a> {
    deployment: &'a Arc<Value>,
    key: Key,
    /// The ReplicaSet of the current template, once it is there.
    new: Option<&'a Arc<Value>>,
    /// Those of earlier templates, oldest first.
    old: Vec<&'a Arc<Value>>,
    desired: i64,
    surge: i64,
    unavailable: i64,
    hash: String,
}

pub fn look(snapshot: &Snapshot) -> Wanted {
    let mut wanted = Wanted::default();
    for deployment in snapshot.of(&kind::DEPLOYMENT) {
        if object::is_deleting(deployment) {
            continue;
        }
        let rollout = Rollout::of(deployment, snapshot);
        if deployment["spec"]["paused"] != true {
            rollout.step(snapshot, &mut wanted);
        }
        status::look(&rollout, snapshot, &mut wanted);
    }
    wanted
}

fn spec_replicas(set: &Value) -> i64 {
    number(set, "/spec/replicas").unwrap_or(0)
}

fn available(set: &Value) -> i64 {
    number(set, "/status/availableReplicas").unwrap_or(0)
}

fn revision(set: &Value) -> i64 {
    annotation(set, REVISION).parse().unwrap_or(0)
}

impl<'a> Rollout<'a> {
    fn of(deployment: &'a Arc<Value>, snapshot: &'a Snapshot) -> Self {
        let hash = template_hash(&deployment["spec"]["template"]);
        let mut sets = snapshot.owned(&kind::REPLICA_SET, deployment);
        sets.sort_by_key(|set| (text(set, "/metadata/creationTimestamp").to_string(), revision(set)));
        let new = sets.iter().copied().find(|set| label(set, HASH) == hash);
        let old = sets.into_iter().filter(|set| label(set, HASH) != hash).collect();
        let desired = number(deployment, "/spec/replicas").unwrap_or(1);
        let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
        let surge = share(&rolling["maxSurge"], desired, true);
        let mut unavailable = share(&rolling["maxUnavailable"], desired, false).min(desired);
        if surge == 0 && unavailable == 0 {
            unavailable = 1; // otherwise nothing could ever move
        }
        let key = Key::of(&kind::DEPLOYMENT, deployment);
        Self { deployment, key, new, old, desired, surge, unavailable, hash }
    }

    fn step(&self, snapshot: &Snapshot, wanted: &mut Wanted) {
        let recreate = text(self.deployment, "/spec/strategy/type") == "Recreate";
        let Some(new) = self.new else {
            let first = if recreate && self.has_old_pods(snapshot) { 0 } else { self.room_for_new(0, recreate) };
            self.create(first, wanted);
            return;
        };
        self.renew_revision(new, wanted);
        if recreate {
            self.recreate(new, snapshot, wanted);
        } else {
            self.roll(new, wanted);
        }
        if self.old.iter().all(|set| spec_replicas(set) == 0) && available(new) >= self.desired {
            self.forget_old(wanted);
        }
    }

    /// How many replicas the new set may have now.
    fn room_for_new(&self, has: i64, recreate: bool) -> i64 {
        if recreate {
            return self.desired;
        }
        let old: i64 = self.old.iter().map(|set| spec_replicas(set)).sum();
        let room = self.desired + self.surge - old - has;
        (has + room.max(0)).min(self.desired)
    }

    fn roll(&self, new: &Arc<Value>, wanted: &mut Wanted) {
        let has = spec_replicas(new);
        let target = if has > self.desired { self.desired } else { self.room_for_new(has, false).max(has) };
        if target != has {
            self.scale(new, target, wanted);
            return;
        }
        let old_total: i64 = self.old.iter().map(|set| spec_replicas(set)).sum();
        let least = self.desired - self.unavailable;
        let mut may_go = old_total + has - least - (has - available(new)).max(0);
        let mut available_left: i64 = available(new) + self.old.iter().map(|set| available(set)).sum::<i64>();
        for set in &self.old {
            let has = spec_replicas(set);
            let broken = (has - available(set)).max(0);
            let healthy_to_go = (available_left - least).clamp(0, (has - broken).max(0));
            let go = (broken + healthy_to_go).min(may_go.max(0)).min(has);
            if go > 0 {
                may_go -= go;
                available_left -= (go - broken).max(0);
                self.scale(set, has - go, wanted);
            }
        }
    }

    fn recreate(&self, new: &Arc<Value>, snapshot: &Snapshot, wanted: &mut Wanted) {
        for set in self.old.iter().filter(|set| spec_replicas(set) > 0) {
            self.scale(set, 0, wanted);
        }
        if !self.has_old_pods(snapshot) && spec_replicas(new) != self.desired {
            self.scale(new, self.desired, wanted);
        }
    }

    fn has_old_pods(&self, snapshot: &Snapshot) -> bool {
        self.old.iter().any(|set| !snapshot.owned(&kind::POD, set).is_empty())
    }

    fn scale(&self, set: &Arc<Value>, to: i64, wanted: &mut Wanted) {
        let from = spec_replicas(set);
        wanted.writes.push(Write::Merge(Key::of(&kind::REPLICA_SET, set), json!({"spec": {"replicas": to}})));
        let direction = if to > from { "up" } else { "down" };
        self.note(wanted, format!("Scaled {direction} replica set {} from {from} to {to}", object::name(set)));
    }

    fn create(&self, replicas: i64, wanted: &mut Wanted) {
        let mut template = self.deployment["spec"]["template"].clone();
        object::set(&mut template, &["metadata", "labels", HASH], json!(self.hash));
        let mut selector = self.deployment["spec"]["selector"].clone();
        object::set(&mut selector, &["matchLabels", HASH], json!(self.hash));
        let name = format!("{}-{}", object::name(self.deployment), self.hash);
        let revision = self.old.iter().map(|set| revision(set)).max().unwrap_or(0) + 1;
        let min_ready = number(self.deployment, "/spec/minReadySeconds").unwrap_or(0);
        wanted.writes.push(Write::Create(
            &kind::REPLICA_SET,
            json!({
                "metadata": {
                    "name": name,
                    "namespace": object::namespace(self.deployment),
                    "labels": template["metadata"]["labels"],
                    "annotations": {REVISION: revision.to_string(), "deployment.kubernetes.io/desired-replicas": self.desired.to_string()},
                    "ownerReferences": [object::owner_reference(&kind::DEPLOYMENT, self.deployment)],
                },
                "spec": {"replicas": replicas, "minReadySeconds": min_ready, "selector": selector, "template": template},
            }),
        ));
        self.note(wanted, format!("Scaled up replica set {name} from 0 to {replicas}"));
        self.write_revision(revision, wanted);
    }

    /// A template that comes back (a rollback) makes its old ReplicaSet the newest again.
    fn renew_revision(&self, new: &Arc<Value>, wanted: &mut Wanted) {
        let newest_old = self.old.iter().map(|set| revision(set)).max().unwrap_or(0);
        let mut current = revision(new);
        if current <= newest_old {
            current = newest_old + 1;
            let change = json!({"metadata": {"annotations": {REVISION: current.to_string()}}});
            wanted.writes.push(Write::Merge(Key::of(&kind::REPLICA_SET, new), change));
        }
        self.write_revision(current, wanted);
    }

    fn write_revision(&self, revision: i64, wanted: &mut Wanted) {
        if annotation(self.deployment, REVISION) != revision.to_string() {
            let change = json!({"metadata": {"annotations": {REVISION: revision.to_string()}}});
            wanted.writes.push(Write::Merge(self.key.clone(), change));
        }
    }

    fn forget_old(&self, wanted: &mut Wanted) {
        let limit = number(self.deployment, "/spec/revisionHistoryLimit").unwrap_or(10).max(0) as usize;
        let idle: Vec<_> = self.old.iter().filter(|set| number(set, "/status/replicas").unwrap_or(0) == 0).collect();
        let surplus = idle.len().saturating_sub(limit);
        for set in idle.into_iter().take(surplus) {
            wanted.writes.push(Write::Delete(Key::of(&kind::REPLICA_SET, set), Wish::default()));
        }
    }

    fn note(&self, wanted: &mut Wanted, message: String) {
        wanted.writes.push(Write::Note {
            kind: &kind::DEPLOYMENT,
            object: self.deployment.clone(),
            component: "deployment-controller",
            tone: Tone::Normal,
            reason: "ScalingReplicaSet",
            message,
        });
    }
}

/// Ten characters that stand for a pod template.
fn template_hash(template: &Value) -> String {
    let digest = Sha256::digest(template.to_string().as_bytes());
    digest.iter().take(10).map(|byte| char::from(object::ALPHABET[usize::from(*byte) % 27])).collect()
}

/// How long a rollout may stand still. What the cluster itself does is shortened by the simulator's speed; the
/// programs in its pods are real and take real time, so at least this much of it remains.
const LEAST_DEADLINE: Duration = Duration::from_secs(20);

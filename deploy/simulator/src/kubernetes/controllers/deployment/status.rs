//! What a Deployment says of its rollout: the counts, and whether it is available, progressing or stuck.

use std::time::Duration;

use serde_json::{Value, json};

use super::{LEAST_DEADLINE, Rollout, spec_replicas};
use crate::clock::later;
use crate::kubernetes::controllers::{Snapshot, Wanted, Write};
use crate::kubernetes::object::{self, number, text};

pub(super) fn look(rollout: &Rollout<'_>, snapshot: &Snapshot, wanted: &mut Wanted) {
    let deployment = rollout.deployment;
    let sum = |field: &str| -> i64 {
        let sets = rollout.old.iter().chain(rollout.new.iter());
        sets.map(|set| number(set, &format!("/status/{field}")).unwrap_or(0)).sum()
    };
    let asked: i64 = rollout.old.iter().chain(rollout.new.iter()).map(|set| spec_replicas(set)).sum();
    let counts = Counts {
        replicas: sum("replicas"),
        updated: rollout.new.and_then(|set| number(set, "/status/replicas")).unwrap_or(0),
        ready: sum("readyReplicas"),
        available: sum("availableReplicas"),
    };
    let generation = number(deployment, "/metadata/generation").unwrap_or(1);
    let mut conditions = vec![available(rollout, &counts, snapshot), progressing(rollout, &counts, snapshot, wanted)];
    conditions.extend(refused(rollout, snapshot));
    let status = json!({
        "observedGeneration": generation,
        "replicas": counts.replicas,
        "updatedReplicas": counts.updated,
        "readyReplicas": counts.ready,
        "availableReplicas": counts.available,
        "unavailableReplicas": (asked.max(rollout.desired) - counts.available).max(0),
        "conditions": conditions,
    });
    if deployment["status"] != status {
        wanted.writes.push(Write::Merge(rollout.key.clone(), json!({ "status": status })));
    }
}

struct Counts {
    replicas: i64,
    updated: i64,
    ready: i64,
    available: i64,
}

fn condition(
    rollout: &Rollout<'_>,
    snapshot: &Snapshot,
    kind: &str,
    holds: bool,
    reason: &str,
    message: &str,
) -> Value {
    let word = if holds { "True" } else { "False" };
    let now = object::time(snapshot.now);
    let before = object::condition(rollout.deployment, kind);
    let since = before.filter(|it| it["status"] == word).map(|it| text(it, "/lastTransitionTime").to_string());
    let unchanged = before.filter(|it| it["status"] == word && it["reason"] == reason && it["message"] == message);
    let updated = unchanged.map(|it| text(it, "/lastUpdateTime").to_string());
    json!({
        "type": kind,
        "status": word,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since.unwrap_or_else(|| now.clone()),
        "lastUpdateTime": updated.unwrap_or(now),
    })
}

fn available(rollout: &Rollout<'_>, counts: &Counts, snapshot: &Snapshot) -> Value {
    if counts.available >= rollout.desired - rollout.unavailable {
        let message = "Deployment has minimum availability.";
        condition(rollout, snapshot, "Available", true, "MinimumReplicasAvailable", message)
    } else {
        let message = "Deployment does not have minimum availability.";
        condition(rollout, snapshot, "Available", false, "MinimumReplicasUnavailable", message)
    }
}

/// That the pods of one of its ReplicaSets are refused, of the newest first, in the same words.
fn refused(rollout: &Rollout<'_>, snapshot: &Snapshot) -> Option<Value> {
    let kind = "ReplicaFailure";
    let mut sets = rollout.new.iter().chain(rollout.old.iter());
    let failed = sets.find_map(|set| object::condition(set, kind).filter(|it| it["status"] == "True"))?;
    Some(condition(rollout, snapshot, kind, true, text(failed, "/reason"), text(failed, "/message")))
}

fn progressing(rollout: &Rollout<'_>, counts: &Counts, snapshot: &Snapshot, wanted: &mut Wanted) -> Value {
    let before = object::condition(rollout.deployment, "Progressing");
    let name = format!("{}-{}", object::name(rollout.deployment), rollout.hash);
    let write = |holds, reason, message: String| condition(rollout, snapshot, "Progressing", holds, reason, &message);
    if rollout.new.is_none() {
        return write(true, "NewReplicaSetCreated", format!("Created new replica set \"{name}\""));
    }
    let complete =
        counts.updated == rollout.desired && counts.replicas == rollout.desired && counts.available >= rollout.desired;
    let done = format!("ReplicaSet \"{name}\" has successfully progressed.");
    let was_done = before.is_some_and(|it| it["reason"] == "NewReplicaSetAvailable" && it["message"] == done.as_str());
    if complete || was_done {
        // Once through, a rollout stays through: a pod that fails later is the ReplicaSet's affair.
        return write(true, "NewReplicaSetAvailable", done);
    }
    let status = &rollout.deployment["status"];
    let was = |field: &str| number(status, &format!("/{field}")).unwrap_or(0);
    let old_now = counts.replicas - counts.updated;
    let old_before = was("replicas") - was("updatedReplicas");
    let moved = counts.updated > was("updatedReplicas")
        || old_now < old_before
        || counts.ready > was("readyReplicas")
        || counts.available > was("availableReplicas");
    let generation_seen = number(status, "/observedGeneration") == number(rollout.deployment, "/metadata/generation");
    let on_its_way = format!("ReplicaSet \"{name}\" is progressing.");
    if moved || !generation_seen || before.is_none() {
        let mut fresh = write(true, "ReplicaSetUpdated", on_its_way);
        fresh["lastUpdateTime"] = json!(object::time(snapshot.now));
        return fresh;
    }
    let seconds = number(rollout.deployment, "/spec/progressDeadlineSeconds").unwrap_or(600);
    let deadline = Duration::from_secs(u64::try_from(seconds).unwrap_or(600));
    let deadline = (snapshot.shorten)(deadline).max(deadline.min(LEAST_DEADLINE));
    let Some(moved_last) = before.and_then(|it| object::time_at(it, "/lastUpdateTime")) else {
        return write(true, "ReplicaSetUpdated", on_its_way);
    };
    let timed_out = before.is_some_and(|it| it["reason"] == "ProgressDeadlineExceeded");
    let end = later(moved_last, deadline);
    if timed_out || end <= snapshot.now {
        return write(false, "ProgressDeadlineExceeded", format!("ReplicaSet \"{name}\" has timed out progressing."));
    }
    wanted.again_at(end);
    before.cloned().unwrap_or(Value::Null)
}

//! Deletes what has lost its owner, and lets an owner go that waited for what it owns.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Snapshot, Wanted, Write};
use crate::kubernetes::object::{self, list};
use crate::kubernetes::removal::{FOREGROUND, Wish};
use crate::kubernetes::store::Key;

pub fn look(snapshot: &Snapshot) -> Wanted {
    let mut wanted = Wanted::default();
    let alive: BTreeSet<&str> = snapshot.all().map(|(_, object)| object::uid(object)).collect();
    let waiting: BTreeSet<&str> = snapshot
        .all()
        .filter(|(_, object)| object::is_deleting(object) && waits(object))
        .map(|(_, object)| object::uid(object))
        .collect();
    let mut still_owned = BTreeSet::new();
    for (kind, object) in snapshot.all() {
        let owners = object::owners(object);
        if owners.is_empty() {
            continue;
        }
        let orphaned = owners.iter().all(|(_, _, uid)| !alive.contains(uid));
        let awaited = owners.iter().any(|(_, _, uid)| waiting.contains(uid));
        still_owned.extend(owners.iter().map(|(_, _, uid)| *uid));
        if (orphaned || awaited) && !object::is_deleting(object) {
            let propagation = if awaited { "Foreground" } else { "Background" }.to_string();
            wanted.writes.push(Write::Delete(Key::of(kind, object), Wish { propagation, ..Wish::default() }));
        }
    }
    for (kind, object) in snapshot.all() {
        if waiting.contains(object::uid(object)) && !still_owned.contains(object::uid(object)) {
            let mut finalizers = list(object, "/metadata/finalizers").to_vec();
            finalizers.retain(|it| it != FOREGROUND);
            let key = Key::of(kind, object);
            if !finalizers.is_empty() {
                wanted.writes.push(Write::Merge(key, json!({"metadata": {"finalizers": finalizers}})));
            } else if *kind == crate::kubernetes::kind::POD {
                // The node takes the pod away once its containers have ended.
                wanted.writes.push(Write::Merge(key, json!({"metadata": {"finalizers": null}})));
            } else {
                wanted.writes.push(Write::Remove(key));
            }
        }
    }
    wanted
}

fn waits(object: &serde_json::Value) -> bool {
    list(object, "/metadata/finalizers").iter().any(|it| it == FOREGROUND)
}

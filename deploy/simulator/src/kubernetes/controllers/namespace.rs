//! Furnishes new namespaces and empties those that are being deleted.

use serde_json::{Value, json};

use super::{Snapshot, Wanted, Write};
use crate::kubernetes::kind;
use crate::kubernetes::object;
use crate::kubernetes::removal::Wish;
use crate::kubernetes::store::Key;

pub fn look(snapshot: &Snapshot) -> Wanted {
    let mut wanted = Wanted::default();
    for namespace in snapshot.of(&kind::NAMESPACE) {
        let name = object::name(namespace);
        if object::is_deleting(namespace) {
            empty(name, snapshot, &mut wanted);
        } else {
            furnish(name, snapshot, &mut wanted);
        }
    }
    wanted
}

fn furnish(namespace: &str, snapshot: &Snapshot, wanted: &mut Wanted) {
    let has = snapshot
        .of(&kind::SERVICE_ACCOUNT)
        .any(|account| object::namespace(account) == namespace && object::name(account) == "default");
    if !has {
        let account = json!({"metadata": {"name": "default", "namespace": namespace}});
        wanted.writes.push(Write::Create(&kind::SERVICE_ACCOUNT, account));
    }
}

fn empty(namespace: &str, snapshot: &Snapshot, wanted: &mut Wanted) {
    let mut left = false;
    let inside = |object: &Value| object::namespace(object) == namespace;
    for (kind, object) in snapshot.all().filter(|(kind, object)| kind.namespaced && inside(object)) {
        if *kind == kind::EVENT {
            wanted.writes.push(Write::Remove(Key::of(kind, object)));
            continue;
        }
        left = true;
        if !object::is_deleting(object) {
            wanted.writes.push(Write::Delete(Key::of(kind, object), Wish::default()));
        }
    }
    if !left {
        wanted.writes.push(Write::Remove(Key::new(&kind::NAMESPACE, "", namespace)));
    }
}

//! Rollouts without any process: pods become ready as soon as they are looked at, or never.
#![allow(clippy::unwrap_used)]
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::later;
use crate::kubernetes::controllers::{Snapshot, Wanted, Write, deployment, replica_set};
use crate::kubernetes::kind::{self, Kind};
use crate::kubernetes::object::{self, number, text};
use crate::kubernetes::patch;
use crate::kubernetes::store::Key;

/// A cluster in which writes simply happen.
struct Table {
    now: Timestamp,
    rows: Vec<(&'static Kind, Value)>,
    made: u32,
    /// Whether the pods of an image ever become ready.
    works: fn(&str) -> bool,
}

impl Table {
    fn new(works: fn(&str) -> bool) -> Self {
        Self { now: "2026-11-23T09:00:00Z".parse().unwrap(), rows: Vec::new(), made: 0, works }
    }

    fn deploy(&mut self, image: &str, replicas: i64) {
        self.rows.retain(|(kind, _)| **kind != kind::DEPLOYMENT || replicas < 0);
        let generation = i64::from(self.made) + 1;
        self.rows.push((
            &kind::DEPLOYMENT,
            json!({"metadata": {"name": "web", "namespace": "default", "uid": "web", "generation": generation},
                "spec": {"replicas": replicas, "progressDeadlineSeconds": 60,
                    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}},
                    "selector": {"matchLabels": {"app": "web"}},
                    "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}}}}),
        ));
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            now: self.now,
            objects: self.rows.iter().map(|(kind, object)| (*kind, Arc::new(object.clone()))).collect(),
            shorten: Box::new(|wait| wait),
        }
    }

    fn carry_out(&mut self, wanted: Wanted) {
        for write in wanted.writes {
            match write {
                Write::Create(kind, mut object) => {
                    self.made += 1;
                    let name = match object::name(&object) {
                        "" => format!("{}{}", text(&object, "/metadata/generateName"), self.made),
                        name => name.to_owned(),
                    };
                    object::set(&mut object, &["metadata", "name"], json!(name));
                    object::set(&mut object, &["metadata", "uid"], json!(format!("uid-{}", self.made)));
                    object::set(&mut object, &["metadata", "creationTimestamp"], json!(object::time(self.now)));
                    self.rows.push((kind, object));
                }
                Write::Merge(key, change) => {
                    let found = self.rows.iter_mut().find(|(kind, object)| Key::of(kind, object) == key);
                    patch::merge(&mut found.unwrap().1, &change);
                }
                Write::Delete(key, _) | Write::Remove(key) => {
                    self.rows.retain(|(kind, object)| Key::of(kind, object) != key);
                }
                Write::Note { .. } => {}
            }
        }
    }

    /// One round; the answer is (all pods, ready pods).
    fn round(&mut self) -> (usize, usize) {
        self.now = later(self.now, Duration::from_secs(1));
        let wanted = deployment::look(&self.snapshot());
        self.carry_out(wanted);
        let wanted = replica_set::look(&self.snapshot());
        self.carry_out(wanted);
        let now = object::time(self.now);
        let mut counts = (0, 0);
        for (_, pod) in self.rows.iter_mut().filter(|(kind, _)| **kind == kind::POD) {
            counts.0 += 1;
            counts.1 += usize::from(object::is_condition_true(pod, "Ready"));
            if (self.works)(text(pod, "/spec/containers/0/image")) && object::condition(pod, "Ready").is_none() {
                object::set(
                    pod,
                    &["status", "conditions"],
                    json!([{"type": "Ready", "status": "True", "lastTransitionTime": now}]),
                );
            }
        }
        counts
    }

    fn status(&self) -> &Value {
        &self.rows.iter().find(|(kind, _)| **kind == kind::DEPLOYMENT).unwrap().1["status"]
    }
}

fn reason(status: &Value) -> &str {
    let conditions = object::list(status, "/conditions");
    conditions.iter().find(|it| it["type"] == "Progressing").map_or("", |it| text(it, "/reason"))
}

#[test]
fn a_rolling_update_never_leaves_its_bounds_and_comes_to_its_end() {
    let mut table = Table::new(|_| true);
    table.deploy("web:1", 4);
    for _ in 0..10 {
        table.round();
    }
    assert_eq!(
        (number(table.status(), "/availableReplicas"), reason(table.status())),
        (Some(4), "NewReplicaSetAvailable")
    );
    table.deploy("web:2", 4);
    for _ in 0..40 {
        let (all, ready) = table.round();
        assert!(all <= 5, "{all} pods are more than one too many");
        assert!(ready >= 3, "{ready} ready pods are more than one too few");
    }
    assert_eq!((number(table.status(), "/updatedReplicas"), number(table.status(), "/replicas")), (Some(4), Some(4)));
}

#[test]
fn a_version_that_never_gets_ready_is_given_up_and_the_old_one_goes_on() {
    let mut table = Table::new(|image| image == "web:1");
    table.deploy("web:1", 4);
    for _ in 0..10 {
        table.round();
    }
    table.deploy("web:2", 4);
    for _ in 0..90 {
        let (_, ready) = table.round();
        assert!(ready >= 3, "{ready}");
    }
    assert_eq!(reason(table.status()), "ProgressDeadlineExceeded");
}

#[test]
fn a_controller_that_has_what_it_wants_writes_nothing() {
    let mut table = Table::new(|_| true);
    table.deploy("web:1", 2);
    for _ in 0..10 {
        table.round();
    }
    table.now = later(table.now, Duration::from_secs(1));
    for look in [deployment::look, replica_set::look] {
        let wanted = look(&table.snapshot());
        assert!(wanted.writes.is_empty(), "{:?}", wanted.writes);
    }
}

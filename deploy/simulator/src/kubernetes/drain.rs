//! Empties nodes: closes them to new pods and evicts those that are there, as far as disruption budgets allow.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::controllers::{budget, scheduler};
use super::event::Tone;
use super::kind;
use super::nodes::IMAGE;
use super::object::{self, is_condition_true, label, number, text};
use super::removal::Wish;
use super::store::Key;
use crate::resources;

/// The label of a node that could not be emptied and was left closed.
const STATUS: &str = "kubernetes.azure.com/upgrade-status";
const QUARANTINED: &str = "Quarantined";

/// How far a node has been emptied.
#[derive(Debug, PartialEq)]
pub enum Emptied {
    /// No pod is left.
    All,
    /// This pod (`namespace/name`) ends.
    Leaving(String),
    /// A disruption budget holds a pod.
    Held {
        /// `namespace/name`.
        pod: String,
        /// What is said of the budget: its name and its numbers.
        budget: String,
    },
}

impl Cluster {
    /// How many nodes of a pool could not be emptied and were left closed.
    pub async fn quarantined(&self, pool: &str) -> i64 {
        let (_, nodes) = self.objects.list(&kind::NODE, "").await;
        let count = nodes.iter().filter(|node| label(node, "agentpool") == pool && is_quarantined(node)).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// Leaves a node closed that could not be emptied, until somebody takes its label away.
    pub async fn quarantine(&self, name: &str) {
        let key = Key::new(&kind::NODE, "", name);
        let written = self.objects.change(&key, |node| {
            object::set(node, &["metadata", "labels", STATUS], json!(QUARANTINED));
            Ok(())
        });
        if let Err(refusal) = written.await {
            tracing::debug!(%refusal, name, "a node could not be labelled");
        }
    }

    /// The nodes of a pool whose version or image is not what the pool says, in the order of their names, but for those
    /// that were left closed.
    pub async fn outdated(&self, pool: &Value) -> Vec<Arc<Value>> {
        let version = format!("v{}", text(pool, "/currentOrchestratorVersion"));
        let image = text(pool, "/nodeImageVersion");
        let (_, nodes) = self.objects.list(&kind::NODE, "").await;
        let of_pool = nodes.into_iter().filter(|node| label(node, "agentpool") == text(pool, "/name"));
        let old =
            |node: &Arc<Value>| text(node, "/status/nodeInfo/kubeletVersion") != version || label(node, IMAGE) != image;
        of_pool.filter(|node| !is_quarantined(node) && old(node)).collect()
    }

    /// Closes a node to new pods, or opens it again.
    pub async fn cordon(&self, name: &str, closed: bool) {
        let key = Key::new(&kind::NODE, "", name);
        let written = self.objects.change(&key, |node| {
            match closed {
                true => object::set(node, &["spec", "unschedulable"], json!(true)),
                false => {
                    if let Some(spec) = node["spec"].as_object_mut() {
                        spec.remove("unschedulable");
                    }
                }
            }
            Ok(())
        });
        if let Err(refusal) = written.await {
            tracing::debug!(%refusal, name, "a node could not be closed or opened");
        }
    }

    /// Evicts what runs on a node; to be asked again until all is gone.
    pub async fn drain(&self, name: &str) -> Emptied {
        let (_, pods) = self.objects.list(&kind::POD, "").await;
        let mut emptied = Emptied::All;
        for pod in pods.iter().filter(|pod| text(pod, "/spec/nodeName") == name) {
            let title = format!("{}/{}", object::namespace(pod), object::name(pod));
            let refusal = match object::is_deleting(pod) {
                true => None,
                false => self.evict(&Key::of(&kind::POD, pod), &Wish::default()).await.err(),
            };
            match refusal {
                // What was evicted is gone once its programs have ended.
                None if matches!(emptied, Emptied::All) => emptied = Emptied::Leaving(title),
                Some(refusal) if refusal.code == StatusCode::TOO_MANY_REQUESTS => {
                    let message =
                        format!("Eviction blocked by Too many Requests (usually a pdb): {}", object::name(pod));
                    self.note_of_node(name, Tone::Warning, "Drain", &message).await;
                    emptied = Emptied::Held { pod: title, budget: self.budget_of(pod).await };
                }
                _ => {}
            }
        }
        emptied
    }

    async fn budget_of(&self, pod: &Value) -> String {
        let (_, budgets) = self.objects.list(&kind::DISRUPTION_BUDGET, object::namespace(pod)).await;
        let Some(budget) = budgets.iter().find(|budget| budget::covers(budget, pod)) else { return String::new() };
        let (_, pods) = self.objects.list(&kind::POD, object::namespace(pod)).await;
        let unready = pods.iter().filter(|pod| budget::covers(budget, pod) && !is_condition_true(pod, "Ready")).count();
        let (name, value) = match (&budget["spec"]["minAvailable"], &budget["spec"]["maxUnavailable"]) {
            (Value::Null, most) => ("MaxUnavailable", most),
            (least, _) => ("MinAvailable", least),
        };
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let count = |field: &str| number(budget, &format!("/status/{field}")).unwrap_or(0);
        format!(
            "{} ({name}: {value}) (CurrentHealthy: {}) (DesiredHealthy: {}) (ExpectedPods: {}) with {unready} unready pods",
            object::name(budget),
            count("currentHealthy"),
            count("desiredHealthy"),
            count("expectedPods"),
        )
    }

    /// Whether a pod finds no place that a further node of a pool would have for it.
    pub async fn has_homeless_pod(&self, pool: &Value) -> bool {
        let found = self.world.state.read(|draft| resources::find(draft, &self.id));
        let Some(resource) = found else { return false };
        let node = self.node(&resource, pool, 0);
        let (_, pods) = self.objects.list(&kind::POD, "").await;
        pods.iter().any(|pod| is_homeless(pod) && scheduler::takes(&node, pod))
    }

    /// Whether a node is there and no pod is on it.
    pub async fn is_idle(&self, name: &str) -> bool {
        let (_, pods) = self.objects.list(&kind::POD, "").await;
        self.objects.get(&Key::new(&kind::NODE, "", name)).await.is_some()
            && !pods.iter().any(|pod| text(pod, "/spec/nodeName") == name)
    }

    /// Notes what the upgrade of a node came to.
    pub async fn note_of_node(&self, name: &str, tone: Tone, reason: &str, message: &str) {
        if let Some(node) = self.objects.get(&Key::new(&kind::NODE, "", name)).await {
            self.note(&kind::NODE, &node, "upgrader", tone, reason, message).await;
        }
    }

    /// Takes a node away, and whatever pod is still on it.
    pub async fn remove_node(&self, name: &str) {
        let (_, pods) = self.objects.list(&kind::POD, "").await;
        for pod in pods.iter().filter(|pod| text(pod, "/spec/nodeName") == name) {
            // Somebody else may have deleted it first.
            let _ = self.delete(&Key::of(&kind::POD, pod), &Wish::default()).await;
        }
        self.objects.remove(&Key::new(&kind::NODE, "", name)).await;
    }
}

fn is_quarantined(node: &Value) -> bool {
    label(node, STATUS) == QUARANTINED
}

fn is_homeless(pod: &Value) -> bool {
    let refused = object::condition(pod, "PodScheduled").is_some_and(|it| it["reason"] == "Unschedulable");
    refused && text(pod, "/spec/nodeName").is_empty() && !object::is_deleting(pod)
}

//! The node agent of a cluster: for each pod that was given a node, an address, files, and a running container or several.

mod container;
mod environment;
pub mod image;
pub mod log;
mod probe;
mod status;
mod volumes;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::container::Container;
use super::cluster::Cluster;
use super::kind;
use super::object::{self, list, number, text};
use super::store::Key;
use crate::machines::{self, Machine};

/// The pods that are being looked after, by uid.
#[derive(Default)]
pub struct Pods(Mutex<HashMap<String, Looked>>);

struct Looked {
    /// Told when the pod is to end.
    end: CancellationToken,
    /// Told when it is to end without any grace.
    kill: CancellationToken,
}

impl Pods {
    fn with<R>(&self, look: impl FnOnce(&mut HashMap<String, Looked>) -> R) -> R {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether no pod runs any more.
    pub fn is_empty(&self) -> bool {
        self.with(|pods| pods.is_empty())
    }
}

impl Cluster {
    /// Starts what is to run and ends what is not, as the objects say.
    pub async fn tend_pods(self: &Arc<Self>) {
        let (_, pods) = self.objects.list(&kind::POD, "").await;
        for pod in &pods {
            let uid = object::uid(pod).to_string();
            let known = self.pods.with(|known| known.contains_key(&uid));
            if object::is_deleting(pod) {
                if !known {
                    self.objects.remove(&Key::of(&kind::POD, pod)).await;
                } else {
                    self.pods.with(|known| known.get(&uid).inspect(|it| it.end.cancel()).is_some());
                }
            } else if !known && !text(pod, "/spec/nodeName").is_empty() && !has_ended(pod) {
                self.look_after(pod);
            }
        }
        let gone: Vec<CancellationToken> = self.pods.with(|known| {
            let gone = known.iter().filter(|(uid, _)| !pods.iter().any(|pod| object::uid(pod) == uid.as_str()));
            gone.map(|(_, looked)| looked.kill.clone()).collect()
        });
        gone.iter().for_each(CancellationToken::cancel);
    }

    fn look_after(self: &Arc<Self>, pod: &Arc<Value>) {
        let uid = object::uid(pod).to_string();
        let looked = Looked { end: self.stopping.child_token(), kill: CancellationToken::new() };
        let (end, kill) = (looked.end.clone(), looked.kill.clone());
        self.pods.with(|known| known.insert(uid.clone(), looked));
        let (cluster, pod) = (self.clone(), pod.clone());
        self.tasks.spawn(async move {
            run(&cluster, &pod, &end, &kill).await;
            cluster.pods.with(|known| known.remove(&uid));
            cluster.wake();
        });
    }
}

fn has_ended(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// One pod from its arrival on the node to its end.
async fn run(cluster: &Arc<Cluster>, pod: &Arc<Value>, end: &CancellationToken, kill: &CancellationToken) {
    let key = Key::of(&kind::POD, pod);
    let Some(address) = cluster.networks.take_pod() else {
        tracing::error!(pod = %key.name, "no address is left for a pod");
        return;
    };
    let ip = address.to_string();
    let machine = machine_name(pod);
    let proxy = match join_machine(cluster, pod, &machine).await {
        Ok(proxy) => proxy,
        Err(error) => {
            tracing::error!(pod = %key.name, %error, "a pod could not be given its machine");
            cluster.networks.give_back(&ip);
            return;
        }
    };
    status::arrive(cluster, &key, &ip).await;
    let mut containers = JoinSet::new();
    let count = list(pod, "/spec/containers").len();
    for at in 0..count {
        let container = Container::new(cluster, pod, at, &ip, &proxy);
        let (end, kill) = (end.clone(), kill.clone());
        containers.spawn(async move { container.run(&end, &kill).await });
    }
    let refreshing = cluster.tasks.spawn(volumes::refresh(cluster.clone(), pod.clone(), end.clone()));
    while containers.join_next().await.is_some() {}
    refreshing.abort();
    let deleting = cluster
        .objects
        .get(&key)
        .await
        .is_some_and(|it| object::uid(&it) == object::uid(pod) && object::is_deleting(&it));
    leave_machine(cluster, &machine).await;
    cluster.networks.give_back(&ip);
    if deleting {
        let held = cluster.objects.get(&key).await.is_some_and(|it| !list(&it, "/metadata/finalizers").is_empty());
        if !held {
            cluster.objects.remove(&key).await;
        }
        volumes::clear(cluster, pod).await;
        log::clear_later(cluster, pod);
    }
}

fn machine_name(pod: &Value) -> String {
    let tail: String = object::uid(pod).chars().take(8).collect();
    format!("{}-{tail}", object::name(pod)).replace('.', "-")
}

/// Makes the pod a machine with the identities of its node; the answer is its proxy address.
async fn join_machine(cluster: &Cluster, pod: &Value, name: &str) -> Result<String, crate::state::StateError> {
    let node = cluster.objects.get(&Key::new(&kind::NODE, "", text(pod, "/spec/nodeName"))).await;
    let scale_set = node.as_deref().map(|node| scale_set_of(node).to_string()).unwrap_or_default();
    let machine = Machine::of_resource(name, &scale_set);
    let address = cluster.world.proxy_address(name, &machine.key);
    cluster
        .world
        .state
        .change(|draft| {
            machines::put(draft, &machine);
            Ok(())
        })
        .await?;
    Ok(address)
}

async fn leave_machine(cluster: &Cluster, name: &str) {
    let left: Result<(), crate::state::StateError> = cluster
        .world
        .state
        .change(|draft| {
            machines::remove(draft, name);
            Ok(())
        })
        .await;
    if let Err(error) = left {
        tracing::warn!(%error, name, "a pod's machine could not be removed");
    }
}

/// The scale set that a node belongs to, from its `providerID`.
fn scale_set_of(node: &Value) -> &str {
    let id = text(node, "/spec/providerID").trim_start_matches("azure://");
    id.split("/virtualMachines/").next().unwrap_or("")
}

/// How long a pod has between SIGTERM and SIGKILL. Its program is real, so the speed leaves this alone.
fn grace(pod: &Value) -> Duration {
    let seconds = number(pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(30))
}

/// Notes in a pod's object that it is being started anew after the simulator's end.
pub async fn forget_running(cluster: &Cluster) {
    let (_, pods) = cluster.objects.list(&kind::POD, "").await;
    for pod in pods.iter().filter(|pod| !has_ended(pod)) {
        let now = object::time(cluster.now());
        let key = Key::of(&kind::POD, pod);
        let reset = cluster.objects.change(&key, |pod| {
            for status in pod["status"]["containerStatuses"].as_array_mut().into_iter().flatten() {
                let was = status["state"].take();
                if was.get("running").is_some() || was.get("terminated").is_some() {
                    status["lastState"] = match was.get("running") {
                        Some(running) => json!({"terminated": {"exitCode": 255, "reason": "Unknown",
                            "startedAt": running["startedAt"], "finishedAt": now}}),
                        None => was,
                    };
                    status["restartCount"] = json!(status["restartCount"].as_i64().unwrap_or(0) + 1);
                }
                status["state"] = json!({"waiting": {"reason": "ContainerCreating"}});
                status["ready"] = json!(false);
                status["started"] = json!(false);
            }
            status::conclude(pod, &now);
            Ok(())
        });
        // A pod that vanishes now needs no resetting.
        let _ = reset.await;
    }
}

//! One container: its image pulled, its program started, probed, started again when it ends, ended when its pod does.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::environment::{self, Surroundings};
use super::image::{self, Program};
use super::log::Log;
use super::probe::Probe;
use super::{grace, status, volumes};
use crate::clock::later;
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::event::Tone;
use crate::kubernetes::kind;
use crate::kubernetes::object::{self, list, text};
use crate::kubernetes::store::Key;
use crate::process::{self, Child, Launch};

/// The first pause after a container has ended or an image was not there; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Who runs at least so long begins with the first pause again.
const PROVEN: Duration = Duration::from_secs(600);
/// How long pulling an image takes on Azure.
const PULL: Duration = Duration::from_secs(4);

pub(super) struct Container {
    cluster: Arc<Cluster>,
    pod: Arc<Value>,
    key: Key,
    spec: Value,
    name: String,
    ip: String,
    proxy: String,
}

/// How one start of a container went.
struct Ended {
    code: i32,
    started: Timestamp,
    /// The pod is to end: no further start.
    for_good: bool,
}

impl Container {
    pub(super) fn new(cluster: &Arc<Cluster>, pod: &Arc<Value>, at: usize, ip: &str, proxy: &str) -> Self {
        let spec = list(pod, "/spec/containers")[at].clone();
        Self {
            cluster: cluster.clone(),
            pod: pod.clone(),
            key: Key::of(&kind::POD, pod),
            name: text(&spec, "/name").to_string(),
            spec,
            ip: ip.to_string(),
            proxy: proxy.to_string(),
        }
    }

    /// Runs the container until its pod ends.
    pub(super) async fn run(&self, end: &CancellationToken, kill: &CancellationToken) {
        let policy = text(&self.pod, "/spec/restartPolicy");
        let mut turn = self.restarts().await;
        let mut pause = FIRST_PAUSE;
        loop {
            let Some(program) = self.pull(end).await else { return };
            let Some(ended) = self.start(program, turn, end, kill).await else { return };
            self.note_end(&ended).await;
            let again = policy == "Always" || (policy == "OnFailure" && ended.code != 0);
            if ended.for_good || !again {
                return;
            }
            let ran = self.cluster.now().duration_since(ended.started).unsigned_abs();
            if ran >= self.cluster.world.clock.shorten(PROVEN) {
                pause = FIRST_PAUSE;
            }
            // The first restart comes at once, as the kubelet's does.
            let first = turn == 0;
            turn += 1;
            if !first {
                self.back_off(pause).await;
                if !self.rest(pause, end).await {
                    return;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            self.write(|status| status["restartCount"] = json!(turn)).await;
        }
    }

    async fn restarts(&self) -> i64 {
        let pod = self.cluster.objects.get(&self.key).await;
        let status = pod.as_deref().and_then(|pod| {
            list(pod, "/status/containerStatuses").iter().find(|it| text(it, "/name") == self.name).cloned()
        });
        status.and_then(|it| it["restartCount"].as_i64()).unwrap_or(0)
    }

    /// Waits for a time of the cluster's own; false when the pod is to end.
    async fn rest(&self, wait: Duration, end: &CancellationToken) -> bool {
        tokio::select! {
            () = self.cluster.world.clock.wait(wait) => true,
            () = end.cancelled() => false,
        }
    }

    async fn write(&self, edit: impl FnOnce(&mut Value)) {
        status::of_container(&self.cluster, &self.key, &self.name, edit).await;
    }

    async fn waiting(&self, reason: &str, message: &str) {
        self.write(|status| {
            status["state"] = json!({"waiting": {"reason": reason, "message": message}});
            status["ready"] = json!(false);
            status["started"] = json!(false);
        })
        .await;
    }

    async fn note(&self, tone: Tone, reason: &str, message: &str) {
        self.cluster.note(&kind::POD, &self.pod, "kubelet", tone, reason, message).await;
    }

    async fn back_off(&self, pause: Duration) {
        let message = format!(
            "back-off {}s restarting failed container={} pod={}_{}({})",
            pause.as_secs(),
            self.name,
            self.key.name,
            self.key.namespace,
            object::uid(&self.pod)
        );
        self.waiting("CrashLoopBackOff", &message).await;
        self.note(
            Tone::Warning,
            "BackOff",
            &format!(
                "Back-off restarting failed container {} in pod {}_{}({})",
                self.name,
                self.key.name,
                self.key.namespace,
                object::uid(&self.pod)
            ),
        )
        .await;
    }

    /// Pulls the image, trying again with growing pauses; nothing when the pod is to end first.
    async fn pull(&self, end: &CancellationToken) -> Option<Program> {
        // The object's image may have been changed since the pod was made.
        let mut pause = FIRST_PAUSE;
        loop {
            let image = self.image().await;
            self.note(Tone::Normal, "Pulling", &format!("Pulling image \"{image}\"")).await;
            let pulled = self.cluster.world.hold(&format!("{}/{}", self.cluster.id, self.key), "image", PULL);
            tokio::select! {
                () = self.cluster.world.clock.until(pulled) => {}
                () = end.cancelled() => return None,
            }
            match image::pull(&self.cluster, &image) {
                Ok(program) => {
                    self.note(Tone::Normal, "Pulled", &format!("Successfully pulled image \"{image}\"")).await;
                    return Some(program);
                }
                Err(why) => {
                    let message = format!("Failed to pull image \"{image}\": {why}");
                    self.note(Tone::Warning, "Failed", &message).await;
                    self.note(Tone::Warning, "Failed", "Error: ErrImagePull").await;
                    self.waiting("ErrImagePull", &why).await;
                    if !self.rest(FIRST_PAUSE / 2, end).await {
                        return None;
                    }
                    let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {why}");
                    self.note(Tone::Normal, "BackOff", &format!("Back-off pulling image \"{image}\"")).await;
                    self.waiting("ImagePullBackOff", &message).await;
                    if !self.rest(pause, end).await {
                        return None;
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn image(&self) -> String {
        let pod = self.cluster.objects.get(&self.key).await;
        let containers = pod.as_deref().map(|pod| list(pod, "/spec/containers").to_vec()).unwrap_or_default();
        let own = containers.iter().find(|it| text(it, "/name") == self.name).unwrap_or(&self.spec);
        text(own, "/image").to_string()
    }

    /// Starts the program and stays with it until it ends; nothing when the pod ends before it could be started.
    async fn start(
        &self,
        program: Program,
        turn: i64,
        end: &CancellationToken,
        kill: &CancellationToken,
    ) -> Option<Ended> {
        let launch = loop {
            match self.launch(&program).await {
                Ok(launch) => break launch,
                Err(why) => {
                    self.waiting("CreateContainerConfigError", &why).await;
                    self.note(Tone::Warning, "Failed", &format!("Error: {why}")).await;
                    if !self.rest(FIRST_PAUSE, end).await {
                        return None;
                    }
                }
            }
        };
        self.note(Tone::Normal, "Created", &format!("Container created: {}", self.name)).await;
        let started = self.cluster.now();
        let Some(launch) = launch else {
            self.running(started, true).await;
            end.cancelled().await;
            return Some(Ended { code: 0, started, for_good: true });
        };
        let mut child = match process::start(&self.cluster.world, &launch).await {
            Ok(child) => child,
            Err(error) => {
                let message = format!("failed to create containerd task: {error}");
                self.note(Tone::Warning, "Failed", &format!("Error: {message}")).await;
                return Some(Ended { code: 128, started, for_good: false });
            }
        };
        let log = Log::of(&self.cluster, object::uid(&self.pod), &self.name, turn);
        let mut pipes = tokio::task::JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            pipes.spawn(log.clone().keep(self.cluster.clone(), "stdout", stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            pipes.spawn(log.keep(self.cluster.clone(), "stderr", stderr));
        }
        let ready_at_once = self.spec.get("readinessProbe").is_none();
        self.running(started, ready_at_once).await;
        let (code, for_good) = self.accompany(&mut child, end, kill).await;
        // What the program said last is still in the pipes.
        while pipes.join_next().await.is_some() {}
        Some(Ended { code, started, for_good })
    }

    /// What is to be started; nothing for the pause image.
    async fn launch(&self, program: &Program) -> Result<Option<Launch>, String> {
        let mounts = volumes::prepare(&self.cluster, &self.pod, &self.spec).await?;
        let around = Surroundings { ip: &self.ip, proxy: &self.proxy, mounts: &mounts };
        let environment = environment::variables(&self.cluster, &self.pod, &self.spec, &around).await?;
        let Program::File(program) = program else { return Ok(None) };
        let known = environment.iter().cloned().collect();
        // An image holds one program here, so the command's first word can only mean it.
        let words = list(&self.spec, "/command").iter().skip(1).chain(list(&self.spec, "/args"));
        let arguments = words.map(|word| environment::expand(word.as_str().unwrap_or(""), &known)).collect();
        Ok(Some(Launch { program: program.clone(), arguments, environment, grace: grace(&self.pod) }))
    }

    async fn running(&self, started: Timestamp, ready: bool) {
        let image = self.image().await;
        self.write(|status| {
            status["state"] = json!({"running": {"startedAt": object::time(started)}});
            status["started"] = json!(true);
            status["ready"] = json!(ready);
            status["image"] = json!(image);
            status["imageID"] = json!(image);
            status["containerID"] = json!(format!("containerd://{}", object::new_uid().replace('-', "")));
        })
        .await;
        self.note(Tone::Normal, "Started", &format!("Container started: {}", self.name)).await;
    }

    /// Stays with a running program: probes it, ends it. The answer is its exit code and whether the pod is to end.
    async fn accompany(&self, child: &mut Child, end: &CancellationToken, kill: &CancellationToken) -> (i32, bool) {
        let (fail, mut failed) = mpsc::channel::<()>(1);
        let probing = CancellationToken::new();
        let _stops_with_us = probing.clone().drop_guard();
        let cluster = &self.cluster;
        let of = |field| Probe::of(&self.pod, &self.spec, field, &self.ip, &cluster.world.clock);
        let readiness = self.probe_readiness(of("readinessProbe"), probing.clone());
        let liveness = self.probe_liveness(of("livenessProbe"), fail, probing.clone());
        let mut for_good = false;
        let world = cluster.world.clone();
        let mut ending = false;
        tokio::pin!(readiness, liveness);
        let (mut readiness_done, mut liveness_done) = (false, false);
        loop {
            tokio::select! {
                status = child.wait(&world) => {
                    let code = status.ok().and_then(|status| status.code()).unwrap_or(137);
                    return (code, for_good);
                }
                () = &mut readiness, if !readiness_done => readiness_done = true,
                () = &mut liveness, if !liveness_done => liveness_done = true,
                () = kill.cancelled(), if !(for_good && ending) => {
                    for_good = true;
                    ending = true;
                    kill_group(child);
                }
                () = end.cancelled(), if !for_good => {
                    for_good = true;
                    self.note(Tone::Normal, "Killing", &format!("Stopping container {}", self.name)).await;
                    child.end();
                }
                Some(()) = failed.recv(), if !ending => {
                    ending = true;
                    self.note(Tone::Normal, "Killing", &format!("Container {} failed liveness probe, will be restarted", self.name)).await;
                    child.end();
                }
            }
        }
    }

    async fn probe_readiness(&self, probe: Option<Probe>, stop: CancellationToken) {
        let Some(probe) = probe else { return };
        let clock = &self.cluster.world.clock;
        clock.until(later(clock.now(), probe.initial_delay)).await;
        let (mut ready, mut in_a_row) = (false, 0);
        while !stop.is_cancelled() {
            let outcome = probe.ask().await;
            let agrees = outcome.is_ok() != ready;
            in_a_row = if agrees { in_a_row + 1 } else { 0 };
            if let Err(why) = &outcome {
                self.note(Tone::Warning, "Unhealthy", &format!("Readiness probe failed: {why}")).await;
            }
            let enough = if ready { probe.failures } else { probe.successes };
            if agrees && in_a_row >= enough {
                ready = !ready;
                in_a_row = 0;
                self.write(|status| status["ready"] = json!(ready)).await;
            }
            let pause = if ready && outcome.is_ok() { probe.calm_period() } else { probe.period };
            clock.until(later(clock.now(), pause)).await;
        }
    }

    async fn probe_liveness(&self, probe: Option<Probe>, fail: mpsc::Sender<()>, stop: CancellationToken) {
        let Some(probe) = probe else { return };
        let clock = &self.cluster.world.clock;
        clock.until(later(clock.now(), probe.initial_delay)).await;
        let mut in_a_row = 0;
        // A program that has just been started is given a real second to listen, whatever the speed.
        tokio::time::sleep(Duration::from_secs(1)).await;
        while !stop.is_cancelled() {
            match probe.ask().await {
                Ok(()) => in_a_row = 0,
                Err(why) => {
                    in_a_row += 1;
                    self.note(Tone::Warning, "Unhealthy", &format!("Liveness probe failed: {why}")).await;
                }
            }
            if in_a_row >= probe.failures {
                // Nobody listens when the program has just ended by itself.
                let _ = fail.try_send(());
                return;
            }
            clock.until(later(clock.now(), probe.calm_period())).await;
        }
    }

    async fn note_end(&self, ended: &Ended) {
        let finished = object::time(self.cluster.now());
        let reason = if ended.code == 0 { "Completed" } else { "Error" };
        let terminated = json!({"terminated": {"exitCode": ended.code, "reason": reason,
            "startedAt": object::time(ended.started), "finishedAt": finished}});
        self.write(|status| {
            status["lastState"] = terminated.clone();
            status["state"] = terminated;
            status["ready"] = json!(false);
            status["started"] = json!(false);
        })
        .await;
    }
}

fn kill_group(child: &Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        // Already gone is what we want.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

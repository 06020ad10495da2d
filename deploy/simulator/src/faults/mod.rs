//! Makes things go wrong on purpose: the next so many requests, operations, waits or nodes that match.
//!
//! A fault is data: whom it hits, and what it does to them. [`catalogue`] holds those that Azure is known for, by name;
//! [`random`] makes transient ones up from a seed.
pub mod catalogue;
mod cut;
mod fill;
mod kept;
pub mod random;
mod shape;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

pub(crate) use cut::cut;
pub(crate) use kept::attach;
use random::{Kind, Random};
pub(crate) use shape::{answer, not_there};

/// What is to go wrong. Times are wall time: a person or a test says exactly how long.
///
/// A fault with `fails` hits operations, one with `slower` operations and other waits, one with `node_not_ready` new
/// nodes, one with `webhook` new pods; every other hits requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// Only this method; any without it.
    pub method: Option<String>,
    /// Only this host, or with `*` before it every host that ends so; any without it.
    pub host: Option<String>,
    /// Only paths (of an operation, a wait or a node: ids) that hold this text, in any case of letters.
    pub path: Option<String>,
    /// Only requests of this machine: `portal`, a node, a pod.
    pub machine: Option<String>,
    /// Only operations on this type of resource.
    pub kind: Option<String>,
    /// Only operations that do this: `create`, `update`, `delete`, `purge`.
    pub verb: Option<String>,
    /// How many it hits; 0 counts as 1.
    pub times: u32,
    /// How many that it would hit are let pass first.
    pub after: u32,
    /// Wait so long first.
    pub delay_ms: u64,
    /// Answer with this status instead of doing anything.
    pub status: Option<u16>,
    /// The error code of that answer, in the shape that the host gives it.
    pub code: String,
    /// The message of that answer. Here and in `body`, `headers`, `target`: `{path}`, `{name}`, `{group}`, `{caller}` …
    /// stand for what the request says.
    pub message: String,
    /// The number of an answer of Entra: `AADSTS…`.
    pub entra: Option<u32>,
    /// The `target` of an answer of the resource manager.
    pub target: Option<String>,
    /// The `details` of an answer of the resource manager.
    pub details: Vec<Value>,
    /// The `additionalInfo` of an answer of the resource manager.
    pub information: Vec<Value>,
    /// The whole body of that answer, instead of `code`, `message` and the others.
    pub body: Value,
    /// The same where it is no JSON, as a gateway's page is none: it is sent as it stands.
    pub text: String,
    /// Further headers of that answer.
    pub headers: BTreeMap<String, String>,
    /// `Retry-After` of that answer, in seconds.
    pub retry_after: Option<u64>,
    /// Close the connection: `before` the request is carried out, or `after` (the answer is lost).
    pub drop: Option<Drop>,
    /// Carry the request out, and break off its answer's body after so many bytes.
    pub truncate: Option<usize>,
    /// Carry a PUT out, and for so long answer every GET of what it wrote as if it were not there.
    pub lag_ms: Option<u64>,
    /// The operation ends `Failed` with this, and without its effect.
    pub fails: Option<Failure>,
    /// The operation or wait takes longer.
    pub slower: Option<Slower>,
    /// The node that is being made never becomes ready.
    pub node_not_ready: bool,
    /// The workload identity webhook does this with a pod that is being made.
    pub webhook: Option<Webhook>,
}

/// What the workload identity webhook does instead of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Webhook {
    /// Nobody answers: the pod is refused.
    Down,
    /// It answers too late: the pod is refused.
    Late,
    /// It is passed over, as where it fails open: the pod is made without its identity.
    Ignored,
}

/// How an operation ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// Its error's code.
    pub code: String,
    /// Its error's message.
    pub message: String,
}

/// How much longer something takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Slower {
    /// What: `propagation` of an assignment, `operation`, or any other reason that `GET /waits` tells. Any without it.
    pub what: Option<String>,
    /// So many times as long.
    pub factor: f64,
    /// Exactly so long in wall time, instead of a factor.
    pub ms: Option<u64>,
}

impl Default for Slower {
    fn default() -> Self {
        Self { what: None, factor: 1.0, ms: None }
    }
}

/// When a connection is closed without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drop {
    /// The request is lost.
    Before,
    /// The answer is lost.
    After,
}

/// A request, as faults see it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// The host, in small letters.
    pub host: &'a str,
    /// The path.
    pub path: &'a str,
    /// The machine that asks.
    pub machine: Option<&'a str>,
}

/// The faults that still wait for what they hit.
#[derive(Default)]
pub struct Faults {
    waiting: Mutex<Vec<Fault>>,
    random: Mutex<Option<Random>>,
    /// Until when a path is answered as if nothing were there.
    hidden: Mutex<HashMap<String, Timestamp>>,
    /// Told whenever one of these is another.
    changed: Notify,
    /// Held by whoever writes them down.
    keeping: tokio::sync::Mutex<()>,
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Faults {
    /// Adds a fault.
    pub fn add(&self, mut fault: Fault) {
        fault.times = fault.times.max(1);
        lock(&self.waiting).push(fault);
        self.changed.notify_one();
    }

    /// Forgets all of them; random ones go on.
    pub fn clear(&self) {
        lock(&self.waiting).clear();
        lock(&self.hidden).clear();
        self.changed.notify_one();
    }

    /// Those that still wait, with the times that are left.
    pub fn left(&self) -> Vec<Fault> {
        lock(&self.waiting).clone()
    }

    /// Makes random ones up from now on, or no longer.
    pub fn set_random(&self, random: Option<Random>) {
        *lock(&self.random) = random;
        self.changed.notify_one();
    }

    /// The plan of the random ones, with what it has made up so far.
    pub fn random(&self) -> Value {
        lock(&self.random).as_ref().map(Random::told).unwrap_or_default()
    }

    /// The fault that hits this request, the oldest first; its count goes down by one.
    pub fn strike(&self, asked: &Asked<'_>) -> Option<Fault> {
        self.take(|fault| fault.is_about_requests() && fault.lag_ms.is_none() && fault.hits(asked)).or_else(|| {
            let mut random = lock(&self.random);
            random.as_mut()?.request(asked)
        })
    }

    /// How long reads lag behind this write, which was just carried out.
    pub fn strike_lag(&self, asked: &Asked<'_>, made: bool) -> Option<Duration> {
        let fault = self.take(|fault| fault.is_about_requests() && fault.lag_ms.is_some() && fault.hits(asked));
        if let Some(lag) = fault.and_then(|fault| fault.lag_ms) {
            return Some(Duration::from_millis(lag));
        }
        lock(&self.random).as_mut().filter(|_| made)?.lag(asked)
    }

    /// How an operation ends, where it is to fail.
    pub fn strike_operation(&self, kind: &str, resource: &str, verb: &str) -> Option<Failure> {
        self.take(|fault| fault.fails.is_some() && fault.is_of(kind, verb) && fault.is_at(resource))?.fails
    }

    /// How much longer an operation takes.
    pub fn strike_duration(&self, kind: &str, resource: &str, verb: &str) -> Option<Slower> {
        let fault = self.take(|fault| {
            let what = fault.slower.as_ref().map(|slower| slower.what.as_deref().unwrap_or("operation"));
            let meant = what.is_some_and(|what| what == "operation" || what.eq_ignore_ascii_case(verb));
            meant && fault.is_of(kind, verb) && fault.is_at(resource)
        });
        fault.and_then(|fault| fault.slower).or_else(|| {
            let mut random = lock(&self.random);
            random.as_mut()?.slower(Kind::SlowOperation, &format!("{verb} {resource}"))
        })
    }

    /// How much longer another wait takes; `why` as [`crate::waits::Wait`] gives it.
    pub fn strike_wait(&self, of: &str, why: &str) -> Option<Slower> {
        let fault = self.take(|fault| {
            let slower = fault.slower.as_ref().filter(|_| fault.kind.is_none() && fault.verb.is_none());
            slower.is_some_and(|slower| slower.what.as_deref().is_none_or(|what| what.eq_ignore_ascii_case(why)))
                && fault.is_at(of)
        });
        fault.and_then(|fault| fault.slower).or_else(|| {
            let mut random = lock(&self.random);
            random.as_mut().filter(|_| why == "propagation")?.slower(Kind::SlowPropagation, of)
        })
    }

    /// Whether a node that is being made never becomes ready.
    pub fn strike_node(&self, node: &str) -> bool {
        self.take(|fault| fault.node_not_ready && fault.is_at(node)).is_some()
    }

    /// What the workload identity webhook does with a pod that is being made.
    pub fn strike_webhook(&self, pod: &str) -> Option<Webhook> {
        self.take(|fault| fault.webhook.is_some() && fault.is_at(pod))?.webhook
    }

    /// Answers reads of that path as if nothing were there, until then.
    pub fn hide(&self, path: &str, until: Timestamp) {
        lock(&self.hidden).insert(path.trim_end_matches('/').to_ascii_lowercase(), until);
        self.changed.notify_one();
    }

    /// Whether a read of that path is answered so.
    pub fn is_hidden(&self, asked: &Asked<'_>, now: Timestamp) -> bool {
        let mut hidden = lock(&self.hidden);
        if hidden.is_empty() || !matches!(asked.method, "GET" | "HEAD") {
            return false;
        }
        hidden.retain(|_, until| *until > now);
        hidden.contains_key(&asked.path.trim_end_matches('/').to_ascii_lowercase())
    }

    fn take(&self, hits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut waiting = lock(&self.waiting);
        let at = waiting.iter().position(hits)?;
        self.changed.notify_one();
        if waiting[at].after > 0 {
            waiting[at].after -= 1;
            return None;
        }
        let struck = waiting[at].clone();
        waiting[at].times -= 1;
        if waiting[at].times == 0 {
            waiting.remove(at);
        }
        Some(struck)
    }
}

impl Fault {
    fn is_about_requests(&self) -> bool {
        self.fails.is_none() && self.slower.is_none() && !self.node_not_ready && self.webhook.is_none()
    }

    fn hits(&self, asked: &Asked<'_>) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(asked.method))
            && self.host.as_deref().is_none_or(|wanted| is_host(wanted, asked.host))
            && self.machine.as_deref().is_none_or(|wanted| asked.machine == Some(wanted))
            && self.is_at(asked.path)
    }

    fn is_at(&self, path: &str) -> bool {
        let contains = |text: &str| path.to_ascii_lowercase().contains(&text.to_ascii_lowercase());
        self.path.as_deref().is_none_or(contains)
    }

    fn is_of(&self, kind: &str, verb: &str) -> bool {
        self.kind.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(kind))
            && self.verb.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(verb))
    }
}

/// Whether a pattern, `*` at its beginning standing for anything, names a host.
fn is_host(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(ending) => host.ends_with(&ending.to_ascii_lowercase()),
        None => pattern.eq_ignore_ascii_case(host),
    }
}

impl Slower {
    /// The duration that takes the place of `usual`, both as they last here.
    pub fn apply(&self, usual: Duration) -> Duration {
        match self.ms {
            Some(ms) => Duration::from_millis(ms),
            None => usual.mul_f64(if self.factor.is_finite() { self.factor.clamp(0.0, 1e6) } else { 1.0 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(method: &'a str, path: &'a str) -> Asked<'a> {
        Asked { method, host: "kv-one.vault.azure.net", path, machine: Some("portal") }
    }

    #[test]
    fn a_fault_hits_so_many_matching_requests_and_no_other() {
        let faults = Faults::default();
        faults.add(Fault { method: Some("PUT".into()), path: Some("/vaults/".into()), times: 2, ..Fault::default() });
        assert!(faults.strike(&asked("GET", "/x/vaults/v")).is_none());
        assert!(faults.strike(&asked("PUT", "/x/Vaults/v")).is_some());
        assert!(faults.strike(&asked("PUT", "/x/vaults/v")).is_some());
        assert!(faults.strike(&asked("PUT", "/x/vaults/v")).is_none());
    }

    #[test]
    fn hosts_and_machines_are_told_apart() {
        let faults = Faults::default();
        let on = |host: &str, machine: &str| Fault {
            host: Some(host.into()),
            machine: Some(machine.into()),
            ..Fault::default()
        };
        for fault in [on("*.azmk8s.io", "portal"), on("*.vault.azure.net", "node"), on("*.VAULT.azure.net", "portal")] {
            faults.add(fault);
        }
        assert_eq!(faults.strike(&asked("GET", "/")).and_then(|it| it.host), Some("*.VAULT.azure.net".into()));
        assert_eq!(faults.left().len(), 2);
    }

    #[test]
    fn operations_and_waits_are_hit_by_their_own_faults() {
        let faults = Faults::default();
        let slower = |what: &str| Some(Slower { what: Some(what.into()), factor: 3.0, ms: None });
        faults.add(Fault { slower: slower("propagation"), ..Fault::default() });
        faults.add(Fault { slower: slower("operation"), kind: Some("X/things".into()), ..Fault::default() });
        assert!(faults.strike(&asked("GET", "/")).is_none());
        assert!(faults.strike_wait("/some/vault", "image").is_none());
        assert!(faults.strike_duration("Y/others", "/y", "create").is_none());
        let struck = faults.strike_duration("x/things", "/x", "create");
        assert_eq!(struck.map(|it| it.apply(Duration::from_secs(2))), Some(Duration::from_secs(6)));
        assert!(faults.strike_wait("/some/vault", "propagation").is_some());
    }
}

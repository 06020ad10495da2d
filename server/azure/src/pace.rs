//! Keeps all calls to Azure Resource Manager within the budget that Azure names: a call that it has no room for waits its turn.
//!
//! Azure counts reads, writes and deletes of a subscription apart, so each of them has a lane; all calls of that kind
//! pass through it in the order in which they came, whichever job they are for. A 429 of Azure Resource Manager shuts its
//! lane for everybody. AKS counts beside that, some calls by cluster and all others together: its 429 shuts the way of
//! those that are counted with the refused one. A wait that is longer than a call may take comes back as
//! [`Kind::Throttled`], with the time that is worth waiting.
mod gate;

use crate::{
    error::{Error, Kind},
    operation::Reply,
    refusal, wait,
};
use async_trait::async_trait;
use gate::Gate;
use http::Method;
use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// The longest wait within a call, in milliseconds; a caller has others to hold meanwhile.
const PATIENCE: i64 = 10_000;
/// Whoever is sent away comes back within this, in milliseconds: by then more is known.
const LATEST: i64 = 60_000;
const AKS: &str = "/providers/microsoft.containerservice/";
/// Counts by itself, in units of what a question costs: its refusals say nothing about anybody else's calls.
const COSTS: &str = "/providers/microsoft.costmanagement/";
/// What answers say is left, by kind of call; the smallest that is named counts.
const REMAINING: &str = "x-ms-ratelimit-remaining-";

/// The passing of time, handed in by whoever wants it in hand.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Milliseconds on a clock that is never set.
    fn running_ms(&self) -> i64;
    async fn pass(&self, millis: i64);
}

/// The machine's.
struct Running(Instant);

#[async_trait]
impl Clock for Running {
    fn running_ms(&self) -> i64 {
        i64::try_from(self.0.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    async fn pass(&self, millis: i64) {
        tokio::time::sleep(Duration::from_millis(millis.max(0).unsigned_abs())).await;
    }
}

/// The clock that Azure is reached by in earnest.
pub(crate) fn running() -> Arc<dyn Clock> {
    Arc::new(Running(Instant::now()))
}

/// What Azure counts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Reads,
    Writes,
    Deletes,
}

impl Sort {
    fn of(method: &Method) -> Sort {
        match *method {
            Method::GET | Method::HEAD => Sort::Reads,
            Method::DELETE => Sort::Deletes,
            _ => Sort::Writes,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Sort::Reads => "reads",
            Sort::Writes => "writes",
            Sort::Deletes => "deletes",
        }
    }
}

/// Shared by everything that one [`crate::Azure`] sends.
#[derive(Clone)]
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    lanes: Arc<Mutex<HashMap<String, Arc<Lane>>>>,
}

#[derive(Default)]
struct Lane {
    gate: Mutex<Gate>,
    /// Whoever holds it goes next.
    line: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
    /// An answer said something that whoever is next should know.
    news: Notify,
    /// When the last one who was sent away is to come back.
    promised: Mutex<i64>,
}

/// Counts a call among those that wait in a lane, until it is dropped.
struct Waits<'a>(&'a Lane);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pace {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Pace {
        Pace { clock, lanes: Arc::default() }
    }

    /// Milliseconds on a clock that is never set.
    pub(crate) fn now(&self) -> i64 {
        self.clock.running_ms()
    }

    /// Returns when the call may leave.
    pub(crate) async fn turn(&self, method: &Method, path: &str, resource: &str) -> Result<(), Error> {
        let sort = Sort::of(method);
        let sent_away = |after: i64, whose: &str| {
            let after = Duration::from_millis(after.unsigned_abs());
            let message =
                format!("Azure has no room for more {} of {whose} now, so that calls take turns", sort.word());
            Error::local(Kind::Throttled { after }, method.as_str(), resource, "TakesTurns", message)
        };
        if let Some(lane) = of_aks(method, path).and_then(|key| self.known(&key)) {
            lane.pass(&*self.clock).await.map_err(|after| sent_away(after, "AKS"))?;
        }
        let lane = self.lane(&format!("{}/{}", subscription(path), sort.word()));
        lane.pass(&*self.clock).await.map_err(|after| sent_away(after, "this subscription"))
    }

    /// Takes in what an answer says about the budget.
    pub(crate) fn told(&self, method: &Method, path: &str, reply: &Reply) {
        let (sort, now) = (Sort::of(method), self.clock.running_ms());
        let lane = self.lane(&format!("{}/{}", subscription(path), sort.word()));
        if let Some(left) = remaining(reply, sort) {
            lane.learn(|gate| gate.told(now, left));
        } else if reply.status != 429 {
            lane.learn(Gate::untold);
        }
        if reply.status != 429 {
            let of_aks = of_aks(method, path).and_then(|key| self.known(&key));
            return of_aks.iter().for_each(|lane| lane.learn(Gate::untold));
        }
        let after = wait::after(&reply.headers).unwrap_or(refusal::THROTTLED_FOR);
        let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
        let code = refusal::words(&reply.body).code;
        let by_manager = code.ends_with("RequestsThrottled") || reply.headers.contains_key("x-ms-failure-cause");
        match of_aks(method, path).filter(|_| !by_manager) {
            Some(key) => self.lane(&key).learn(|gate| gate.shut(now, after)),
            None if !by_manager && path.to_ascii_lowercase().contains(COSTS) => {}
            None => lane.learn(|gate| gate.shut(now, after)),
        }
    }

    fn known(&self, key: &str) -> Option<Arc<Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).get(key).map(Arc::clone)
    }

    fn lane(&self, key: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(key.to_owned()).or_default())
    }
}

impl Lane {
    fn gate(&self) -> std::sync::MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits in line; where that would take too long, after how many milliseconds to come back.
    async fn pass(&self, clock: &dyn Clock) -> Result<(), i64> {
        let ahead = i64::try_from(self.waiting.fetch_add(1, Ordering::Relaxed)).unwrap_or(i64::MAX);
        let _counted = Waits(self);
        let now = clock.running_ms();
        let (wait, spacing) = {
            let gate = self.gate();
            (gate.wait(now), gate.spacing_in_line(now))
        };
        let spacing = milliseconds(spacing);
        let wait = wait.saturating_add(ahead.saturating_mul(spacing));
        if wait > PATIENCE {
            return Err(self.promise(now, wait, spacing));
        }
        let _next = self.line.lock().await;
        loop {
            let mut news = pin!(self.news.notified());
            news.as_mut().enable();
            let now = clock.running_ms();
            let wait = {
                let mut gate = self.gate();
                let wait = gate.wait(now);
                if wait <= 0 {
                    gate.leave(now);
                    return Ok(());
                }
                wait
            };
            if wait > PATIENCE {
                return Err(wait);
            }
            tokio::select! {
                () = clock.pass(wait) => {}
                () = news => {}
            }
        }
    }

    /// Takes in what an answer says.
    fn learn(&self, from: impl FnOnce(&mut Gate)) {
        from(&mut self.gate());
        self.news.notify_waiters();
    }

    /// Those who are sent away come back one after another.
    fn promise(&self, now: i64, wait: i64, spacing: i64) -> i64 {
        let mut promised = self.promised.lock().unwrap_or_else(PoisonError::into_inner);
        *promised = (now + wait).max(*promised + spacing).min(now + wait.max(LATEST));
        *promised - now
    }
}

#[allow(clippy::cast_possible_truncation)] // a share of a time that Azure named
fn milliseconds(time: f64) -> i64 {
    time.ceil() as i64
}

/// The smallest budget that the answer names for this kind of call.
fn remaining(reply: &Reply, sort: Sort) -> Option<f64> {
    let named = reply.headers.iter().filter(|(name, _)| {
        let name = name.as_str().strip_prefix(REMAINING);
        name.is_some_and(|name| name.ends_with(sort.word()))
    });
    let left = named.filter_map(|(_, value)| value.to_str().ok()?.trim().parse::<f64>().ok());
    left.reduce(f64::min)
}

/// The subscription that a path lies in; what lies in none is the tenant's.
fn subscription(path: &str) -> String {
    let mut parts = path.split('/').skip_while(|part| !part.eq_ignore_ascii_case("subscriptions"));
    parts.nth(1).filter(|id| !id.is_empty()).map_or_else(|| "tenant".to_owned(), str::to_ascii_lowercase)
}

/// What AKS counts a call with, beside the resource manager (Microsoft's page on quotas of AKS): a cluster's own reads and
/// writes, writes of a pool, each list, polls of operations, and everything else of the subscription together.
fn of_aks(method: &Method, path: &str) -> Option<String> {
    let path = path.to_ascii_lowercase();
    let at = path.find(AKS)? + AKS.len();
    let (scope, rest) = (path.get(..at)?, path.get(at..)?);
    // Extensions of a cluster are other providers' matter.
    if rest.contains("/providers/") {
        return None;
    }
    let parts: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
    let own = || Some(format!("{scope}{rest}/{}", Sort::of(method).word()));
    match (method, parts.as_slice()) {
        (&Method::GET, ["managedclusters"] | ["managedclusters", _]) => own(),
        (&Method::PUT, ["managedclusters", _] | ["managedclusters", _, "agentpools", _]) => own(),
        (&Method::GET, ["locations", _, "operations" | "operationresults", _]) => {
            Some(format!("{}/aks/operations", subscription(&path)))
        }
        _ => Some(format!("{}/aks", subscription(&path))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_by_its_subscription_and_one_to_aks_as_aks_counts_it_too() {
        let group = "/subscriptions/S-1/resourceGroups/g";
        assert_eq!((subscription(group), of_aks(&Method::GET, group)), ("s-1".to_owned(), None));
        assert_eq!(subscription("/providers/Microsoft.Authorization/roleDefinitions"), "tenant");
        let aks = format!("{group}/providers/Microsoft.ContainerService");
        let get = |rest: &str| of_aks(&Method::GET, &format!("{aks}/{rest}")).unwrap_or_default();
        let put = |rest: &str| of_aks(&Method::PUT, &format!("{aks}/{rest}")).unwrap_or_default();
        assert_eq!(get("managedClusters/a"), get("managedclusters/A"));
        assert_ne!(get("managedClusters/a"), get("managedClusters/b"));
        assert_ne!(get("managedClusters/a"), put("managedClusters/a"));
        assert_ne!(put("managedClusters/a/agentPools/x"), put("managedClusters/a"));
        assert_eq!(get("locations/x/operations/1"), get("locations/y/operations/2"));
        let others = get("managedClusters/a/agentPools/system");
        assert_eq!(others, put("managedClusters/b/maintenanceConfigurations/c"));
        assert_eq!(others, get("locations/x/kubernetesVersions"));
        assert!(of_aks(&Method::PUT, &format!("{aks}/managedClusters/a/providers/Microsoft.Insights/x/y")).is_none());
    }
}

//! Counts requests in token buckets: those of the resource manager for each caller and for the subscription, and
//! those of AKS beside them.
//!
//! Numbers: Microsoft's pages on request limits of the resource manager (250 reads and 25 a second, 200 writes or
//! deletes and 10 a second; fifteen times that for all callers together) and on quotas of AKS. Waits are divided by the
//! speed: a bucket fills as much faster as everything else goes faster.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::refusal::Refusal;
use crate::clock::Clock;

/// How many times a caller's share the whole subscription has.
const ALL_CALLERS: f64 = 15.0;

/// The buckets of one world, and how many requests each sort has taken out of them. They are full again after a restart.
#[derive(Default)]
pub struct Limits {
    buckets: Mutex<HashMap<String, Bucket>>,
    taken: Mutex<BTreeMap<&'static str, (u64, Size)>>,
}

struct Bucket {
    left: f64,
    counted: Timestamp,
}

/// How large a bucket is, and how many a second come back.
#[derive(Clone, Copy, Debug)]
struct Size {
    most: f64,
    refill: f64,
}

impl Size {
    const fn new(most: f64, refill: f64) -> Self {
        Self { most, refill }
    }
}

/// What a request is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Read,
    Write,
    Delete,
}

impl Sort {
    fn of(method: &Method) -> Self {
        match *method {
            Method::GET | Method::HEAD => Self::Read,
            Method::DELETE => Self::Delete,
            _ => Self::Write,
        }
    }

    fn size(self) -> Size {
        match self {
            Self::Read => Size::new(250.0, 25.0),
            Self::Write | Self::Delete => Size::new(200.0, 10.0),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Delete => "delete",
        }
    }

    /// The headers that tell what is left: the caller's own, and in a subscription everybody's.
    fn headers(self, in_subscription: bool) -> &'static [&'static str] {
        match (in_subscription, self) {
            (true, Self::Read) => {
                &["x-ms-ratelimit-remaining-subscription-reads", "x-ms-ratelimit-remaining-subscription-global-reads"]
            }
            (true, Self::Write) => {
                &["x-ms-ratelimit-remaining-subscription-writes", "x-ms-ratelimit-remaining-subscription-global-writes"]
            }
            (true, Self::Delete) => &[
                "x-ms-ratelimit-remaining-subscription-deletes",
                "x-ms-ratelimit-remaining-subscription-global-deletes",
            ],
            (false, Self::Read) => &["x-ms-ratelimit-remaining-tenant-reads"],
            (false, Self::Write) => &["x-ms-ratelimit-remaining-tenant-writes"],
            (false, Self::Delete) => &["x-ms-ratelimit-remaining-tenant-deletes"],
        }
    }
}

/// What is left after a request, by header.
pub(super) type Left = Vec<(&'static str, u32)>;

impl Limits {
    /// Takes one request out of the resource manager's buckets: the headers to tell, or 429 with them.
    pub(super) fn take(&self, clock: &Clock, caller: Uuid, method: &Method, path: &str) -> (Left, Result<(), Refusal>) {
        let sort = Sort::of(method);
        let subscription = super::part_after(path, "subscriptions").map(str::to_ascii_lowercase);
        let size = sort.size();
        let all = Size::new(size.most * ALL_CALLERS, size.refill * ALL_CALLERS);
        let of = subscription.as_deref().unwrap_or("tenant");
        let mut wanted = vec![(format!("{of}/{caller}/{}", sort.word()), size)];
        if subscription.is_some() {
            wanted.push((format!("{of}/{}", sort.word()), all));
        }
        let (left, wait) = self.draw(clock, &wanted);
        self.count(sort.word(), size, wait.is_none());
        let headers = sort.headers(subscription.is_some());
        let left = headers.iter().copied().zip(left).collect();
        let taken = match wait {
            None => Ok(()),
            Some(wait) => Err(throttled(
                wait,
                if subscription.is_some() { "SubscriptionRequestsThrottled" } else { "TenantRequestsThrottled" },
                format!(
                    "Number of '{}' requests for {} '{of}' actor '{caller}' exceeded. Please try again after '{}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.",
                    sort.word(),
                    if subscription.is_some() { "subscription" } else { "tenant" },
                    seconds(wait),
                ),
            )),
        };
        (left, taken)
    }

    /// What is told where nothing is counted: that everything is left.
    pub(super) fn all(method: &Method, path: &str) -> Left {
        let sort = Sort::of(method);
        let most = sort.size().most;
        let left = [most, most * ALL_CALLERS].map(whole);
        sort.headers(super::part_after(path, "subscriptions").is_some()).iter().copied().zip(left).collect()
    }

    /// Takes one request out of AKS' own bucket for it, where it is one to AKS.
    pub(super) fn take_of_aks(&self, clock: &Clock, method: &Method, path: &str) -> Result<(), Refusal> {
        let Some((handler, scope, size)) = of_aks(method, path) else {
            return Ok(());
        };
        let wait = self.draw(clock, &[(format!("aks/{handler}/{scope}"), size)]).1;
        // A bucket that each cluster or group has for itself says nothing about the subscription.
        if !scope.contains('/') {
            self.count(handler, size, wait.is_none());
        }
        match wait {
            None => Ok(()),
            Some(wait) => Err(throttled(
                wait,
                "Throttled",
                format!(
                    "The {handler}.{method} request limit has been exceeded for SubID='{}', please retry again in {} seconds. For more information, please visit aka.ms/aks/throttling",
                    super::part_after(path, "subscriptions").unwrap_or_default(),
                    seconds(wait),
                ),
            )),
        }
    }

    /// Takes one request out of a vault's own buckets for its data, or says how long to wait. New secrets have a smaller
    /// one beside that of all requests (Microsoft's page on the limits of Key Vault).
    pub fn take_of_vault(&self, clock: &Clock, vault: &str, makes: bool) -> Result<(), Duration> {
        let vault = vault.to_ascii_lowercase();
        let mut wanted = vec![(format!("vault{vault}"), Size::new(4000.0, 400.0))];
        if makes {
            wanted.push((format!("vault{vault}/secrets"), Size::new(300.0, 30.0)));
        }
        // Each vault has its own, which says nothing about the subscription: they are not counted.
        self.draw(clock, &wanted).1.map_or(Ok(()), Err)
    }

    fn count(&self, sort: &'static str, size: Size, is_taken: bool) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.entry(sort).or_insert((0, size)).0 += u64::from(is_taken);
    }

    /// What was taken since the start by all callers, by sort or by AKS' handler, with the size of a bucket:
    /// `{"read": {"taken", "most", "each_second"}}`.
    pub fn told(&self, clock: &Clock) -> Value {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let told = taken.iter().map(|(sort, (taken, size))| {
            let told = json!({"taken": taken, "most": size.most, "each_second": size.refill * clock.speed()});
            ((*sort).to_owned(), told)
        });
        Value::Object(told.collect())
    }

    /// Takes a token of the metadata service of a machine, or says how long to wait for one.
    pub fn take_of_metadata(&self, clock: &Clock, machine: &str) -> Result<(), Duration> {
        let size = Size::new(20.0, 20.0);
        let (_, wait) = self.draw(clock, &[(format!("metadata {machine}"), size)]);
        self.count("metadata", size, wait.is_none());
        wait.map_or(Ok(()), Err)
    }

    /// Draws one token from each bucket, or from none: what is left in each, and how long to wait where one is empty.
    fn draw(&self, clock: &Clock, wanted: &[(String, Size)]) -> (Vec<u32>, Option<Duration>) {
        let now = clock.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut wait = 0.0_f64;
        for (key, size) in wanted {
            let bucket = buckets.entry(key.clone()).or_insert(Bucket { left: size.most, counted: now });
            let passed = now.duration_since(bucket.counted).as_secs_f64().max(0.0);
            let refill = size.refill * clock.speed();
            bucket.left = (bucket.left + passed * refill).min(size.most);
            bucket.counted = now;
            wait = wait.max((1.0 - bucket.left) / refill);
        }
        let is_free = wait <= 0.0;
        let left = wanted.iter().map(|(key, _)| {
            let Some(bucket) = buckets.get_mut(key) else { return 0 };
            bucket.left -= if is_free { 1.0 } else { 0.0 };
            whole(bucket.left)
        });
        (left.collect(), (!is_free).then(|| Duration::from_secs_f64(wait)))
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and 3750
fn whole(tokens: f64) -> u32 {
    tokens as u32
}

/// AKS' handler for a request, what it is counted by, and its bucket; nothing for a request to others.
fn of_aks(method: &Method, path: &str) -> Option<(&'static str, String, Size)> {
    let lower = path.to_ascii_lowercase();
    let (scope, rest) = lower.split_once("/providers/microsoft.containerservice/")?;
    // Extensions of a cluster are other providers' matter.
    if rest.contains("/providers/") {
        return None;
    }
    let parts: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
    let each_second = |most: f64| Size::new(most, 1.0);
    Some(match (method, parts.as_slice()) {
        (&Method::GET, ["managedclusters"]) if scope.contains("/resourcegroups/") => {
            ("ListManagedClustersByResourceGroupHandler", scope.to_owned(), each_second(60.0))
        }
        (&Method::GET, ["managedclusters"]) => ("ListManagedClustersHandler", scope.to_owned(), each_second(500.0)),
        (&Method::GET, ["managedclusters", _]) => ("GetManagedClusterHandler", lower.clone(), each_second(60.0)),
        (&Method::PUT, ["managedclusters", _]) => {
            ("PutManagedClusterHandler", lower.clone(), Size::new(20.0, 1.0 / 60.0))
        }
        (&Method::PUT, ["managedclusters", _, "agentpools", _]) => {
            ("PutAgentPoolHandler", lower.clone(), Size::new(20.0, 1.0 / 60.0))
        }
        (&Method::GET, ["locations", _, "operations" | "operationresults", _]) => {
            ("GetOperationStatusHandler", subscription(scope), Size::new(200.0, 2.0))
        }
        _ => ("DefaultHandler", subscription(scope), each_second(60.0)),
    })
}

fn subscription(scope: &str) -> String {
    super::part_after(scope, "subscriptions").unwrap_or_default().to_owned()
}

fn seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
}

fn throttled(wait: Duration, code: &str, message: String) -> Refusal {
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, code, message)
        .with_header("retry-after", seconds(wait).to_string())
        .with_header("retry-after-ms", wait.as_micros().div_ceil(1000).max(1).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_to_aks_has_its_bucket() {
        let in_group = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters";
        for (method, path, expected) in [
            (Method::GET, in_group.to_owned(), Some("ListManagedClustersByResourceGroupHandler")),
            (Method::GET, format!("{in_group}/c"), Some("GetManagedClusterHandler")),
            (Method::PUT, format!("{in_group}/c"), Some("PutManagedClusterHandler")),
            (Method::PUT, format!("{in_group}/c/agentPools/p"), Some("PutAgentPoolHandler")),
            (Method::POST, format!("{in_group}/c/listClusterUserCredential"), Some("DefaultHandler")),
            (Method::PUT, format!("{in_group}/c/providers/Microsoft.Insights/x/y"), None),
            (
                Method::GET,
                "/subscriptions/s/providers/Microsoft.ContainerService/locations/l/operations/o".into(),
                Some("GetOperationStatusHandler"),
            ),
            (Method::GET, "/subscriptions/s/resourceGroups".into(), None),
        ] {
            assert_eq!(of_aks(&method, &path).map(|found| found.0), expected, "{method} {path}");
        }
    }
}

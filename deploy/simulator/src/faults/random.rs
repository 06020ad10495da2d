//! Makes transient faults up from a seed, for runs that have to survive anything.
//!
//! Whether and how the n-th request for a path is hit depends on the seed and on that alone, not on what others do
//! meanwhile: a run with the same seed meets the same faults, however its parts overtake each other.
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Asked, Drop, Fault, Slower, is_host};

/// What can be made up: what passes by itself, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 500, 502, 503 or 504, and nothing was done.
    ServerError,
    /// 429, come back in a second.
    Throttled,
    /// The request is lost.
    DropBefore,
    /// The answer is lost.
    DropAfter,
    /// The answer breaks off.
    Truncated,
    /// The request waits for up to a second and a half.
    Delay,
    /// What was just made is not seen for up to two seconds.
    LaggingRead,
    /// An operation takes up to three times as long.
    SlowOperation,
    /// A role takes up to five times as long until it counts.
    SlowPropagation,
}

/// Every kind.
const KINDS: [Kind; 9] = [
    Kind::ServerError,
    Kind::Throttled,
    Kind::DropBefore,
    Kind::DropAfter,
    Kind::Truncated,
    Kind::Delay,
    Kind::LaggingRead,
    Kind::SlowOperation,
    Kind::SlowPropagation,
];

/// Those that hit a request.
const OF_REQUESTS: [Kind; 6] =
    [Kind::ServerError, Kind::Throttled, Kind::DropBefore, Kind::DropAfter, Kind::Truncated, Kind::Delay];

/// What is to be made up.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// How likely each request, operation and wait is hit: 0.02 is one in fifty.
    pub rate: f64,
    /// What may happen.
    #[serde(default = "every_kind")]
    pub kinds: Vec<Kind>,
    /// Only at these hosts (`*` at the beginning stands for anything); everywhere without any.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Only to requests of this machine, for example `portal`.
    #[serde(default)]
    pub machine: Option<String>,
}

fn every_kind() -> Vec<Kind> {
    KINDS.to_vec()
}

/// A plan at work.
#[derive(Debug)]
pub struct Random {
    plan: Plan,
    /// How often each thing was asked so far.
    asked: HashMap<[u8; 16], u64>,
    made_up: BTreeMap<Kind, u64>,
}

impl Random {
    /// A plan that has made nothing up yet; an error where it is none.
    pub fn new(plan: Plan) -> Result<Self, String> {
        if !(0.0..=1.0).contains(&plan.rate) {
            return Err(format!("the rate {} is not between 0 and 1", plan.rate));
        }
        if plan.kinds.is_empty() {
            return Err("a plan needs at least one kind".to_owned());
        }
        Ok(Self { plan, asked: HashMap::new(), made_up: BTreeMap::new() })
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan, and how many of each kind it has made up.
    pub fn told(&self) -> Value {
        let mut told = serde_json::to_value(&self.plan).unwrap_or_default();
        let made_up = self.made_up.iter().filter_map(|(kind, count)| Some((text(*kind)?, json!(count))));
        told["made_up"] = Value::Object(made_up.collect());
        told
    }

    pub(super) fn request(&mut self, asked: &Asked<'_>) -> Option<Fault> {
        if !self.is_meant(asked) {
            return None;
        }
        let (kind, mut random) = self.draw(&format!("{} {}{}", asked.method, asked.host, asked.path), &OF_REQUESTS)?;
        Some(fault(kind, &mut random))
    }

    pub(super) fn lag(&mut self, asked: &Asked<'_>) -> Option<Duration> {
        if !self.is_meant(asked) {
            return None;
        }
        let (_, mut random) = self.draw(&format!("lag {}", asked.path), &[Kind::LaggingRead])?;
        Some(Duration::from_millis(random.random_range(100..2000)))
    }

    pub(super) fn slower(&mut self, kind: Kind, what: &str) -> Option<Slower> {
        let (kind, mut random) = self.draw(what, &[kind])?;
        let most = if kind == Kind::SlowOperation { 3.0 } else { 5.0 };
        Some(Slower { what: None, factor: random.random_range(1.5..most), ms: None })
    }

    fn is_meant(&self, asked: &Asked<'_>) -> bool {
        let hosts = &self.plan.hosts;
        (hosts.is_empty() || hosts.iter().any(|host| is_host(host, asked.host)))
            && self.plan.machine.as_deref().is_none_or(|machine| asked.machine == Some(machine))
    }

    /// Whether this turn of that thing is hit, and by which of the kinds that are possible.
    fn draw(&mut self, what: &str, possible: &[Kind]) -> Option<(Kind, StdRng)> {
        let kinds: Vec<Kind> = possible.iter().copied().filter(|kind| self.plan.kinds.contains(kind)).collect();
        let name = Sha256::digest(what.to_ascii_lowercase());
        let turn = self.asked.entry(name[..16].try_into().unwrap_or_default()).or_default();
        *turn += 1;
        let seed = Sha256::new()
            .chain_update(self.plan.seed.to_be_bytes())
            .chain_update(name)
            .chain_update(turn.to_be_bytes())
            .finalize();
        let mut random = StdRng::from_seed(seed.into());
        if !random.random_bool(self.plan.rate) {
            return None;
        }
        let kind = *kinds.choose(&mut random)?;
        *self.made_up.entry(kind).or_default() += 1;
        Some((kind, random))
    }
}

fn text(kind: Kind) -> Option<String> {
    serde_json::to_value(kind).ok()?.as_str().map(str::to_owned)
}

fn fault(kind: Kind, random: &mut StdRng) -> Fault {
    let refused = |status: u16, code: &str, message: &str, retry_after: Option<u64>| Fault {
        status: Some(status),
        code: code.to_owned(),
        message: message.to_owned(),
        retry_after,
        ..Fault::default()
    };
    match kind {
        Kind::ServerError => match random.random_range(0..4) {
            0 => refused(500, "InternalServerError", "Encountered internal server error.", None),
            1 => refused(502, "BadGateway", "The server did not receive a response from an upstream server.", None),
            2 => refused(503, "ServerBusy", "The server is busy. Please try again later.", Some(1)),
            _ => refused(504, "GatewayTimeout", "The gateway did not receive a response within the time period.", None),
        },
        Kind::Throttled => refused(429, "TooManyRequests", "Too many requests were received.", Some(1)),
        Kind::DropBefore => Fault { drop: Some(Drop::Before), ..Fault::default() },
        Kind::DropAfter => Fault { drop: Some(Drop::After), ..Fault::default() },
        Kind::Truncated => Fault { truncate: Some(random.random_range(0..40)), ..Fault::default() },
        _ => Fault { delay_ms: random.random_range(50..1500), ..Fault::default() },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn plan(kinds: &[Kind]) -> Plan {
        Plan { seed: 7, rate: 0.5, kinds: kinds.to_vec(), hosts: vec!["*.azure.com".into()], machine: None }
    }

    fn asked(path: &str) -> Asked<'_> {
        Asked { method: "GET", host: "management.azure.com", path, machine: None }
    }

    #[test]
    fn what_is_hit_depends_on_the_seed_and_not_on_others() {
        let mut alone = Random::new(plan(&KINDS)).unwrap();
        let mut among_others = Random::new(plan(&KINDS)).unwrap();
        let alone: Vec<Option<Fault>> = (0..50).map(|_| alone.request(&asked("/a"))).collect();
        let among: Vec<Option<Fault>> = (0..50)
            .map(|turn| {
                among_others.request(&asked(if turn % 2 == 0 { "/b" } else { "/c" }));
                among_others.request(&asked("/A"))
            })
            .collect();
        assert_eq!(alone, among);
        let hit = alone.iter().flatten().count();
        assert!((10..40).contains(&hit), "{hit}");
    }

    #[test]
    fn only_what_was_asked_for_is_made_up_and_counted() {
        let mut random = Random::new(plan(&[Kind::Throttled])).unwrap();
        let struck: Vec<Fault> = (0..50).filter_map(|_| random.request(&asked("/a"))).collect();
        assert!(struck.iter().all(|fault| fault.status == Some(429)));
        assert_eq!(random.told()["made_up"], json!({"throttled": struck.len()}));
        assert!(random.slower(Kind::SlowOperation, "create /x").is_none());
        let elsewhere = Asked { host: "login.microsoftonline.com", ..asked("/a") };
        assert!((0..50).all(|_| random.request(&elsewhere).is_none()));
        assert!(Random::new(Plan { rate: 2.0, ..plan(&KINDS) }).is_err());
    }
}

//! Makes requests go wrong on purpose: the next so many that match are refused, delayed or dropped.
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// What is to go wrong. Times are wall time: a person or a test says exactly how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fault {
    /// Only this method; any without it.
    pub method: Option<String>,
    /// Only this host; any without it.
    pub host: Option<String>,
    /// Only paths that hold this text, in any case of letters; any without it.
    pub path: Option<String>,
    /// How many requests it hits; 0 counts as 1.
    pub times: u32,
    /// Wait so long first.
    pub delay_ms: u64,
    /// Answer with this status instead of doing anything.
    pub status: Option<u16>,
    /// The error code of that answer.
    pub code: String,
    /// The message of that answer.
    pub message: String,
    /// `Retry-After` of that answer, in seconds.
    pub retry_after: Option<u64>,
    /// Close the connection: `before` the request is carried out, or `after` (the answer is lost).
    pub drop: Option<Drop>,
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

/// The faults that still wait for their requests.
#[derive(Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Adds a fault.
    pub fn add(&self, mut fault: Fault) {
        fault.times = fault.times.max(1);
        self.waiting().push(fault);
    }

    /// Forgets all of them.
    pub fn clear(&self) {
        self.waiting().clear();
    }

    /// Those that still wait, with the times that are left.
    pub fn left(&self) -> Vec<Fault> {
        self.waiting().clone()
    }

    /// The fault that hits this request, the oldest first; its count goes down by one.
    pub fn strike(&self, method: &str, host: &str, path: &str) -> Option<Fault> {
        let mut waiting = self.waiting();
        let at = waiting.iter().position(|fault| fault.matches(method, host, path))?;
        let struck = waiting[at].clone();
        waiting[at].times -= 1;
        if waiting[at].times == 0 {
            waiting.remove(at);
        }
        Some(struck)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    fn matches(&self, method: &str, host: &str, path: &str) -> bool {
        let contains = |text: &str| path.to_ascii_lowercase().contains(&text.to_ascii_lowercase());
        self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.host.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(host))
            && self.path.as_deref().is_none_or(contains)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_so_many_matching_requests_and_no_other() {
        let faults = Faults::default();
        faults.add(Fault { method: Some("PUT".into()), path: Some("/vaults/".into()), times: 2, ..Fault::default() });
        assert!(faults.strike("GET", "h", "/x/vaults/v").is_none());
        assert!(faults.strike("PUT", "h", "/x/Vaults/v").is_some());
        assert!(faults.strike("PUT", "h", "/x/vaults/v").is_some());
        assert!(faults.strike("PUT", "h", "/x/vaults/v").is_none());
    }
}

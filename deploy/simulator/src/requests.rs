//! Remembers the last requests, so that people see what their clients ask: never a query, a header or a body.
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode, header};
use jiff::Timestamp;

use crate::door::{Asker, HostName};
use crate::tokens;

/// How many are kept; the oldest go first.
const MOST: usize = 200;
/// How much of a path is kept.
const LONGEST: usize = 400;

/// One request.
#[derive(Clone, Debug)]
pub struct Told {
    /// When it came.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The host.
    pub host: String,
    /// The path.
    pub path: String,
    /// Who asks.
    pub who: Who,
    /// The status, or nothing where the connection was closed without an answer.
    pub status: Option<StatusCode>,
    /// How long the answer took, in wall time.
    pub took: Duration,
}

/// Who asks: what the token says, without a look at whether it is right, and the machine.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// The token's object id, or its subject.
    pub principal: Option<String>,
    /// The machine whose credentials came with the request.
    pub machine: Option<String>,
}

impl Told {
    /// What can be told of a request before it is answered.
    pub fn of(at: Timestamp, host: &HostName, asker: &Asker, request: &Request<Body>) -> Self {
        let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let claims = token.and_then(|token| token.split_once(' ')).and_then(|(_, token)| tokens::unverified(token));
        let principal = claims.and_then(|claims| {
            let claim = ["oid", "sub"].into_iter().find_map(|name| claims[name].as_str().map(str::to_owned));
            claim.map(|claim| claim.chars().take(LONGEST).collect())
        });
        Self {
            at,
            method: request.method().to_string(),
            host: host.0.clone(),
            path: request.uri().path().chars().take(LONGEST).collect(),
            who: Who { principal, machine: asker.0.as_ref().map(|machine| machine.name.clone()) },
            status: None,
            took: Duration::ZERO,
        }
    }
}

/// The last requests of this process.
#[derive(Default)]
pub struct Requests(Mutex<VecDeque<Told>>);

impl Requests {
    /// Adds one.
    pub fn note(&self, told: Told) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(told);
    }

    /// All that are kept, the newest first.
    pub fn newest(&self) -> Vec<Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }
}

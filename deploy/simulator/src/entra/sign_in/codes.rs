//! Keeps authorization codes for the minutes until they are redeemed, each once.
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::later;
use crate::machines::new_key;

const LIFE: Duration = Duration::from_secs(600);

/// What a code stands for.
#[derive(Clone, Debug)]
pub(in crate::entra) struct Granted {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) scope: String,
    pub(super) user: Uuid,
    pub(super) at: Timestamp,
}

/// The codes that wait. A restart forgets them: whoever was signing in signs in again.
#[derive(Default)]
pub(in crate::entra) struct Codes(Mutex<HashMap<String, Granted>>);

impl Codes {
    /// A new code for that grant.
    pub(super) fn give(&self, granted: Granted) -> String {
        let code = format!("{}{}", new_key(), new_key());
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = granted.at;
        waiting.retain(|_, one| later(one.at, LIFE) > now);
        waiting.insert(code.clone(), granted);
        code
    }

    /// What the code stood for; a second time it stands for nothing.
    pub(super) fn redeem(&self, code: &str, now: Timestamp) -> Option<Granted> {
        let granted = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(code)?;
        (later(granted.at, LIFE) > now).then_some(granted)
    }
}

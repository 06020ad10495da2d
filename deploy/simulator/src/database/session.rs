//! What one connection remembers between statements: its user, its settings, its open transaction.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::refusal::Refusal;
use super::roles::Change;
use super::unit;

/// One connection after its login.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) begun: Timestamp,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) pid: i32,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    settings: BTreeMap<String, String>,
    /// As the startup packet asked for them: what a reset goes back to.
    first: BTreeMap<String, String>,
    transaction: Option<Transaction>,
}

/// An open transaction: settings as they were before it, and what it will change when it is committed.
#[derive(Debug)]
struct Transaction {
    start: Timestamp,
    settings_before: BTreeMap<String, String>,
    changes: Vec<Change>,
}

/// Name, and value of a new session.
const SETTINGS: [(&str, &str); 24] = [
    ("application_name", ""),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, MDY"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    ("extra_float_digits", "1"),
    ("idle_in_transaction_session_timeout", "0"),
    ("integer_datetimes", "on"),
    ("intervalstyle", "postgres"),
    ("is_superuser", "off"),
    ("lock_timeout", "0"),
    ("max_connections", "100"),
    ("password_encryption", "scram-sha-256"),
    ("search_path", "\"$user\", public"),
    ("server_encoding", "UTF8"),
    ("server_version", super::value::VERSION),
    ("server_version_num", "160006"),
    ("ssl", "on"),
    ("standard_conforming_strings", "on"),
    ("statement_timeout", "0"),
    ("timezone", "UTC"),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "off"),
];

/// Told by the server, not set by a session.
const FIXED: [&str; 8] = [
    "integer_datetimes",
    "is_superuser",
    "max_connections",
    "server_encoding",
    "server_version",
    "server_version_num",
    "ssl",
    "password_encryption",
];

impl Session {
    /// A session whose startup packet asked for `settings`; names that are no settings are left out.
    pub(super) fn new(
        begun: Timestamp,
        user: &str,
        database: &str,
        pid: i32,
        asked: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let known = |name: &str| SETTINGS.iter().any(|(known, _)| *known == name) && !FIXED.contains(&name);
        let settings: BTreeMap<String, String> =
            asked.map(|(name, value)| (name.to_lowercase(), value)).filter(|(name, _)| known(name)).collect();
        let inner = Mutex::new(Inner { first: settings.clone(), settings, transaction: None });
        Self { begun, user: user.to_owned(), database: database.to_owned(), pid, inner }
    }

    /// The value of a setting, `None` for a name that is none.
    pub(super) fn setting(&self, name: &str) -> Option<String> {
        let inner = self.lock();
        let standing = SETTINGS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        inner.settings.get(name).cloned().or(standing)
    }

    /// Sets it, or resets it without a value. A name with a point is a custom one and free.
    pub(super) fn set(&self, name: &str, value: Option<String>) -> Result<(), Refusal> {
        if FIXED.contains(&name) || (self.setting(name).is_none() && !name.contains('.')) {
            return Err(Refusal::no_parameter(name));
        }
        let value = match value {
            Some(value) if name.ends_with("_timeout") => {
                Some(unit::shown(&value).ok_or_else(|| Refusal::no_value(name, &value))?)
            }
            value => value,
        };
        let mut inner = self.lock();
        match value.or_else(|| inner.first.get(name).cloned()) {
            Some(value) => drop(inner.settings.insert(name.to_owned(), value)),
            None => drop(inner.settings.remove(name)),
        }
        Ok(())
    }

    /// When the open transaction began.
    pub(super) fn transaction_start(&self) -> Option<Timestamp> {
        self.lock().transaction.as_ref().map(|transaction| transaction.start)
    }

    /// Opens a transaction; one that is open stays as it is.
    pub(super) fn begin(&self, now: Timestamp) {
        let mut inner = self.lock();
        if inner.transaction.is_none() {
            let settings_before = inner.settings.clone();
            inner.transaction = Some(Transaction { start: now, settings_before, changes: Vec::new() });
        }
    }

    /// Notes changes of roles for the commit; gives them back where no transaction is open.
    pub(super) fn note(&self, changes: Vec<Change>) -> Vec<Change> {
        match self.lock().transaction.as_mut() {
            Some(transaction) => {
                transaction.changes.extend(changes);
                Vec::new()
            }
            None => changes,
        }
    }

    /// What the open transaction has changed so far.
    pub(super) fn changes(&self) -> Vec<Change> {
        self.lock().transaction.as_ref().map(|transaction| transaction.changes.clone()).unwrap_or_default()
    }

    /// Closes the transaction and gives what it changes.
    pub(super) fn commit(&self) -> Vec<Change> {
        self.lock().transaction.take().map(|transaction| transaction.changes).unwrap_or_default()
    }

    /// Closes the transaction and takes its settings back.
    pub(super) fn roll_back(&self) {
        let mut inner = self.lock();
        if let Some(transaction) = inner.transaction.take() {
            inner.settings = transaction.settings_before;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

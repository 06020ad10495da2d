//! What one connection remembers between statements: its user, its settings, its open transaction.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::refusal::Refusal;

/// One connection after its login.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) user: String,
    pub(super) database: String,
    pub(super) pid: i32,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    settings: BTreeMap<String, String>,
    transaction: Option<Transaction>,
}

/// An open transaction: settings as they were before it, and what it will change when it is committed.
#[derive(Debug)]
struct Transaction {
    start: Timestamp,
    settings_before: BTreeMap<String, String>,
    passwords: Vec<NewPassword>,
}

/// A password that a role is to get: a SCRAM verifier, or none.
#[derive(Clone, Debug)]
pub(super) struct NewPassword {
    pub(super) role: String,
    pub(super) verifier: Option<String>,
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
    pub(super) fn new(user: &str, database: &str, pid: i32, asked: impl Iterator<Item = (String, String)>) -> Self {
        let known = |name: &str| SETTINGS.iter().any(|(known, _)| *known == name) && !FIXED.contains(&name);
        let settings =
            asked.map(|(name, value)| (name.to_lowercase(), value)).filter(|(name, _)| known(name)).collect();
        let inner = Mutex::new(Inner { settings, transaction: None });
        Self { user: user.to_owned(), database: database.to_owned(), pid, inner }
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
        let mut inner = self.lock();
        match value {
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
            inner.transaction = Some(Transaction { start: now, settings_before, passwords: Vec::new() });
        }
    }

    /// Notes a password for the commit; gives it back where no transaction is open.
    pub(super) fn note(&self, password: NewPassword) -> Option<NewPassword> {
        match self.lock().transaction.as_mut() {
            Some(transaction) => {
                transaction.passwords.push(password);
                None
            }
            None => Some(password),
        }
    }

    /// Closes the transaction and gives what it changes.
    pub(super) fn commit(&self) -> Vec<NewPassword> {
        self.lock().transaction.take().map(|transaction| transaction.passwords).unwrap_or_default()
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

//! One entry of an API server's history, in less room once nobody is likely to ask for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::kind::Kind;
use super::store::{Change, What};

/// A version of an object.
enum Version {
    Awake(Arc<Value>),
    /// Its text takes an eighth of the room.
    Asleep(Box<str>),
}

impl Version {
    fn read(&self) -> Arc<Value> {
        match self {
            Self::Awake(object) => object.clone(),
            // It was written from a value.
            Self::Asleep(text) => Arc::new(serde_json::from_str(text).unwrap_or_default()),
        }
    }

    fn sleep(&mut self) {
        if let Self::Awake(object) = self {
            *self = Self::Asleep(object.to_string().into());
        }
    }
}

pub struct Past {
    pub version: u64,
    what: What,
    kind: &'static Kind,
    object: Version,
    before: Option<Version>,
    at: Instant,
}

impl Past {
    pub fn new(version: u64, what: What, kind: &'static Kind, object: Arc<Value>, before: Option<Arc<Value>>) -> Self {
        let (object, before) = (Version::Awake(object), before.map(Version::Awake));
        Self { version, what, kind, object, before, at: Instant::now() }
    }

    /// Since it happened, by this machine's own running clock.
    pub fn age(&self) -> Duration {
        self.at.elapsed()
    }

    pub fn read(&self) -> Change {
        Change {
            version: self.version,
            what: self.what,
            kind: self.kind,
            object: self.object.read(),
            before: self.before.as_ref().map(Version::read),
        }
    }

    pub fn sleep(&mut self) {
        self.object.sleep();
        self.before.iter_mut().for_each(Version::sleep);
    }
}

//! One entry of an API server's history, in less room once nobody is likely to ask for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::kind::Kind;
use super::store::{Change, What};

/// A version of an object.
enum Version {
    Awake(Arc<Value>),
    /// Its text takes an eighth of the room.
    Asleep(Arc<str>),
}

/// Texts by the version that they are of: what one entry made, the next one changed.
pub type Texts = HashMap<*const Value, Arc<str>>;

impl Version {
    fn read(&self) -> Arc<Value> {
        match self {
            Self::Awake(object) => object.clone(),
            // It was written from a value.
            Self::Asleep(text) => Arc::new(serde_json::from_str(text).unwrap_or_default()),
        }
    }

    fn sleep(&mut self, texts: &mut Texts) {
        if let Self::Awake(object) = self {
            let text = texts.entry(Arc::as_ptr(object)).or_insert_with(|| object.to_string().into());
            *self = Self::Asleep(Arc::clone(text));
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

    /// `texts` are those of one pass over the history, during which no version that it holds is let go of.
    pub fn sleep(&mut self, texts: &mut Texts) {
        self.object.sleep(texts);
        self.before.iter_mut().for_each(|before| before.sleep(texts));
    }
}

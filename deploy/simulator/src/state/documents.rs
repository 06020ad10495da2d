//! The documents in memory by collection and id, some of them as text, and what leads to some of them faster.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::index::{self, Index};

/// All of them.
#[derive(Default)]
pub(super) struct Documents {
    pub(super) collections: BTreeMap<String, BTreeMap<Arc<str>, Kept>>,
    pub(super) index: Index,
}

impl Documents {
    /// `text` is what the file has of it.
    pub(super) fn insert(&mut self, collection: &str, id: &str, body: &Arc<Value>, text: String) {
        let standing = match self.collections.get_mut(collection) {
            Some(standing) => standing,
            None => self.collections.entry(collection.to_owned()).or_default(),
        };
        let kept = Kept::new(collection, body, text);
        let id: Arc<str> = match standing.get_key_value(id) {
            Some((id, _)) => id.clone(),
            None => id.into(),
        };
        if index::leads_to(collection) {
            if let Some(kept) = standing.get(&id) {
                kept.see(|body| self.index.remove(collection, &id, body));
            }
            self.index.add(collection, &id, body);
        }
        standing.insert(id, kept);
    }

    pub(super) fn forget(&mut self, collection: &str, id: &str) {
        let gone = self.collections.get_mut(collection).and_then(|standing| standing.remove(id));
        if let Some(kept) = gone.filter(|_| index::leads_to(collection)) {
            kept.see(|body| self.index.remove(collection, id, body));
        }
    }
}

/// Collections whose readers have the documents elsewhere and seldom ask for these: they stay text, which takes an
/// eighth of the room.
const TEXT: &[&str] = &["kubernetes"];

/// A document in memory.
pub(super) enum Kept {
    Parsed(Arc<Value>),
    Text(Box<str>),
}

impl Kept {
    fn new(collection: &str, body: &Arc<Value>, text: String) -> Self {
        match TEXT.contains(&collection) {
            true => Self::Text(text.into()),
            false => Self::Parsed(body.clone()),
        }
    }

    pub(super) fn share(&self) -> Arc<Value> {
        match self {
            Self::Parsed(body) => body.clone(),
            Self::Text(text) => Arc::new(serde_json::from_str(text).unwrap_or_default()),
        }
    }

    pub(super) fn see<R>(&self, see: impl FnOnce(&Value) -> R) -> R {
        match self {
            Self::Parsed(body) => see(body),
            // It was written from a value.
            Self::Text(text) => see(&serde_json::from_str(text).unwrap_or_default()),
        }
    }
}

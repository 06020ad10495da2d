//! Leads from a text inside a document to the documents that have it, for what is asked at every request.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

/// Where in the documents of a collection the indexed texts stand, as JSON pointers.
pub(super) const PLACES: &[(&str, &[&str])] = &[("resources", &["/body/type", "/body/name"])];

/// A collection, and a place in its documents.
type Key = (&'static str, &'static str);

/// Ids in their order, by lower-case text.
type Ids = BTreeMap<String, BTreeSet<Arc<str>>>;

#[derive(Default)]
pub(super) struct Index(HashMap<Key, Ids>);

/// Whether a document has this text at a place, in any case of letters.
pub(super) fn has(body: &Value, place: &str, text: &str) -> bool {
    body.pointer(place).and_then(Value::as_str).is_some_and(|found| found.eq_ignore_ascii_case(text))
}

fn texts<'a>(collection: &str, body: &'a Value) -> impl Iterator<Item = (Key, &'a str)> {
    let of = PLACES.iter().find(|(name, _)| *name == collection);
    of.into_iter().flat_map(move |(name, places)| {
        places.iter().filter_map(move |place| Some(((*name, *place), body.pointer(place)?.as_str()?)))
    })
}

impl Index {
    pub(super) fn add(&mut self, collection: &str, id: &Arc<str>, body: &Value) {
        for (key, text) in texts(collection, body) {
            self.0.entry(key).or_default().entry(text.to_ascii_lowercase()).or_default().insert(id.clone());
        }
    }

    pub(super) fn remove(&mut self, collection: &str, id: &str, body: &Value) {
        for (key, text) in texts(collection, body) {
            let text = text.to_ascii_lowercase();
            let Some(all) = self.0.get_mut(&key) else { continue };
            if let Some(ids) = all.get_mut(&text) {
                ids.remove(id);
                if ids.is_empty() {
                    all.remove(&text);
                }
            }
        }
    }

    pub(super) fn find(&self, collection: &str, place: &str, text: &str) -> Option<&BTreeSet<Arc<str>>> {
        let (name, places) = PLACES.iter().find(|(name, _)| *name == collection)?;
        let place = places.iter().find(|known| **known == place)?;
        self.0.get(&(*name, *place))?.get(&text.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::clock::Clock;
    use crate::state::{State, StateError};
    use serde_json::json;

    #[tokio::test]
    async fn what_is_found_by_a_text_is_what_has_it_now() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.sqlite"), Clock::wall(1.0)).await.unwrap();
        let of = |kind: &str, name: &str| json!({"body": {"type": kind, "name": name}});
        let found = |state: &State, prefix: &str, text: &str| {
            state.read(|draft| {
                let mut ids = Vec::new();
                draft.visit_with("resources", prefix, "/body/type", text, |id, _| ids.push(id.to_owned()));
                ids
            })
        };
        for id in ["/a/2", "/a/1", "/b/1"] {
            state.put("resources", id, of("X/y", id)).await.unwrap();
        }
        assert_eq!(found(&state, "/a/", "x/Y"), ["/a/1", "/a/2"]);
        let changed = state.change(|draft| {
            draft.put("resources", "/a/1", of("X/z", "other"));
            draft.remove("resources", "/b/1");
            draft.put("resources", "/c/1", of("X/y", "new"));
            let mut ids = Vec::new();
            draft.visit_with("resources", "", "/body/type", "X/y", |id, _| ids.push(id.to_owned()));
            Ok::<_, StateError>(ids)
        });
        assert_eq!(changed.await.unwrap(), ["/a/2", "/c/1"], "what was just written is seen");
        assert_eq!(found(&state, "", "X/y"), ["/a/2", "/c/1"]);
        assert_eq!(found(&state, "", "X/z"), ["/a/1"]);
        state.close().await;
        let again = State::open(&folder.path().join("state.sqlite"), Clock::wall(1.0)).await.unwrap();
        assert_eq!(found(&again, "", "X/y"), ["/a/2", "/c/1"], "after a restart too");
    }
}

//! Leads from a text inside a document to the documents that have it, and keeps sums over documents, for what is asked at
//! every request.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use crate::place;

/// Where in the documents of a collection the indexed texts stand, as JSON pointers.
pub(super) const PLACES: &[(&str, &[&str])] =
    &[("resources", &["/body/type", "/body/name", "/body/properties/principalId", "/body/properties/customerId"])];

/// What is added up over the documents of a collection that have all of it: by which texts, and which number.
pub(super) const SUMS: &[(&str, [&str; 3], &str)] =
    &[("resources", ["/body/type", "/body/location", "/body/sku/name"], "/body/sku/capacity")];

/// A collection, and a place in its documents.
type Key = (&'static str, &'static str);

/// Ids in their order, by lower-case text.
type Ids = BTreeMap<String, BTreeSet<Arc<str>>>;

/// The texts by which something is added up, in lower case.
pub type Texts = [String; 3];

/// Sums by their texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<Texts, i64>);

impl Sums {
    /// Counts a document of the collection in, or where it goes, out.
    pub(super) fn count(&mut self, collection: &str, body: &Value, comes: bool) {
        let Some((_, by, number)) = SUMS.iter().find(|(name, ..)| *name == collection) else { return };
        let text = |place: &str| Some(place::at(body, place)?.as_str()?.to_ascii_lowercase());
        let Some(number) = place::at(body, number).and_then(Value::as_i64) else { return };
        let [Some(first), Some(second), Some(third)] = by.map(text) else { return };
        let sum = self.0.entry([first, second, third]);
        let sum = sum.and_modify(|sum| *sum += if comes { number } else { -number });
        sum.or_insert(if comes { number } else { -number });
    }

    /// Each sum with its texts.
    pub fn iter(&self) -> impl Iterator<Item = (&Texts, i64)> {
        self.0.iter().map(|(texts, sum)| (texts, *sum))
    }
}

#[derive(Default)]
pub(super) struct Index {
    ids: HashMap<Key, Ids>,
    sums: HashMap<&'static str, Sums>,
}

/// Whether a document has this text at a place, in any case of letters.
pub(super) fn has(body: &Value, place: &str, text: &str) -> bool {
    place::at(body, place).and_then(Value::as_str).is_some_and(|found| found.eq_ignore_ascii_case(text))
}

/// Whether anything leads to the documents of a collection.
pub(super) fn leads_to(collection: &str) -> bool {
    PLACES.iter().any(|(name, _)| *name == collection) || SUMS.iter().any(|(name, ..)| *name == collection)
}

fn texts<'a>(collection: &str, body: &'a Value) -> impl Iterator<Item = (Key, &'a str)> {
    let of = PLACES.iter().find(|(name, _)| *name == collection);
    of.into_iter().flat_map(move |(name, places)| {
        places.iter().filter_map(move |place| Some(((*name, *place), place::at(body, place)?.as_str()?)))
    })
}

impl Index {
    pub(super) fn add(&mut self, collection: &str, id: &Arc<str>, body: &Value) {
        for (key, text) in texts(collection, body) {
            self.ids.entry(key).or_default().entry(text.to_ascii_lowercase()).or_default().insert(id.clone());
        }
        self.count(collection, body, true);
    }

    pub(super) fn remove(&mut self, collection: &str, id: &str, body: &Value) {
        self.count(collection, body, false);
        for (key, text) in texts(collection, body) {
            let text = text.to_ascii_lowercase();
            let Some(all) = self.ids.get_mut(&key) else { continue };
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
        self.ids.get(&(*name, *place))?.get(&text.to_ascii_lowercase())
    }

    fn count(&mut self, collection: &str, body: &Value, comes: bool) {
        if let Some((name, ..)) = SUMS.iter().find(|(name, ..)| *name == collection) {
            self.sums.entry(name).or_default().count(collection, body, comes);
        }
    }

    pub(super) fn sums(&self, collection: &str) -> Sums {
        self.sums.get(collection).cloned().unwrap_or_default()
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

    #[tokio::test]
    async fn a_sum_is_over_what_stands_and_what_was_just_written() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.sqlite"), Clock::wall(1.0)).await.unwrap();
        let of = |place: &str, capacity: u32| json!({"body": {"type": "X/y", "location": place, "sku": {"name": "Big", "capacity": capacity}}});
        let sums = |state: &State| {
            state.read(|draft| {
                let all = draft.sums("resources");
                all.iter().map(|([_, place, name], sum)| format!("{place} {name} {sum}")).collect::<Vec<_>>()
            })
        };
        state.put("resources", "/a/1", of("west", 3)).await.unwrap();
        state.put("resources", "/a/2", of("WEST", 4)).await.unwrap();
        state.put("resources", "/a/3", json!({"body": {"type": "X/y", "location": "west"}})).await.unwrap();
        assert_eq!(sums(&state), ["west big 7"]);
        let changed = state.change(|draft| {
            draft.put("resources", "/a/1", of("west", 1));
            draft.put("resources", "/a/4", of("north", 2));
            draft.put("resources", "/a/4", of("north", 5));
            draft.remove("resources", "/a/2");
            let all = draft.sums("resources");
            Ok::<_, StateError>(all.iter().map(|([_, place, _], sum)| (place.clone(), sum)).collect::<Vec<_>>())
        });
        assert_eq!(changed.await.unwrap(), [("north".to_owned(), 5), ("west".to_owned(), 1)]);
        assert_eq!(sums(&state), ["north big 5", "west big 1"]);
        state.remove("resources", "/a/4").await.unwrap();
        assert_eq!(sums(&state), ["north big 0", "west big 1"]);
        state.close().await;
        let again = State::open(&folder.path().join("state.sqlite"), Clock::wall(1.0)).await.unwrap();
        assert_eq!(sums(&again), ["west big 1"], "after a restart too");
    }
}

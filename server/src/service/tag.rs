//! Tags of things as they are shown: by them a program says which state it has looked at.
//!
//! A tag has two parts. The first stands for what a change is decided by: of a request its state, plan, level and record,
//! of an environment its state, wish, owner and what waits, of a job what it does and what stopped it, of a token and a
//! webhook what it may and where it leads. The second stands for everything else that is shown, but for the moment in
//! which it was read. A change asks that the first is still the same (`If-Match`); a reader who has what is shown already
//! (`If-None-Match`) has both.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Digits of each part.
const DIGITS: usize = 20;

/// Top-level fields by which changes of a thing are decided; `row.NAME` of what stands in its row.
fn matters(collection: &str) -> Option<&'static [&'static str]> {
    match collection {
        "environments" => Some(&["row.state", "row.owner", "row.team", "wish", "waits", "released", "request"]),
        "requests" => Some(&["row.state", "digest", "level", "levels", "record", "wish"]),
        "jobs" => Some(&["row.state", "failure", "failed_step", "words", "held_by"]),
        "tokens" => Some(&["name", "scopes", "teams", "expires_at", "revoked_at"]),
        "webhooks" => Some(&["name", "url", "events", "enabled", "former_secret_until"]),
        "secrets" => Some(&["name", "version", "enabled"]),
        "policies" => Some(&["row", "shown", "text", "versions", "switched"]),
        _ => None,
    }
}

/// Of when it was read, and not of what it is.
const READ: [&str; 2] = ["now", "age_seconds"];

type Fields<'a> = BTreeMap<&'a str, &'a RawValue>;

/// A thing's tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    state: String,
    view: String,
}

impl Tag {
    /// Of a thing of this collection, as its JSON shows it; `None` of what is no JSON object.
    pub fn of(collection: &str, json: &[u8]) -> Option<Tag> {
        let fields: Fields<'_> = serde_json::from_slice(json).ok()?;
        let row: Fields<'_> =
            fields.get("row").and_then(|row| serde_json::from_str(row.get()).ok()).unwrap_or_default();
        let (mut state, mut view) = (Sha256::new(), Sha256::new());
        let shown = || fields.iter().filter(|(name, _)| !READ.contains(*name));
        for (name, value) in shown() {
            take(&mut view, name, value);
        }
        match matters(collection) {
            Some(names) => {
                for name in names {
                    let value = match name.strip_prefix("row.") {
                        Some(name) => row.get(name),
                        None => fields.get(name),
                    };
                    if let Some(value) = value {
                        take(&mut state, name, value);
                    }
                }
            }
            None => shown().for_each(|(name, value)| take(&mut state, name, value)),
        }
        let part = |hash: Sha256| hex::encode(hash.finalize())[..DIGITS].to_owned();
        Some(Tag { state: part(state), view: part(view) })
    }

    /// As the ETag header has it: a strong one.
    pub fn text(&self) -> String {
        format!("\"{}-{}\"", self.state, self.view)
    }

    /// Whether a header `If-Match` names this state. A weak tag names none.
    pub fn is_state_of(&self, header: &str) -> bool {
        self.named_in(header, |given| {
            given.strip_prefix('"').is_some_and(|given| given.split('-').next() == Some(self.state.as_str()))
        })
    }

    /// Whether a header `If-None-Match` names all that is shown.
    pub fn is_shown_by(&self, header: &str) -> bool {
        let mine = self.text();
        self.named_in(header, |given| given.strip_prefix("W/").unwrap_or(given) == mine)
    }

    fn named_in(&self, header: &str, fits: impl Fn(&str) -> bool) -> bool {
        header.split(',').map(str::trim).any(|given| given == "*" || fits(given))
    }
}

fn take(hash: &mut Sha256, name: &str, value: &RawValue) {
    // Each with its length, so that no two lists of fields read alike.
    for text in [name, value.get()] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn job(state: &str, done: u32, now: u32) -> Tag {
        let json = format!(
            r#"{{"row": {{"state": "{state}", "steps_done": {done}}}, "failure": null, "words": [], "now": {now}}}"#
        );
        Tag::of("jobs", json.as_bytes()).unwrap()
    }

    #[test]
    fn a_tag_is_of_what_is_and_not_of_when_it_was_read() {
        assert_eq!(job("running", 1, 5), job("running", 1, 6));
        assert_ne!(job("running", 1, 5), job("running", 2, 5));
        assert_ne!(job("running", 1, 5), job("failed", 1, 5));
    }

    #[test]
    fn a_change_is_held_against_the_state_and_a_reader_against_all() {
        let (before, later, failed) = (job("running", 1, 5), job("running", 2, 9), job("failed", 2, 9));
        assert!(later.is_state_of(&before.text()) && !later.is_shown_by(&before.text()));
        assert!(!failed.is_state_of(&before.text()));
        assert!(later.is_state_of(&format!("\"other\", {}", before.text())) && later.is_state_of("*"));
        assert!(!later.is_state_of(&format!("W/{}", before.text())), "a weak tag names no state");
        assert!(before.is_shown_by(&format!("W/{}", before.text())), "a reader may have weakened it");
        assert!(!later.is_state_of("") && !later.is_state_of("nonsense"));
    }

    #[test]
    fn of_a_thing_that_nobody_described_everything_matters() {
        let one = Tag::of("webhooks", br#"{"url": "a", "now": 1}"#).unwrap();
        assert_eq!(one, Tag::of("webhooks", br#"{"url": "a", "now": 2}"#).unwrap());
        assert!(!Tag::of("webhooks", br#"{"url": "b"}"#).unwrap().is_state_of(&one.text()));
        assert_eq!(Tag::of("webhooks", b"[1]"), None);
        assert_eq!(Tag::of("webhooks", b"ab"), None);
    }
}

//! The chain over the record: each link's hash is over the one before, its number and its entry's own hash.
//!
//! `leaf = SHA-256(canonical JSON of the entry)`, `hash = SHA-256(hash before "\n" number "\n" leaf)`, both written as
//! lower-case hexadecimal digits; the hash before the first is [`GENESIS`]. Who has only the leaf of an entry can still
//! go on along the chain, and knows nothing of what the entry says.

use crate::moment::Moment;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Before the first link.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where an entry stands in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// From 1, without gaps.
    pub seq: i64,
    pub leaf: String,
    pub hash: String,
}

impl Link {
    /// The one that follows.
    pub fn next(seq_before: i64, hash_before: &str, entry: &Value) -> Link {
        let (seq, leaf) = (seq_before + 1, leaf(entry));
        let hash = hash(hash_before, seq, &leaf);
        Link { seq, leaf, hash }
    }
}

pub fn leaf(entry: &Value) -> String {
    hex::encode(Sha256::digest(canonical(entry)))
}

pub fn hash(before: &str, seq: i64, leaf: &str) -> String {
    hex::encode(Sha256::digest(format!("{before}\n{seq}\n{leaf}")))
}

/// What was chained up to a number, to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// From 1, without gaps.
    pub number: i64,
    /// Of the last link.
    pub seq: i64,
    /// Of the last link.
    pub hash: String,
    /// Links since the checkpoint before.
    pub count: i64,
    pub at: Moment,
}

impl Checkpoint {
    /// What is signed and exported of it.
    pub fn document(&self) -> Value {
        json!({ "number": self.number, "seq": self.seq, "hash": self.hash, "count": self.count, "at": self.at.0 })
    }
}

/// One text for one value: keys in order, no white space, numbers and texts as `serde_json` writes them.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            out.push('{');
            for (at, key) in keys.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write(map.get(key).unwrap_or(&Value::Null), out);
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(value, out);
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_value_has_one_text_whatever_the_order_of_its_keys() {
        let one: Value = serde_json::from_str(r#"{ "b": [1, {"d": null, "c": "\u00fc\n"}], "a": true }"#).unwrap();
        assert_eq!(canonical(&one), "{\"a\":true,\"b\":[1,{\"c\":\"ü\\n\",\"d\":null}]}");
        let other: Value = serde_json::from_str(&canonical(&one)).unwrap();
        assert_eq!(leaf(&one), leaf(&other));
    }

    #[test]
    fn a_link_depends_on_all_before_it() {
        let first = Link::next(0, GENESIS, &json!({"act": "sign-in"}));
        let second = Link::next(first.seq, &first.hash, &json!({"act": "sign-out"}));
        assert_eq!(second.seq, 2);
        let forged = Link::next(0, GENESIS, &json!({"act": "sign-on"}));
        assert_ne!(Link::next(1, &forged.hash, &json!({"act": "sign-out"})).hash, second.hash);
    }
}

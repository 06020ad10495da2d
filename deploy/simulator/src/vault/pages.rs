//! Cuts a list of a vault into pages with a link to the next.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::refusal::VaultRefusal;

/// A page holds so many entries at most, and by default.
const LARGEST: usize = 25;

/// The page that the query asks for. `path` is the list's own address, `entries` are ordered by their first part.
pub(super) fn page(
    path: &str,
    query: &BTreeMap<String, String>,
    entries: Vec<(String, Value)>,
) -> Result<Value, VaultRefusal> {
    let size = match query.get("maxresults").map(|text| text.parse::<usize>()) {
        None => LARGEST,
        Some(Ok(size)) if (1..=LARGEST).contains(&size) => size,
        Some(_) => {
            return Err(VaultRefusal::bad("Property 'maxresults' has an invalid value: it must be between 1 and 25."));
        }
    };
    let after = query.get("$skiptoken").map_or("", String::as_str);
    let mut rest = entries.into_iter().filter(|(key, _)| key.as_str() > after).peekable();
    let mut last = String::new();
    let mut value = Vec::new();
    while value.len() < size {
        let Some((key, entry)) = rest.next() else { break };
        last = key;
        value.push(entry);
    }
    let next = rest.peek().map(|_| {
        let version = query.get("api-version").map_or("7.4", String::as_str);
        let token: String = form_urlencoded::byte_serialize(last.as_bytes()).collect();
        format!("{path}?api-version={version}&$skiptoken={token}&maxresults={size}")
    });
    Ok(json!({"value": value, "nextLink": next}))
}

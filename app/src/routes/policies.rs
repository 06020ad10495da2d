//! Addresses of policies.

use super::address::{segment, with_query};

/// GET page: the policies that may concern the caller, and the templates.
pub fn policies() -> &'static str {
    "/policies"
}

/// GET page and POST (field `text`): a policy's first version. After a refusal the page itself answers, with the text.
pub fn new_policy() -> &'static str {
    "/policies/new"
}

/// GET page and POST (fields `base` and `text`): adds the version after `base`.
pub fn policy(name: &str) -> String {
    format!("/policies/{}", segment(name))
}

/// The page with one version, tried out against the requests of so many days.
pub fn policy_version(name: &str, version: u32, days: u32) -> String {
    let days = if days == 0 { String::new() } else { days.to_string() };
    with_query(&policy(name), &[("version", &version.to_string()), ("days", &days)])
}

/// POST without fields: switches a version on, or the policy off where there is none; `seen` is what was on.
pub fn switch_policy(name: &str, seen: Option<u32>, version: Option<u32>) -> String {
    let said = |version: Option<u32>| version.map(|version| version.to_string()).unwrap_or_default();
    with_query(&format!("{}/switch", policy(name)), &[("seen", &said(seen)), ("version", &said(version))])
}

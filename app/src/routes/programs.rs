//! Addresses of what programs are given: tokens and webhooks.

use super::address::{segment, with_query};

/// GET page and POST: fields `name`, `service_of` (a team, or empty), `scopes` (`some` or `all`), `scope` and `team`, each
/// any number of times, and `expires_days`. The page answers with the token, once.
pub fn tokens() -> &'static str {
    "/tokens"
}

pub fn tokens_after(team: &str, after: &str) -> String {
    with_query(tokens(), &[("team", team), ("after", after)])
}

/// GET page: a token, and what ends where it is revoked.
pub fn token(id: &str) -> String {
    format!("/tokens/{}", segment(id))
}

/// POST without fields.
pub fn revoke_token(id: &str) -> String {
    format!("{}/revoke", token(id))
}

/// GET page and POST: fields `team`, `name`, `url` and `event`, any number of times. The page answers with the secret, once.
pub fn webhooks() -> &'static str {
    "/webhooks"
}

pub fn webhooks_after(team: &str, after: &str) -> String {
    with_query(webhooks(), &[("team", team), ("after", after)])
}

/// GET page: a webhook and its deliveries.
pub fn webhook(id: &str) -> String {
    format!("/webhooks/{}", segment(id))
}

pub fn webhook_after(id: &str, after: &str) -> String {
    with_query(&webhook(id), &[("after", after)])
}

/// POST: field `on`, `yes` or `no`.
pub fn switch_webhook(id: &str) -> String {
    format!("{}/switch", webhook(id))
}

/// POST without fields.
pub fn remove_webhook(id: &str) -> String {
    format!("{}/remove", webhook(id))
}

/// POST without fields; the page of the webhook answers with the secret, once.
pub fn rotate_secret(id: &str) -> String {
    format!("{}/secret", webhook(id))
}

/// POST without fields.
pub fn test_webhook(id: &str) -> String {
    format!("{}/test", webhook(id))
}

/// POST without fields.
pub fn redeliver(id: &str, delivery: &str) -> String {
    format!("{}/deliveries/{}/again", webhook(id), segment(delivery))
}

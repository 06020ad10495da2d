//! Webhooks by the Standard Webhooks specification: signed, to an address that is looked up, judged and then held on to.

use super::Delivery;
use super::inside::is_inside;
use crate::config::Webhook;
use crate::store::notice::telling::Due;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Moment;
use domain::notice::Notice;
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::redirect::Policy;
use ring::hmac;
use serde_json::{Value, json};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use url::{Host, Url};

/// From the first byte to the status.
const LONGEST: Duration = Duration::from_secs(15);

pub(super) struct Hook {
    webhook: Webhook,
    key: hmac::Key,
}

impl Hook {
    /// `None` where the secret is none, which the configuration's check has said.
    pub(super) fn new(webhook: &Webhook) -> Option<Hook> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &webhook.key()?);
        Some(Hook { webhook: webhook.clone(), key })
    }

    pub(super) fn name(&self) -> &str {
        &self.webhook.name
    }

    pub(super) async fn send(&self, due: &Due, link: &str, now: Moment) -> Delivery {
        let body = body(&due.notice.notice, &due.notice.id, link).to_string();
        let (url, keys) = (&self.webhook.url, std::slice::from_ref(&self.key));
        post(Post { url, allow_inside: self.webhook.allow_inside, keys, id: &due.id, body, now }).await.1
    }
}

/// Something on its way to an address.
pub(super) struct Post<'a> {
    pub(super) url: &'a Url,
    pub(super) allow_inside: bool,
    /// Each signs it.
    pub(super) keys: &'a [hmac::Key],
    pub(super) id: &'a str,
    pub(super) body: String,
    pub(super) now: Moment,
}

/// Sends it once; the status is that of the answer, where there was one.
pub(super) async fn post(post: Post<'_>) -> (Option<u16>, Delivery) {
    let Post { url, allow_inside, keys, id, body, now } = post;
    let client = match reachable(url, allow_inside).await {
        Ok(client) => client,
        Err(refused) => return (None, refused),
    };
    let seconds = now.0.div_euclid(1000);
    let signatures: Vec<String> = keys.iter().map(|key| signature(key, id, seconds, &body)).collect();
    let post = client
        .post(url.clone())
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signatures.join(" "))
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("Keystead/", env!("CARGO_PKG_VERSION")))
        .body(body);
    match post.send().await {
        Ok(answer) => {
            let status = answer.status().as_u16();
            let delivery = match status {
                200..300 => Delivery::Sent,
                300..400 => {
                    Delivery::Later("The receiver sends on to another address, which is not followed.".to_owned())
                }
                410 => Delivery::Never("The receiver wants nothing any more (410).".to_owned()),
                status => Delivery::Later(format!("The receiver answered {status}.")),
            };
            (Some(status), delivery)
        }
        // Without the address, which may hold a key.
        Err(error) => {
            let why = format!("The receiver was not reached: {}", cause(&error.without_url()));
            (None, Delivery::Later(why))
        }
    }
}

/// A client that reaches the addresses that were judged, whatever the name stands for a moment later.
pub(crate) async fn reachable(url: &Url, allow_inside: bool) -> Result<reqwest::Client, Delivery> {
    let port = url.port_or_known_default().unwrap_or(443);
    let (name, addresses): (Option<&str>, Vec<SocketAddr>) = match url.host() {
        Some(Host::Ipv4(four)) => (None, vec![(IpAddr::V4(four), port).into()]),
        Some(Host::Ipv6(six)) => (None, vec![(IpAddr::V6(six), port).into()]),
        Some(Host::Domain(name)) => {
            let found = tokio::net::lookup_host((name, port)).await;
            let found =
                found.map_err(|error| Delivery::Later(format!("The receiver's name was not found: {error}")))?;
            (Some(name), found.collect())
        }
        None => return Err(Delivery::Never("The address names no receiver.".to_owned())),
    };
    if !allow_inside && addresses.iter().any(|address| is_inside(address.ip())) {
        let said = "The address points inside; allow_inside in the configuration permits that.";
        return Err(Delivery::Never(said.to_owned()));
    }
    let mut client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).timeout(LONGEST);
    if let Some(name) = name {
        client = client.resolve_to_addrs(name, &addresses);
    }
    client.build().map_err(|error| Delivery::Later(format!("The way to the receiver could not be prepared: {error}")))
}

/// What signs; `None` where the secret is not of the specification's form.
pub(super) fn key_of(secret: &str) -> Option<hmac::Key> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    (24..=64).contains(&key.len()).then(|| hmac::Key::new(hmac::HMAC_SHA256, &key))
}

/// Over id, time and body, as `webhook-signature` holds it.
fn signature(key: &hmac::Key, id: &str, seconds: i64, body: &str) -> String {
    let signed = hmac::sign(key, format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(signed))
}

/// The event with its type, time and data.
pub(super) fn body(notice: &Notice, id: &str, link: &str) -> Value {
    let facts = &notice.facts;
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let data = json!({
        "notice": id,
        "subject": notice.subject(),
        "environment": notice.environment,
        "team": notice.team,
        "asked_for": text(&facts.title),
        "by": facts.by,
        "requester": facts.requester,
        "outcome": text(&facts.outcome),
        "cost": facts.cost,
        "findings": facts.findings,
        "reason": text(&facts.reason),
        "said": text(&facts.said),
        "until": facts.until.map(Moment::rfc3339),
        "link": link,
    });
    json!({ "type": notice.kind.key(), "timestamp": notice.at.rfc3339(), "data": data })
}

/// The innermost reason: the outer ones only say that it failed.
fn cause(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the specification's own libraries test theirs.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}

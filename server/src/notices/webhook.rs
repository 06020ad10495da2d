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
use url::Host;

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
        let client = match self.client().await {
            Ok(client) => client,
            Err(refused) => return refused,
        };
        let body = body(&due.notice.notice, &due.notice.id, link).to_string();
        let seconds = now.0.div_euclid(1000);
        let post = client
            .post(self.webhook.url.clone())
            .header("webhook-id", &due.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature(&self.key, &due.id, seconds, &body))
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("Keystead/", env!("CARGO_PKG_VERSION")))
            .body(body);
        match post.send().await {
            Ok(answer) => match answer.status().as_u16() {
                200..300 => Delivery::Sent,
                300..400 => {
                    Delivery::Later("The receiver sends on to another address, which is not followed.".to_owned())
                }
                410 => Delivery::Never("The receiver wants nothing any more (410).".to_owned()),
                status => Delivery::Later(format!("The receiver answered {status}.")),
            },
            // Without the address, which may hold a key.
            Err(error) => Delivery::Later(format!("The receiver was not reached: {}", cause(&error.without_url()))),
        }
    }

    /// A client that reaches the addresses that were judged, whatever the name stands for a moment later.
    async fn client(&self) -> Result<reqwest::Client, Delivery> {
        let url = &self.webhook.url;
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
        if !self.webhook.allow_inside && addresses.iter().any(|address| is_inside(address.ip())) {
            let said = "The address points inside; allow_inside in the configuration permits that.";
            return Err(Delivery::Never(said.to_owned()));
        }
        let mut client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).timeout(LONGEST);
        if let Some(name) = name {
            client = client.resolve_to_addrs(name, &addresses);
        }
        client
            .build()
            .map_err(|error| Delivery::Later(format!("The way to the receiver could not be prepared: {error}")))
    }
}

/// Over id, time and body, as `webhook-signature` holds it.
fn signature(key: &hmac::Key, id: &str, seconds: i64, body: &str) -> String {
    let signed = hmac::sign(key, format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(signed))
}

/// The event with its type, time and data.
fn body(notice: &Notice, id: &str, link: &str) -> Value {
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

//! Sends teams' webhooks what is due: each signed with its secret, for a day beside the one before.
//!
//! As with every telling, one server rings at a time, and one that is lost between sending and marking is followed by
//! another that sends again under the same id. What stays in vain is told on the webhook's row, and nothing is switched off
//! for it.

use super::sending::{LONGEST, patience};
use super::webhook::{Post, key_of, post};
use super::{Courier, Delivery};
use crate::seal::Seal;
use crate::store::webhook::delivery::{self, Came, Due, PING};
use crate::store::webhook::{self, Webhook};
use crate::store::{Error, Store};
use crate::timers::{Next, Timer};
use async_trait::async_trait;
use domain::Moment;
use futures::StreamExt;
use ring::hmac;
use secrecy::ExposeSecret;
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// Kind of the timer.
pub const SUBSCRIBED: &str = "webhook-send";
/// How often it looks for what is due, in milliseconds.
const EVERY: i64 = 5_000;
/// Deliveries of one ring, and of them at a time.
const BATCH: i64 = 24;
const AT_ONCE: usize = 8;
/// Deliveries that have ended are kept for so long: 30 days.
const KEPT: i64 = 30 * 86_400_000;

pub struct WebhookSend {
    pub store: Store,
    pub courier: Arc<Courier>,
    pub seal: Seal,
    /// Whether they may lie inside.
    pub allow_inside: bool,
}

#[async_trait]
impl Timer for WebhookSend {
    fn kind(&self) -> &'static str {
        SUBSCRIBED
    }

    async fn ring(&self, _subject: &str, now: Moment) -> Result<Next, String> {
        let due = delivery::due(&self.store, now, BATCH).await.map_err(|error| error.to_string())?;
        let sends = futures::stream::iter(due).map(|due| self.send(due, now));
        let sent: Vec<Result<(), Error>> = sends.buffer_unordered(AT_ONCE).collect().await;
        if let Some(error) = sent.into_iter().find_map(Result::err) {
            return Err(error.to_string());
        }
        delivery::sweep(&self.store, now.plus(-KEPT)).await.map_err(|error| error.to_string())?;
        Ok(Next::Again(now.plus(EVERY)))
    }
}

impl WebhookSend {
    async fn send(&self, due: Due, now: Moment) -> Result<(), Error> {
        let Some(webhook) = webhook::find(&self.store, &due.webhook).await? else { return Ok(()) };
        let (status, delivery) = match self.keys(&webhook, now).await {
            Ok(keys) => self.post(&webhook, &due, &keys, now).await,
            Err(why) => (None, Delivery::Never(why)),
        };
        webhook::reached(&self.store, &webhook.id, delivery == Delivery::Sent, now).await?;
        let next = now.plus(patience(due.tries));
        let vain = next.since(due.since) > LONGEST;
        let why = if vain { format!("For a day in vain. {}", delivery.why()) } else { delivery.why().to_owned() };
        let came = match &delivery {
            Delivery::Sent => Came::Sent,
            Delivery::Later(_) | Delivery::Unreachable(_) if !vain => Came::Later(next, &why),
            Delivery::Later(_) | Delivery::Unreachable(_) | Delivery::Never(_) => Came::GivenUp(&why),
        };
        if matches!(came, Came::GivenUp(_)) {
            tracing::warn!(webhook = webhook.id, delivery = due.id, why, "a delivery was given up");
        }
        delivery::came(&self.store, &due.id, came, status, now).await
    }

    async fn post(&self, webhook: &Webhook, due: &Due, keys: &[hmac::Key], now: Moment) -> (Option<u16>, Delivery) {
        let Ok(url) = Url::parse(&webhook.url) else {
            return (None, Delivery::Never("The address names no receiver.".to_owned()));
        };
        let body = match &due.notice {
            Some(kept) => self.courier.event(kept),
            None => json!({ "type": PING, "timestamp": due.at.rfc3339(), "data": { "webhook": webhook.id } }),
        };
        let allow_inside = self.allow_inside;
        post(Post { url: &url, allow_inside, keys, id: &due.id, body: body.to_string(), now }).await
    }

    /// What signs now, the newest first.
    async fn keys(&self, webhook: &Webhook, now: Moment) -> Result<Vec<hmac::Key>, String> {
        let former = webhook.former.as_ref().filter(|(_, until)| *until > now).map(|(sealed, _)| sealed);
        let bound = Webhook::bound(&webhook.id);
        let mut keys = Vec::new();
        for sealed in std::iter::once(&webhook.secret).chain(former) {
            let lost = || "Its secret cannot be read: change it, and send this again.".to_owned();
            let secret = self.seal.open(&bound, sealed).await.map_err(|error| {
                tracing::error!(%error, webhook = webhook.id, "a webhook's secret does not open");
                lost()
            })?;
            keys.push(key_of(secret.expose_secret()).ok_or_else(lost)?);
        }
        Ok(keys)
    }
}

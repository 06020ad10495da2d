//! What is asked of a webhook: a name, an address outside, events that there are; and its secrets, made here and sealed.

use super::told;
use crate::notices::webhook::reachable;
use crate::service::Service;
use crate::service::error::failed;
use crate::service::sealing::shows;
use crate::store;
use crate::store::webhook::{self, Webhook};
use app::error::PortalError;
use app::portal::Answer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::account::Caller;
use domain::audit::Act;
use domain::field::FieldError;
use domain::notice::Kind;
use domain::permission::Action;
use domain::view::webhook::{Change, Made, New};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// For so long the secret before signs too.
const OVERLAP: i64 = 24 * 3_600_000;
/// Of one team.
const MOST_OF_TEAM: i64 = 20;
const LONGEST_NAME: usize = 60;
const LONGEST_URL: usize = 2_000;

impl Service {
    pub(super) async fn subscribe(&self, caller: &Caller, new: &New) -> Answer<Made> {
        let team = self.team_of(caller, &new.team, Action::Webhooks)?;
        let (id, now) = (uuid::Uuid::now_v7().to_string(), self.clock.now());
        let secret = new_secret();
        let blank = Webhook {
            secret: self.sealed(&Webhook::bound(&id), &secret).await?,
            id,
            team,
            name: String::new(),
            url: String::new(),
            events: Vec::new(),
            enabled: true,
            former: None,
            failing_since: None,
            created_at: now,
            created_by: caller.account.name.clone(),
        };
        let change = Change {
            name: Some(new.name.clone()),
            url: Some(new.url.clone()),
            events: Some(new.events.clone()),
            enabled: None,
        };
        self.fits(&blank, &change).await?;
        let webhook = changed(&blank, &change);
        let count = webhook::count(&self.store, &webhook.team).await.map_err(failed("counting webhooks"))?;
        if count >= MOST_OF_TEAM {
            let said = format!("A team has at most {MOST_OF_TEAM} webhooks. Remove one, then make this one.");
            return Err(PortalError::conflict(said));
        }
        let entry = told(Act::WebhookCreated, caller, &webhook, self)
            .with("host", host(&webhook.url))
            .with("events", webhook.events.join(" "));
        let add = async {
            let mut tx = self.store.begin().await?;
            webhook::add(&mut tx, &webhook).await?;
            store::audit::append(&mut tx, &entry).await?;
            shows(&webhook.id, &webhook.secret);
            tx.commit().await
        };
        add.await.map_err(failed("making a webhook"))?;
        Ok(Made { secret: secret.expose_secret().to_owned(), row: webhook.shown(now) })
    }

    /// Whether this change can be made of it.
    pub(super) async fn fits(&self, before: &Webhook, change: &Change) -> Answer<()> {
        let mut wrong = Vec::new();
        let after = changed(before, change);
        if change.name.is_some() {
            let count = after.name.chars().count();
            if !(1..=LONGEST_NAME).contains(&count) || after.name.chars().any(char::is_control) {
                let said = format!("1 to {LONGEST_NAME} characters that say who is told: chat.");
                wrong.push(FieldError::new("name", said));
            }
        }
        if change.events.is_some()
            && let Some(unknown) = after.events.iter().find(|event| Kind::of_key(event).is_none())
        {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.key()).collect();
            let said = format!("There is no event {unknown}. There are {}.", known.join(", "));
            wrong.push(FieldError::new("events", said));
        }
        if change.url.is_some()
            && let Err(said) = self.leads_outside(&after.url).await
        {
            wrong.push(FieldError::new("url", said));
        }
        if wrong.is_empty() { Ok(()) } else { Err(PortalError::invalid(wrong)) }
    }

    /// Looked at here so that it can be mended at once; before each delivery it is looked at again.
    async fn leads_outside(&self, text: &str) -> Result<(), String> {
        let inside = self.notices.allow_inside;
        let said = || "An address that begins with https://, as https://hooks.contoso.example/keystead.".to_owned();
        let url = Url::parse(text).map_err(|_| said())?;
        let scheme = url.scheme() == "https" || (inside && url.scheme() == "http");
        if !scheme || url.host().is_none() || text.len() > LONGEST_URL {
            return Err(said());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("An address without a name and a password in it: what is sent is signed.".to_owned());
        }
        reachable(&url, inside).await.map(drop).map_err(|delivery| delivery.why().to_owned())
    }

    pub(super) async fn another_secret(&self, caller: &Caller, id: &str) -> Answer<Made> {
        let (secret, now) = (new_secret(), self.clock.now());
        let sealed = self.sealed(&Webhook::bound(id), &secret).await?;
        let until = now.plus(OVERLAP);
        let rotate = async {
            let mut tx = self.store.begin().await?;
            let webhook = match self.hold_webhook(&mut tx, id).await? {
                Ok(held) => held,
                Err(refused) => return Ok(Err(refused)),
            };
            webhook::rotate(&mut tx, id, &sealed, until).await?;
            let entry = told(Act::WebhookSecretChanged, caller, &webhook, self);
            store::audit::append(&mut tx, &entry.with("former_secret_until", until.rfc3339())).await?;
            shows(id, &sealed);
            tx.commit().await?;
            Ok(Ok(domain::view::webhook::Row { former_secret_until: Some(until), ..webhook.shown(now) }))
        };
        let row = rotate.await.map_err(failed("changing a webhook's secret"))??;
        Ok(Made { secret: secret.expose_secret().to_owned(), row })
    }
}

/// As it is after this change.
pub(super) fn changed(before: &Webhook, change: &Change) -> Webhook {
    let mut after = before.clone();
    if let Some(name) = &change.name {
        name.trim().clone_into(&mut after.name);
    }
    if let Some(events) = &change.events {
        let events = events.iter().map(|event| event.trim()).filter(|event| !event.is_empty());
        after.events = events.map(str::to_owned).collect();
        after.events.sort_unstable();
        after.events.dedup();
    }
    if let Some(enabled) = change.enabled {
        after.enabled = enabled;
    }
    if let Some(url) = &change.url {
        url.trim().clone_into(&mut after.url);
    }
    after
}

/// As the Standard Webhooks specification writes one: 32 random bytes.
fn new_secret() -> SecretString {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    SecretString::from(format!("whsec_{}", STANDARD.encode(bytes)))
}

/// What of an address the record keeps: the rest may hold a key.
pub(super) fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

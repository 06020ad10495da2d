//! Webhooks of teams: subscribed, changed and removed by who looks after the team, each with its secrets and deliveries.

mod asked;

use super::error::failed;
use super::{Service, expected, permit};
use crate::store::webhook::{self, Webhook, delivery};
use crate::store::{self, Error, Tx, once};
use app::error::PortalError;
use app::portal::{Answer, Webhooks};
use async_trait::async_trait;
use domain::account::Caller;
use domain::audit::{Act, Actor, Entry, Subject as Done};
use domain::permission::{Action, Subject};
use domain::view::webhook::{Change, Deliveries, Delivery, Filter, List, Log, Made, New, Row};
use secrecy::ExposeSecret;

/// Rows of one page, where nothing is said, and at most.
const PAGE: u32 = 50;
const MOST: u32 = 200;

#[async_trait]
impl Webhooks for Service {
    async fn webhooks(&self, caller: &Caller, filter: &Filter) -> Answer<List> {
        let looked_after = self.teams_where(caller, Action::Webhooks);
        let teams = match filter.team.as_str() {
            "" => looked_after.clone(),
            team => vec![self.team_of(caller, team, Action::Webhooks)?],
        };
        if teams.is_empty() {
            // Why not, as the table says it of one of the caller's own.
            if let Some(team) = caller.account.teams.first() {
                permit(caller, Action::Webhooks, &Subject::of(team, None))?;
            }
        }
        let names: Vec<String> = teams.iter().map(ToString::to_string).collect();
        let limit = filter.limit.unwrap_or(PAGE).clamp(1, MOST);
        let found = webhook::list(&self.store, &names, &filter.after, i64::from(limit) + 1).await;
        let mut found = found.map_err(failed("listing webhooks"))?;
        let more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let now = self.clock.now();
        Ok(List {
            next: found.last().filter(|_| more).map(|last| last.id.clone()),
            rows: found.iter().map(|webhook| webhook.shown(now)).collect(),
            teams: self.titled(&looked_after),
        })
    }

    async fn webhook(&self, caller: &Caller, id: &str) -> Answer<Row> {
        Ok(self.seen_webhook(caller, id).await?.shown(self.clock.now()))
    }

    async fn create_webhook(&self, caller: &Caller, new: &New) -> Answer<Made> {
        if let Some(made) = self.made_before(caller).await? {
            return Ok(made);
        }
        self.subscribe(caller, new).await
    }

    async fn change_webhook(&self, caller: &Caller, id: &str, change: &Change) -> Answer<Row> {
        let before = self.seen_webhook(caller, id).await?;
        self.fits(&before, change).await?;
        let write = async {
            let mut tx = self.store.begin().await?;
            let after = match self.hold_webhook(&mut tx, id).await? {
                Ok(held) => asked::changed(&held, change),
                Err(refused) => return Ok(Err(refused)),
            };
            webhook::change(&mut tx, &after).await?;
            let entry = told(Act::WebhookChanged, caller, &after, self)
                .with("host", asked::host(&after.url))
                .with("events", after.events.join(" "))
                .with("on", after.enabled);
            store::audit::append(&mut tx, &entry).await?;
            tx.commit().await?;
            Ok(Ok(after.shown(self.clock.now())))
        };
        write.await.map_err(failed("changing a webhook"))?
    }

    async fn remove_webhook(&self, caller: &Caller, id: &str) -> Answer<Row> {
        self.seen_webhook(caller, id).await?;
        let remove = async {
            let mut tx = self.store.begin().await?;
            let webhook = match self.hold_webhook(&mut tx, id).await? {
                Ok(held) => held,
                Err(refused) => return Ok(Err(refused)),
            };
            webhook::remove(&mut tx, id).await?;
            store::audit::append(&mut tx, &told(Act::WebhookRemoved, caller, &webhook, self)).await?;
            tx.commit().await?;
            Ok(Ok(webhook.shown(self.clock.now())))
        };
        remove.await.map_err(failed("removing a webhook"))?
    }

    async fn rotate_secret(&self, caller: &Caller, id: &str) -> Answer<Made> {
        self.seen_webhook(caller, id).await?;
        if let Some(made) = self.made_before(caller).await? {
            return Ok(made);
        }
        self.another_secret(caller, id).await
    }

    async fn test_webhook(&self, caller: &Caller, id: &str) -> Answer<Delivery> {
        let webhook = self.seen_webhook(caller, id).await?;
        if let Some(ping) = once::done::<String>() {
            return self.delivery(id, &ping).await;
        }
        if !webhook.enabled {
            return Err(PortalError::conflict("It is switched off: switch it on, then try it out."));
        }
        let entry = told(Act::WebhookDelivered, caller, &webhook, self).with("event", delivery::PING);
        let now = self.clock.now();
        let ping = async {
            let mut tx = self.store.begin().await?;
            let ping = delivery::ping(&mut tx, id, now).await?;
            store::audit::append(&mut tx, &entry).await?;
            once::made(&ping);
            tx.commit().await?;
            Ok::<_, Error>(ping)
        };
        let ping = ping.await.map_err(failed("trying a webhook out"))?;
        self.delivery(id, &ping).await
    }

    async fn deliveries(&self, caller: &Caller, id: &str, page: &Deliveries) -> Answer<Log> {
        self.seen_webhook(caller, id).await?;
        let limit = page.limit.unwrap_or(PAGE).clamp(1, MOST);
        let found = delivery::of(&self.store, id, &page.after, i64::from(limit) + 1).await;
        let mut rows = found.map_err(failed("listing deliveries"))?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        Ok(Log { next: rows.last().filter(|_| more).map(|last| last.id.clone()), rows })
    }

    async fn redeliver(&self, caller: &Caller, id: &str, delivery: &str) -> Answer<Delivery> {
        let webhook = self.seen_webhook(caller, id).await?;
        let former = self.delivery(id, delivery).await?;
        if once::done::<()>().is_some() {
            return Ok(former);
        }
        let entry = told(Act::WebhookDelivered, caller, &webhook, self)
            .with("event", former.event.as_str())
            .with("delivery", delivery);
        let again = async {
            let mut tx = self.store.begin().await?;
            let begun = delivery::again(&mut tx, id, delivery, self.clock.now()).await?;
            if begun {
                store::audit::append(&mut tx, &entry).await?;
                once::made(&());
                tx.commit().await?;
            }
            Ok::<_, Error>(begun)
        };
        match again.await.map_err(failed("sending a delivery again"))? {
            true => self.delivery(id, delivery).await,
            false => Err(PortalError::conflict("It is on its way already: its row says when it is tried next.")),
        }
    }
}

impl Service {
    /// One of a team that the caller looks after; everything else is not there.
    async fn seen_webhook(&self, caller: &Caller, id: &str) -> Answer<Webhook> {
        let found = webhook::find(&self.store, id).await.map_err(failed("reading a webhook"))?;
        let webhook = found.ok_or_else(PortalError::not_found)?;
        permit(caller, Action::Webhooks, &Subject::of(&webhook.team, None))?;
        Ok(webhook)
    }

    /// From here to the commit nobody else changes it; refused where it is gone, or another one by now than the change is
    /// meant for.
    async fn hold_webhook(&self, tx: &mut Tx, id: &str) -> Result<Answer<Webhook>, Error> {
        let Some(held) = webhook::hold(tx, id).await? else { return Ok(Err(PortalError::not_found())) };
        let fits = expected::hold("webhooks", || held.shown(self.clock.now()));
        Ok(fits.map(|()| held))
    }

    /// With its secret, where an answer that showed it was lost.
    async fn made_before(&self, caller: &Caller) -> Answer<Option<Made>> {
        let Some((id, secret)) = self.shown_before(Webhook::bound).await? else { return Ok(None) };
        let row = self.seen_webhook(caller, &id).await?.shown(self.clock.now());
        Ok(Some(Made { secret: secret.expose_secret().to_owned(), row }))
    }

    async fn delivery(&self, webhook: &str, id: &str) -> Answer<Delivery> {
        let found = delivery::find(&self.store, webhook, id).await.map_err(failed("reading a delivery"))?;
        found.ok_or_else(PortalError::not_found)
    }
}

fn told(act: Act, caller: &Caller, webhook: &Webhook, service: &Service) -> Entry {
    let done = Done::webhook(&webhook.id, &webhook.name);
    Entry::new(service.clock.now(), act, Actor::of(caller), done).of_team(&webhook.team)
}

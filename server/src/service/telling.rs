//! Whom to tell: those who can decide on what is asked, and those whom it is about; each looked up once, after the fact.

use super::Service;
use super::deciders::{Deciders, Waits};
use crate::notices::TELL;
use crate::store::notice::telling::{Channel, Recipient};
use crate::store::notice::{self, Kept, telling, unwanted};
use crate::store::request::Request;
use crate::store::{self, Error};
use crate::timers::{Next, Timer};
use async_trait::async_trait;
use domain::Moment;
use domain::account::{Account, Caller};
use domain::approval::has_answered;
use domain::notice::{About, Kind, Notice, address};
use domain::permission::{Action, Subject, may};
use domain::request::State;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How often the timer looks for what happened, in milliseconds.
const EVERY: i64 = 5_000;
/// Events of one look.
const BATCH: i64 = 100;

/// Finds out whom to tell of what has happened, at one server at a time.
pub struct NoticeTell(pub Arc<Service>);

#[async_trait]
impl Timer for NoticeTell {
    fn kind(&self) -> &'static str {
        TELL
    }

    async fn ring(&self, _subject: &str, now: Moment) -> Result<Next, String> {
        self.0.tell_all(now).await.map_err(|error| error.to_string())?;
        Ok(Next::Again(now.plus(EVERY)))
    }
}

impl Service {
    /// Tells of everything that is committed by now.
    pub async fn tell_all(&self, now: Moment) -> Result<(), Error> {
        loop {
            let untold = notice::untold(&self.store, BATCH).await?;
            let many = untold.len();
            if many > 0 {
                // As it stands now: who was made a manager a moment ago is told too.
                self.deciders.forget();
            }
            for kept in untold {
                self.tell(&kept, now).await?;
            }
            if i64::try_from(many).unwrap_or(BATCH) < BATCH {
                return Ok(());
            }
        }
    }

    async fn tell(&self, kept: &Kept, now: Moment) -> Result<(), Error> {
        let happened = &kept.notice;
        let mut recipients = Vec::new();
        for name in self.told_of(happened).await? {
            recipients.push(Recipient { channel: Channel::List, name: name.clone(), address: String::new() });
            if let Some(address) = self.mailed(&name, happened.kind).await? {
                recipients.push(Recipient { channel: Channel::Mail, name, address });
            }
        }
        let hooks = self.webhooks.iter().filter(|hook| hook.wants(happened.kind, happened.team.as_ref()));
        recipients.extend(hooks.map(|hook| Recipient {
            channel: Channel::Webhook,
            name: hook.name.clone(),
            address: String::new(),
        }));
        let subscribed = match &happened.team {
            Some(team) => store::webhook::of_team(&self.store, team).await?,
            None => Vec::new(),
        };
        let mut tx = self.store.begin().await?;
        if !notice::told(&mut tx, &kept.id, now).await? {
            return Ok(());
        }
        for recipient in &recipients {
            telling::add(&mut tx, kept, recipient, now).await?;
        }
        for webhook in subscribed.iter().filter(|webhook| webhook.wants(happened.kind.key())) {
            store::webhook::delivery::add(&mut tx, &webhook.id, kept, now).await?;
        }
        tx.commit().await
    }

    /// Account names; nobody is told of what they did themselves, and nobody of what they may not see.
    async fn told_of(&self, happened: &Notice) -> Result<BTreeSet<String>, Error> {
        let deciders = self.deciders().await.map_err(|error| Error::Database(error.to_string()))?;
        let mut names = BTreeSet::new();
        for name in &happened.people {
            let account = store::account::named(&self.store, name).await?;
            let known = match (&account, &happened.team) {
                (Some(account), Some(team)) => {
                    may(&asks(account.clone()), Action::See, &Subject::of(team, None)).allowed()
                }
                // Whoever decides on something may stand in for others, also before the first sign-in.
                _ => happened.kind == Kind::HandedOver && deciders.is_one(name),
            };
            if known {
                names.insert(name.clone());
            }
        }
        if let About::Request(id) = &happened.about
            && happened.kind.asks()
            && let Some(request) = store::request::find(&self.store, id).await?
            && asks_still(&request, happened)
        {
            names.extend(self.can_decide(&request, &deciders).await?);
        }
        if let Some(by) = &happened.facts.by {
            names.remove(by);
        }
        Ok(names)
    }

    /// Everybody who can decide on it now: by their own right, or for somebody who has handed over.
    async fn can_decide(&self, request: &Request, deciders: &Deciders) -> Result<Vec<String>, Error> {
        let record = store::record::of(&self.store, &request.id).await?;
        let answered = |name: &str| has_answered(&record, request.round, name);
        let mut names = deciders.names();
        names.extend(deciders.handed.iter().map(|handed| handed.to.clone()));
        let mut can = Vec::new();
        for name in names {
            let allowed = match store::account::named(&self.store, &name).await? {
                Some(account) => {
                    let caller = asks(account);
                    may(&caller, Action::Decide, &deciders.asked(&caller, request.into(), answered).subject).allowed()
                }
                None => deciders.decides_unseen(&name, &Waits::from(request), answered),
            };
            if allowed {
                can.push(name);
            }
        }
        Ok(can)
    }

    /// The address for mail of this kind to this person, where they want it and there is a way.
    async fn mailed(&self, name: &str, kind: Kind) -> Result<Option<String>, Error> {
        if !self.mails {
            return Ok(None);
        }
        if let Some(account) = store::account::named(&self.store, name).await?
            && unwanted::of(&self.store, &account.id).await?.contains(&kind)
        {
            return Ok(None);
        }
        Ok(address(name, store::account::email(&self.store, name).await?.as_deref()))
    }
}

/// The one who would ask, as the role table judges them.
fn asks(account: Account) -> Caller {
    Caller::person(account, None)
}

/// Whether it still waits for whom this asks: whoever is asked meanwhile is told by an event of their own.
fn asks_still(request: &Request, happened: &Notice) -> bool {
    request.state == State::Waiting && request.level == happened.facts.level && request.round == happened.facts.round
}

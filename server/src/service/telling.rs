//! Whom to tell: those who can decide on what is asked, and those whom it is about; each looked up once, after the fact.

use super::Service;
use super::deciders::{Deciders, Waits};
use crate::notices::TELL;
use crate::store::notice::reached::{self, Reached};
use crate::store::notice::telling::{Channel, Recipient};
use crate::store::notice::{self, Kept, telling};
use crate::store::request::Request;
use crate::store::{self, Error};
use crate::timers::{Next, Timer};
use async_trait::async_trait;
use domain::Moment;
use domain::account::{Account, Caller};
use domain::approval::{Entry, has_answered};
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
        for (name, mailed) in self.told_of(happened).await? {
            if let Some(address) = mailed {
                recipients.push(Recipient { channel: Channel::Mail, name: name.clone(), address });
            }
            recipients.push(Recipient { channel: Channel::List, name, address: String::new() });
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
        let mut tx = self.store.join().await?;
        if !notice::told(&mut tx, &kept.id, now).await? {
            return Ok(());
        }
        telling::add(&mut tx, kept, &recipients, now).await?;
        let subscribed = subscribed.iter().filter(|webhook| webhook.wants(happened.kind.key()));
        let subscribed: Vec<&str> = subscribed.map(|webhook| webhook.id.as_str()).collect();
        store::webhook::delivery::add(&mut tx, &subscribed, kept, now).await?;
        tx.commit().await
    }

    /// Account names, each with the address for mail where there is one; nobody is told of what they did themselves, and
    /// nobody of what they may not see. All who may be told are looked up at once.
    async fn told_of(&self, happened: &Notice) -> Result<Vec<(String, Option<String>)>, Error> {
        let deciders = self.deciders().await.map_err(|error| Error::Database(error.to_string()))?;
        let asks = match &happened.about {
            About::Request(id) if happened.kind.asks() => store::request::find(&self.store, id).await?,
            _ => None,
        };
        let asks = asks.filter(|request| asks_still(request, happened));
        let mut perhaps: BTreeSet<String> = happened.people.iter().cloned().collect();
        if asks.is_some() {
            perhaps.extend(deciders.names());
            perhaps.extend(deciders.handed.iter().map(|handed| handed.to.clone()));
        }
        let reached = reached::by_name(&self.store, &perhaps, happened.kind).await?;
        let mut names: BTreeSet<&String> =
            happened.people.iter().filter(|name| known(happened, reached.get(*name), &deciders, name)).collect();
        if let Some(request) = &asks {
            let record = store::record::of(&self.store, &request.id).await?;
            names.extend(
                perhaps.iter().filter(|name| can_decide(request, &record, reached.get(*name), &deciders, name)),
            );
        }
        let told = names.into_iter().filter(|name| happened.facts.by.as_ref() != Some(*name));
        Ok(told.map(|name| (name.clone(), self.mailed(name, reached.get(name)))).collect())
    }

    /// The address for mail to this person, where they want it and there is a way.
    fn mailed(&self, name: &str, reached: Option<&Reached>) -> Option<String> {
        if !self.mails || reached.is_some_and(|reached| reached.unwanted) {
            return None;
        }
        address(name, reached.and_then(|reached| reached.email.as_deref()))
    }
}

/// Whether somebody whom it is about may see it.
fn known(happened: &Notice, reached: Option<&Reached>, deciders: &Deciders, name: &str) -> bool {
    match (reached, &happened.team) {
        (Some(reached), Some(team)) => may(&asks(&reached.account), Action::See, &Subject::of(team, None)).allowed(),
        // Whoever decides on something may stand in for others, also before the first sign-in.
        _ => happened.kind == Kind::HandedOver && deciders.is_one(name),
    }
}

/// Whether somebody can decide on it now: by their own right, or for somebody who has handed over.
fn can_decide(request: &Request, record: &[Entry], reached: Option<&Reached>, deciders: &Deciders, name: &str) -> bool {
    let answered = |name: &str| has_answered(record, request.round, name);
    match reached {
        Some(reached) => {
            let caller = asks(&reached.account);
            may(&caller, Action::Decide, &deciders.asked(&caller, request.into(), answered).subject).allowed()
        }
        None => deciders.decides_unseen(name, &Waits::from(request), answered),
    }
}

/// The one who would ask, as the role table judges them.
fn asks(account: &Account) -> Caller {
    Caller::person(account.clone(), None)
}

/// Whether it still waits for whom this asks: whoever is asked meanwhile is told by an event of their own.
fn asks_still(request: &Request, happened: &Notice) -> bool {
    request.state == State::Waiting && request.level == happened.facts.level && request.round == happened.facts.round
}

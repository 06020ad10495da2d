//! How what is told leaves: a courier with a way for mail and one for webhooks, and the timer that sends what is due.

pub mod inside;
mod mail;
mod sending;
mod subscribed;
pub(crate) mod webhook;

use crate::config::Config;
use crate::store::notice::Kept;
use crate::store::notice::telling::{Channel, Due};
use crate::store::{Error, Store, timer};
use app::routes;
use domain::Moment;
use domain::notice::{Letter, Notice};
use domain::team::Team;
use mail::Mailer;
use url::Url;
use webhook::Hook;

pub use sending::NoticeSend;
pub use subscribed::{SUBSCRIBED, WebhookSend};

/// Kind of the timer that sends; there is one, without a subject.
pub const SEND: &str = "notice-send";
/// Kind of the timer that finds out whom to tell.
pub const TELL: &str = "notice-tell";
/// Kind of the timer that reminds, and tells of what ends.
pub const REMIND: &str = "notice-remind";

/// Sets the timers, where no server has yet.
pub async fn begin(store: &Store, now: Moment) -> Result<(), Error> {
    for kind in [TELL, SEND, REMIND, SUBSCRIBED] {
        timer::set_once(store, kind, "", now).await?;
    }
    Ok(())
}

/// How a delivery came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Sent,
    /// Another time, perhaps.
    Later(String),
    /// Nor will anything else get through on this way now.
    Unreachable(String),
    /// It will not be taken, however often it is sent.
    Never(String),
}

impl Delivery {
    /// What stood in the way.
    pub(crate) fn why(&self) -> &str {
        match self {
            Delivery::Sent => "",
            Delivery::Later(why) | Delivery::Unreachable(why) | Delivery::Never(why) => why,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("preparing to tell people: {0}")]
pub struct CourierError(String);

/// Carries what is told out of the house.
pub struct Courier {
    mail: Option<Mailer>,
    hooks: Vec<Hook>,
    public: Url,
    teams: Vec<Team>,
}

impl Courier {
    /// `public` is the address that people type, from which links are made.
    pub fn new(config: &Config, public: &Url) -> Result<Courier, CourierError> {
        Ok(Courier {
            mail: config.mail.as_ref().map(Mailer::new).transpose().map_err(CourierError)?,
            hooks: config.webhooks.iter().filter_map(Hook::new).collect(),
            public: public.clone(),
            teams: config.teams.iter().map(|team| team.team()).collect(),
        })
    }

    /// Once; a repeat bears the same id.
    pub async fn deliver(&self, due: &Due, now: Moment) -> Delivery {
        let notice = &due.notice.notice;
        match due.to.channel {
            Channel::List => Delivery::Sent,
            Channel::Mail => match &self.mail {
                Some(mail) => mail.send(due, self.letter(notice)).await,
                None => Delivery::Never("No mail server is configured.".to_owned()),
            },
            Channel::Webhook => match self.hooks.iter().find(|hook| hook.name() == due.to.name) {
                Some(hook) => hook.send(due, &self.link(notice), now).await,
                None => Delivery::Never("No webhook of this name is configured.".to_owned()),
            },
        }
    }

    /// An event as webhooks are told it.
    fn event(&self, kept: &Kept) -> serde_json::Value {
        webhook::body(&kept.notice, &kept.id, &self.link(&kept.notice))
    }

    fn letter(&self, notice: &Notice) -> Letter {
        let known = notice.team.as_ref().map(|name| self.teams.iter().find(|team| team.name == *name));
        let team = match (&notice.team, known.flatten()) {
            (_, Some(team)) => team.title.clone(),
            (Some(name), None) => name.to_string(),
            (None, None) => String::new(),
        };
        notice.letter(&team, &self.link(notice))
    }

    /// The page, which decides nothing by being opened.
    fn link(&self, notice: &Notice) -> String {
        format!("{}{}", self.public.as_str().trim_end_matches('/'), routes::about(&notice.about))
    }
}

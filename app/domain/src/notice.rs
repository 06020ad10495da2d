//! What people are told of: the kinds of events, what each is about, and what is known of it when it happens.

mod letter;

use crate::id::{JobId, RequestId};
use crate::moment::Moment;
use crate::name::TeamName;
use serde::{Deserialize, Serialize};

pub use letter::Letter;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $word:literal;)+) => {
        /// A kind of event that somebody is told of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Kind { $($(#[$doc])* #[serde(rename = $key)] $name,)+ }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)+];

            /// As the database, the configuration and webhooks write it.
            pub fn key(self) -> &'static str {
                match self { $(Kind::$name => $key,)+ }
            }

            /// As somebody chooses it.
            pub fn word(self) -> &'static str {
                match self { $(Kind::$name => $word,)+ }
            }
        }
    };
}

kinds! {
    /// To those who can decide on the level that is asked now, and to whom they have handed over.
    Waits = "request.waits", "A request waits for my decision";
    /// The same, once more after a while.
    Reminder = "request.reminder", "A request still waits for my decision";
    /// To those who are asked in place of others who did not answer.
    Escalated = "request.escalated", "A request that nobody answered comes to me";
    /// To those who are asked anew, and to the one who asked.
    Lapsed = "request.lapsed", "A plan has become another one and is asked about anew";
    /// To the one who asked.
    Decided = "request.decided", "My request is decided, or has expired";
    /// To the one to whom it was handed over.
    HandedOver = "approvals.handed_over", "Somebody hands approvals over to me";
    /// To the one who asked for the job, and to the owner of the environment.
    Stopped = "job.stopped", "A job of mine stopped and needs a person";
    /// The same.
    Cancelled = "job.cancelled", "A job of mine was cancelled by somebody else";
    /// The same.
    Finished = "job.finished", "An environment of mine is ready, changed or gone";
    /// To the owner.
    Expires = "environment.expires", "An environment of mine is about to reach its end";
    /// The same.
    Drifted = "environment.drifted", "An environment of mine is not as it was approved";
}

impl Kind {
    pub fn of_key(key: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.key() == key)
    }

    /// Whether those who can decide on its request are told.
    pub fn asks(self) -> bool {
        matches!(self, Kind::Waits | Kind::Reminder | Kind::Escalated | Kind::Lapsed)
    }
}

/// Where it can be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    Request(RequestId),
    Job(JobId),
    /// By name.
    Environment(String),
    /// The inbox of those who decide.
    Approvals,
}

impl About {
    /// A word for what it is, and which one.
    pub fn key(&self) -> (&'static str, &str) {
        match self {
            About::Request(id) => ("request", id.as_str()),
            About::Job(id) => ("job", id.as_str()),
            About::Environment(name) => ("environment", name),
            About::Approvals => ("approvals", ""),
        }
    }
}

/// An event with what was known when it happened; never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub kind: Kind,
    pub at: Moment,
    pub about: About,
    pub team: Option<TeamName>,
    pub environment: Option<String>,
    /// Account names of those who are told whatever they can decide, where they may see it.
    pub people: Vec<String>,
    #[serde(flatten)]
    pub facts: Facts,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// "Create checkout-loadtest".
    pub title: String,
    /// Account name of whose doing it is; they are not told of it themselves.
    pub by: Option<String>,
    /// Account name of the one who asked.
    pub requester: Option<String>,
    /// What it has come to: "approved", "is ready".
    pub outcome: String,
    /// "+€145.42 a month", where an estimate stands with it.
    pub cost: Option<String>,
    /// The cost centre of the team, where it has one.
    pub cost_centre: Option<String>,
    /// Sentences of the plan that deny, warn or ask for more.
    pub findings: usize,
    /// Why it was asked for.
    pub reason: String,
    /// A comment, what has changed, or why it stopped; a line each.
    pub said: String,
    /// Until when it waits, stands or is handed over.
    pub until: Option<Moment>,
    /// Of a request: the level and the round that it asks on.
    pub level: u32,
    pub round: u32,
}

/// Where somebody of this account name gets mail: as the directory says, or by the name itself where that is an address.
pub fn address(name: &str, email: Option<&str>) -> Option<String> {
    let fits = |text: &str| {
        let parts = text.split_once('@');
        let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
        plain && text.len() <= 254 && parts.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty())
    };
    email.into_iter().chain([name]).map(str::trim).find(|text| fits(text)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_found_by_its_key_which_webhooks_can_bear() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_key(kind.key()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.key().into()));
            let plain = |part: &str| part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            assert!(kind.key().split('.').all(plain), "{}", kind.key());
        }
    }

    #[test]
    fn somebody_who_never_signed_in_is_reached_by_the_account_name() {
        let manager = "manager@contoso.example";
        assert_eq!(address(manager, None).as_deref(), Some(manager));
        assert_eq!(address(manager, Some("m@mail.example")).as_deref(), Some("m@mail.example"));
        assert_eq!(address(manager, Some("a, b@c")).as_deref(), Some(manager));
        for none in ["manager", "", "@x", "a@", "a@b\r\nBcc: c@d", "<a@b>"] {
            assert_eq!(address(none, None), None, "{none}");
        }
    }
}

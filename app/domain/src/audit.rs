//! What the record keeps of a deed: who did it, on whose behalf, what, when, from where, and over which plan.

pub mod chain;

use crate::account::{self, AccountId, Caller};
use crate::id::{EnvironmentId, JobId, RequestId};
use crate::moment::Moment;
use crate::name::{PolicyName, TeamName};
use serde_json::{Map, Value, json};

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $word:literal;)+) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Act { $($(#[$doc])* $name,)+ }

        impl Act {
            pub const ALL: &'static [Act] = &[$(Act::$name,)+];

            /// As the record and its exports write it.
            pub fn key(self) -> &'static str {
                match self { $(Act::$name => $key,)+ }
            }

            /// As a page says it.
            pub fn word(self) -> &'static str {
                match self { $(Act::$name => $word,)+ }
            }
        }
    };
}

acts! {
    SignedIn = "sign-in", "Signed in";
    SignedOut = "sign-out", "Signed out";
    SessionEnded = "session-ended", "Session ended from elsewhere";
    TokenCreated = "token-created", "Token created";
    TokenFirstUsed = "token-first-used", "Token used first";
    TokenRevoked = "token-revoked", "Token revoked";
    /// A program that shows a token of an issuer, which Keystead never keeps.
    ProgramKnown = "program-known", "Program came first";
    RequestSent = "request-sent", "Request sent";
    /// One of the approvals that a request needs, not the last.
    LevelApproved = "level-approved", "Approved on a level";
    RequestApproved = "request-approved", "Request approved";
    RequestRejected = "request-rejected", "Request rejected";
    RequestReturned = "request-returned", "Changes asked for";
    RequestCommented = "request-commented", "Request commented";
    RequestLapsed = "request-lapsed", "Approvals lapsed";
    RequestEscalated = "request-escalated", "Request escalated";
    ApprovalsHandedOver = "approvals-handed-over", "Approvals handed over";
    ApprovalsTakenBack = "approvals-taken-back", "Approvals taken back";
    RequestWithdrawn = "request-withdrawn", "Request withdrawn";
    RequestExpired = "request-expired", "Request expired";
    JobCancelled = "job-cancelled", "Job cancelled";
    JobRetried = "job-retried", "Job retried";
    JobRolledBack = "job-rolled-back", "Job rolled back";
    JobTakenOver = "job-taken-over", "Job taken over";
    /// A stopped job's plan was sent back to its approver.
    JobMended = "job-mended", "Job mended";
    ChecksAsked = "checks-asked", "Checks asked for";
    LookAsked = "look-asked", "Look asked for";
    PersonLeft = "person-left", "Marked as having left";
    PersonReturned = "person-returned", "Marked as being back";
    /// What somebody has left behind has another owner.
    EnvironmentTakenOn = "environment-taken-on", "Environment taken over";
    EnvironmentReleased = "environment-released", "Environment released";
    /// By hand, before the vault is asked to take it; what came of it is an entry of its own.
    SecretAsked = "secret-asked", "Secret asked to be set";
    SecretsWritten = "secrets-written", "Secrets written";
    SecretsRemoved = "secrets-removed", "Secrets removed";
    RoleAssigned = "role-assigned", "Role assigned";
    RoleRemoved = "role-removed", "Role removed";
    /// Or a trust in one: who may act as somebody.
    IdentityMade = "identity-made", "Identity made";
    IdentityRemoved = "identity-removed", "Identity removed";
    /// What Azure would keep of something, removed for good.
    Purged = "purged", "Purged for good";
    SealKeyChanged = "seal-key-changed", "Sealing key changed";
    RecordExported = "record-exported", "Record exported";
    /// One that could not be delivered is sent again.
    NoticeRepeated = "notice-repeated", "Notice sent again";
    PolicyWritten = "policy-written", "Policy written";
    PolicySwitchedOn = "policy-switched-on", "Policy switched on";
    PolicySwitchedOff = "policy-switched-off", "Policy switched off";
    WebhookCreated = "webhook-created", "Webhook created";
    WebhookChanged = "webhook-changed", "Webhook changed";
    WebhookRemoved = "webhook-removed", "Webhook removed";
    /// A new secret signs; the one before goes on beside it for a day.
    WebhookSecretChanged = "webhook-secret-changed", "Webhook secret changed";
    /// One that had ended is sent again, or one is tried out.
    WebhookDelivered = "webhook-delivered", "Webhook delivery asked for";
}

impl Act {
    pub fn of_key(key: &str) -> Option<Act> {
        Act::ALL.iter().copied().find(|act| act.key() == key)
    }
}

/// How it came to Keystead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Browser,
    Token,
    /// Somebody at the machine's own command line.
    Command,
    /// Nobody asked at that moment: a job, a timer.
    Keystead,
}

impl Way {
    pub const ALL: [Way; 4] = [Way::Browser, Way::Token, Way::Command, Way::Keystead];

    pub fn key(self) -> &'static str {
        match self {
            Way::Browser => "browser",
            Way::Token => "token",
            Way::Command => "command",
            Way::Keystead => "keystead",
        }
    }

    pub fn of_key(key: &str) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.key() == key)
    }
}

impl From<account::Way> for Way {
    fn from(way: account::Way) -> Way {
        match way {
            account::Way::Browser => Way::Browser,
            account::Way::Token => Way::Token,
        }
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `None` where it was no account's doing.
    pub account: Option<AccountId>,
    pub name: String,
    pub way: Way,
    /// Account name of whoever wanted it, where that is somebody else.
    pub on_behalf_of: Option<String>,
    /// The address that the question came from, where there was one.
    pub from: Option<String>,
    /// Of a program: by which token, in words; written into what an entry says more.
    pub with: Option<String>,
}

impl Actor {
    pub fn of(caller: &Caller) -> Actor {
        Actor {
            account: Some(caller.account.id.clone()),
            name: caller.account.name.clone(),
            way: caller.way.into(),
            on_behalf_of: None,
            from: caller.from.clone(),
            with: caller.pass.as_ref().and_then(|pass| pass.words(&caller.account.name)),
        }
    }

    /// What happens by itself.
    pub fn keystead() -> Actor {
        Actor::nobody("Keystead", Way::Keystead)
    }

    /// Whoever may start the program on the machine.
    pub fn command() -> Actor {
        Actor::nobody("Command line", Way::Command)
    }

    fn nobody(name: &str, way: Way) -> Actor {
        Actor { account: None, name: name.to_owned(), way, on_behalf_of: None, from: None, with: None }
    }

    #[must_use]
    pub fn on_behalf_of(self, name: impl Into<String>) -> Actor {
        Actor { on_behalf_of: Some(name.into()), ..self }
    }
}

/// What it was done to: a word for its kind, its id and the name that people know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub kind: String,
    pub id: String,
    pub name: String,
}

impl Subject {
    fn new(kind: &str, id: &str, name: impl Into<String>) -> Subject {
        Subject { kind: kind.to_owned(), id: id.to_owned(), name: name.into() }
    }

    pub fn account(id: &AccountId, name: impl Into<String>) -> Subject {
        Subject::new("account", &id.0, name)
    }

    /// By the beginning of its hash: the token itself is known to nobody.
    pub fn token(hash: &str) -> Subject {
        let id = hash.get(..8).unwrap_or_default();
        Subject::new("token", id, format!("Token {id}"))
    }

    /// One that has a name.
    pub fn named_token(id: &str, name: &str) -> Subject {
        Subject::new("token", id, name)
    }

    pub fn webhook(id: &str, name: &str) -> Subject {
        Subject::new("webhook", id, name)
    }

    pub fn request(id: &RequestId, name: impl Into<String>) -> Subject {
        Subject::new("request", id.as_str(), name)
    }

    pub fn job(id: &JobId, name: impl Into<String>) -> Subject {
        Subject::new("job", id.as_str(), name)
    }

    pub fn environment(id: &EnvironmentId, name: impl Into<String>) -> Subject {
        Subject::new("environment", id.as_str(), name)
    }

    /// What a step of a job brought about on Azure.
    pub fn resource(job: &JobId, step: &str, name: impl Into<String>) -> Subject {
        Subject::new("resource", &format!("{job}/{step}"), name)
    }

    pub fn policy(name: &PolicyName, title: impl Into<String>) -> Subject {
        Subject::new("policy", name.as_str(), title)
    }

    pub fn installation(what: &str, name: impl Into<String>) -> Subject {
        Subject::new("installation", what, name)
    }
}

/// A deed, as it is handed to the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub at: Moment,
    pub act: Act,
    pub by: Actor,
    pub subject: Subject,
    /// Id and name of the environment that it is about.
    pub environment: Option<(EnvironmentId, String)>,
    pub team: Option<TeamName>,
    /// Of the plan that it rests on.
    pub digest: Option<String>,
    /// Whatever else there is to say; never a secret, a password or a token.
    pub detail: Map<String, Value>,
}

impl Entry {
    pub fn new(at: Moment, act: Act, by: Actor, subject: Subject) -> Entry {
        let token = by.with.clone().unwrap_or_default();
        let entry = Entry { at, act, by, subject, environment: None, team: None, digest: None, detail: Map::new() };
        entry.with("token", token)
    }

    #[must_use]
    pub fn about(mut self, id: &EnvironmentId, name: &str, team: &TeamName) -> Entry {
        self.environment = Some((id.clone(), name.to_owned()));
        self.team = Some(team.clone());
        self
    }

    /// Of a team's, and of no environment.
    #[must_use]
    pub fn of_team(mut self, team: &TeamName) -> Entry {
        self.team = Some(team.clone());
        self
    }

    #[must_use]
    pub fn over(mut self, digest: impl Into<String>) -> Entry {
        self.digest = Some(digest.into());
        self
    }

    /// Says more; an empty text says nothing.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Entry {
        let value = value.into();
        if value.as_str() != Some("") {
            self.detail.insert(key.to_owned(), value);
        }
        self
    }
}

/// An entry in the record, under an id that rises with time.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    pub id: String,
    pub entry: Entry,
    /// Where it stands in the chain; `None` until the sealer came by.
    pub link: Option<chain::Link>,
}

impl Recorded {
    /// What is chained and exported of it; [`chain::canonical`] makes the one text of it.
    pub fn document(&self) -> Value {
        let Entry { at, act, by, subject, environment, team, digest, detail } = &self.entry;
        json!({
            "id": self.id,
            "at": at.0,
            "time": at.rfc3339(),
            "act": act.key(),
            "by": {
                "account": by.account.as_ref().map(|account| account.0.as_str()),
                "name": by.name,
                "way": by.way.key(),
                "on_behalf_of": by.on_behalf_of,
                "from": by.from,
            },
            "subject": { "kind": subject.kind, "id": subject.id, "name": subject.name },
            "environment": environment.as_ref().map(|(id, name)| json!({ "id": id.as_str(), "name": name })),
            "team": team.as_ref().map(TeamName::as_str),
            "digest": digest,
            "detail": detail,
        })
    }
}

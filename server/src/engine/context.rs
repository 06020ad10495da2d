//! What a step is given to work with: whom it is about, the way to Azure, its secrets, its log lines and the time.

use super::step::{Step, StepError};
use crate::store::{self, Store};
use async_trait::async_trait;
use azure::roles::PrincipalType;
use azure::{Azure, Me, ResourceId};
use domain::Moment;
use domain::id::{EnvironmentId, JobId};
use domain::job::told::Said;
use domain::team::Team;
use domain::view::job::Tone;
use domain::wish::Wish;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// Facts about where Keystead itself runs, as its own token tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    pub tenant: String,
    pub subscription: String,
    /// Object id of the portal's own identity on Azure.
    pub identity: String,
    /// What that identity is: an application's, or a person's who is signed in to the command line.
    pub identity_kind: PrincipalType,
}

impl Installation {
    /// As the portal's own token tells it.
    pub fn of(me: &Me, subscription: &str) -> Installation {
        Installation {
            tenant: me.tenant_id.clone(),
            subscription: subscription.to_owned(),
            identity: me.object_id.clone(),
            identity_kind: me.kind,
        }
    }
}

/// Everything that a plan is a pure function of.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub wish: &'a Wish,
    pub team: &'a Team,
    pub environment: &'a EnvironmentId,
    pub installation: &'a Installation,
}

impl Subject<'_> {
    /// The tags of every resource that can bear them.
    pub fn tags(&self) -> Value {
        let mut tags = json!({
            "keystead-environment": self.wish.name,
            "keystead-environment-id": self.environment,
            "keystead-team": self.wish.team,
        });
        self.wish.tagged().iter().for_each(|(name, value)| tags[name] = json!(value));
        tags
    }
}

/// Opens what was sealed at submit.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// The database password of this job; `None` when it was deleted, so that a person must type it again.
    async fn password(&self) -> Result<Option<SecretString>, store::Error>;
    /// When it was sealed: what is written to the vault bears this as its set, so that a new password is seen to differ.
    async fn sealed_at(&self) -> Result<Option<Moment>, store::Error>;
}

/// Holds the plan that was approved against what stands now.
#[async_trait]
pub trait Approved: Send + Sync {
    /// What would be done otherwise than was approved, in sentences; empty where nothing.
    async fn differences(&self, cx: &Context<'_>) -> Result<Vec<String>, StepError>;
}

/// The history of the step's present attempt, which began when it was first run or last retried by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub began: Moment,
    /// How often it was tried again since.
    pub tries: u32,
    /// Since when it has been waiting without a break for the same thing: the measure of a step's patience.
    pub waiting_since: Option<Moment>,
}

/// Two reads a second are far below what Azure Resource Manager and Key Vault bear.
const SOONEST_LOOK: Duration = Duration::from_millis(500);
const LATEST_LOOK: Duration = Duration::from_secs(10);
/// How old an answer about the whole subscription may be.
const SHARED_BY_PLANS: Duration = Duration::from_secs(2);
const SHARED_BY_STEPS: Duration = Duration::from_secs(30);

/// What each verb of a step gets.
pub struct Context<'a> {
    pub subject: Subject<'a>,
    pub azure: &'a Azure,
    pub store: &'a Store,
    pub secrets: &'a dyn Secrets,
    /// `None` where nothing was approved yet: a plan in the making.
    pub approved: Option<&'a dyn Approved>,
    /// What an earlier job left of this step: its output.
    pub stood: Option<&'a Value>,
    /// Keys of the recipe's steps that this job removes.
    pub goes: &'a BTreeSet<String>,
    /// Whether what Azure would keep of this step's thing is purged with it.
    pub purge: bool,
    /// `None` where there is no job: a plan, or the checks run by hand.
    pub job: Option<&'a JobId>,
    pub attempt: Attempt,
    /// When the verb was called.
    pub now: Moment,
    /// Whether what this worker has just seen and written itself counts as a look ([`Context::get`]).
    pub(super) believes: bool,
    pub(super) lines: Lines,
}

impl<'a> Context<'a> {
    /// For a look without a job: nothing is written, nobody hears a line, no secret is known.
    pub fn looking(subject: Subject<'a>, azure: &'a Azure, store: &'a Store, now: Moment) -> Context<'a> {
        static NOTHING: BTreeSet<String> = BTreeSet::new();
        Context {
            subject,
            azure,
            store,
            secrets: &Unknown,
            approved: None,
            stood: None,
            goes: &NOTHING,
            purge: false,
            job: None,
            attempt: Attempt { began: now, tries: 0, waiting_since: None },
            now,
            believes: false,
            lines: Lines { step: "", to: None },
        }
    }

    /// The same over another wish: what stands is looked at as it was wished.
    pub fn over(&self, wish: &'a Wish) -> Context<'a> {
        Context { subject: Subject { wish, ..self.subject }, ..self.copy() }
    }

    /// The same for whoever has to see the world as it is now, whatever was seen a moment ago.
    pub(super) fn anew(&self) -> Context<'a> {
        Context { believes: false, ..self.copy() }
    }

    fn copy(&self) -> Context<'a> {
        let Context {
            subject,
            azure,
            store,
            secrets,
            approved,
            stood,
            goes,
            purge,
            job,
            attempt,
            now,
            believes,
            ref lines,
        } = *self;
        let lines = lines.clone();
        Context { subject, azure, store, secrets, approved, stood, goes, purge, job, attempt, now, believes, lines }
    }

    /// A resource of Azure's as it is. At a step's first try what this worker has just seen counts: that something was
    /// not there a moment ago, and that nothing lies yet in what the job itself has just made.
    pub async fn get(&self, id: &ResourceId) -> Result<Option<Value>, azure::Error> {
        match self.believes {
            true => self.azure.arm().lately(id).await,
            false => self.azure.arm().get(id).await,
        }
    }

    /// What is true of the whole subscription and of every job in it alike: a few seconds old where a plan is looked at,
    /// as the picture behind its findings is, half a minute where a step begins.
    pub async fn shared(&self, id: &ResourceId) -> Result<Arc<Option<Value>>, azure::Error> {
        let oldest = if self.believes { SHARED_BY_STEPS } else { SHARED_BY_PLANS };
        self.azure.arm().shared(id, oldest).await
    }

    /// Whether this job removes that step's thing too, so that what lies in it needs no removal of its own.
    pub fn goes_too<S: Step>(&self) -> bool {
        self.goes.contains(S::KEY)
    }

    /// The id that an earlier job noted of this step's thing.
    pub fn stood_id(&self) -> Option<&str> {
        self.stood.and_then(|stood| stood["id"].as_str())
    }

    /// Adds a line to the job's log, for people: no secret, no body.
    pub fn say(&self, tone: Tone, text: impl Into<String>) {
        self.lines.say(tone, text.into());
    }

    /// How long this attempt has been waiting without a break, in milliseconds.
    pub fn waited_ms(&self) -> i64 {
        self.attempt.waiting_since.map_or(0, |since| self.now.since(since))
    }

    /// How soon to look again at what comes by itself and says no time: a registration, a right on its way, a pod. It
    /// grows with the wait, so that no wait is overrun by much more than a tenth of itself, however long it takes.
    pub fn next_look(&self) -> Duration {
        Duration::from_millis(self.waited_ms().unsigned_abs() / 10).clamp(SOONEST_LOOK, LATEST_LOOK)
    }
}

/// Nothing is sealed where there is no job.
struct Unknown;

#[async_trait]
impl Secrets for Unknown {
    async fn password(&self) -> Result<Option<SecretString>, store::Error> {
        Ok(None)
    }

    async fn sealed_at(&self) -> Result<Option<Moment>, store::Error> {
        Ok(None)
    }
}

/// Where a step's lines go; the task that owns the log writes them.
#[derive(Clone)]
pub(super) struct Lines {
    pub(super) step: &'static str,
    /// `None` where nobody listens: a plan.
    pub(super) to: Option<UnboundedSender<Said>>,
}

impl Lines {
    fn say(&self, tone: Tone, text: String) {
        if let Some(to) = &self.to {
            // Nobody takes it any more when the lease is lost; then another worker writes this job's lines.
            let _ = to.send(Said { step: self.step.to_owned(), tone, text });
        }
    }
}

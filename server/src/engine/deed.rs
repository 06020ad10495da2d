//! Carries out one deed: calls the verbs of one step, and says what the log is to hear of it.

use super::Engine;
use super::context::{Approved, Attempt, Context, Lines, Secrets, Subject};
use super::erased::{AnyStep, Verdict};
use super::needs::Ledger;
use super::step::{Progress, StepError, Undo};
use crate::store::{self, job::Job, request, sealed};
use async_trait::async_trait;
use azure::Azure;
use domain::Moment;
use domain::failure::Failure;
use domain::job::told::Said;
use domain::job::{Deed, Event, Outline, Verb};
use domain::team::Team;
use domain::view::job::Tone;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// A verb asks and answers; whoever needs longer has an operation to follow.
const LONGEST: Duration = Duration::from_secs(120);

/// Everything that a deed needs, owned, since it runs in a task of its own.
pub(super) struct Work {
    pub(super) engine: Arc<Engine>,
    /// Remembers what this worker has just seen of the job's things.
    pub(super) azure: Azure,
    pub(super) job: Arc<Job>,
    pub(super) team: Team,
    pub(super) step: Arc<dyn AnyStep>,
    /// The step as this job has it.
    pub(super) outline: Outline,
    /// Keys of the recipe's steps that this job removes.
    pub(super) goes: BTreeSet<String>,
    pub(super) verb: Verb,
    /// Null where there is none.
    pub(super) operation: Value,
    pub(super) ledger: Ledger,
    pub(super) attempt: Attempt,
    pub(super) said: UnboundedSender<Said>,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Built(Result<Progress<Value>, StepError>),
    Settled(Result<Verdict, StepError>),
    Undone(Result<Undo, StepError>),
    /// The lease ended first: nobody may write anything of it.
    Lapsed,
}

pub(super) async fn carry_out(work: Work) -> Outcome {
    let building = matches!(work.verb, Verb::Run | Verb::Follow | Verb::Settle);
    match tokio::time::timeout(LONGEST, in_time(&work)).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let late = StepError::later(format!("no answer within {} s", LONGEST.as_secs()));
            if building { Outcome::Built(Err(late)) } else { Outcome::Undone(Err(late)) }
        }
    }
}

async fn in_time(work: &Work) -> Outcome {
    let installation = match work.engine.installation().await {
        Ok(installation) => installation,
        Err(error) if matches!(work.verb, Verb::Undo | Verb::FollowUndo) => return Outcome::Undone(Err(error)),
        Err(error) => return Outcome::Built(Err(error)),
    };
    let secrets = Opener { engine: &work.engine, job: &work.job };
    let approved = Approval { engine: &work.engine, job: &work.job };
    let cx = Context {
        subject: Subject {
            wish: work.job.wish_of(&work.outline),
            team: &work.team,
            environment: &work.job.environment,
            installation: &installation,
        },
        azure: &work.azure,
        store: &work.engine.store,
        secrets: &secrets,
        approved: Some(&approved),
        stood: work.outline.stood.as_ref(),
        goes: &work.goes,
        purge: work.outline.purge,
        job: Some(&work.job.id),
        attempt: work.attempt,
        now: work.engine.clock.now(),
        // Whoever tries again has reason to look again.
        believes: work.verb == Verb::Run && work.attempt.tries == 0 && work.attempt.waiting_since.is_none(),
        lines: Lines { step: work.step.key(), to: Some(work.said.clone()) },
    };
    match work.verb {
        Verb::Run => Outcome::Built(run(work, &cx).await),
        Verb::Follow => Outcome::Built(work.step.follow(&cx, &work.ledger, &work.operation).await),
        Verb::Settle => Outcome::Settled(work.step.look(&cx, &work.ledger).await),
        Verb::Undo => Outcome::Undone(work.step.undo(&cx, &work.ledger).await),
        Verb::FollowUndo => Outcome::Undone(work.step.follow_undo(&cx, &work.ledger, &work.operation).await),
    }
}

/// Looks first, so that what an earlier try or a lost worker has made is kept and not made again.
async fn run(work: &Work, cx: &Context<'_>) -> Result<Progress<Value>, StepError> {
    match work.step.look(cx, &work.ledger).await? {
        Verdict::AsWanted(output) => Ok(Progress::Made(output)),
        Verdict::Moving { operation, after } => Ok(Progress::Asked { operation, after }),
        Verdict::Absent => work.step.run(cx, &work.ledger).await,
        Verdict::Differs { differences, .. } => {
            let fields: Vec<&str> = differences.iter().map(|difference| difference.field.as_str()).collect();
            cx.say(Tone::Plain, format!("there already, but not as wanted in {}", fields.join(", ")));
            work.step.run(cx, &work.ledger).await
        }
    }
}

impl Outcome {
    /// A step that panicked.
    pub(super) fn broke(error: &tokio::task::JoinError) -> Outcome {
        tracing::error!(%error, "a step broke");
        let failure = Failure {
            title: "Keystead itself broke in this step".to_owned(),
            quote: None,
            cause: "A fault in Keystead; its own log holds the details.".to_owned(),
            remedy: "Retry; if it happens again, tell those who run Keystead.".to_owned(),
            mend: None,
        };
        Outcome::Built(Err(StepError::Fail { failure }))
    }

    /// What the log is to hear, `tries` being how often the step was tried again before.
    pub(super) fn event(&self, deed: &Deed, tries: u32, now: Moment) -> Event {
        let step = deed.step.clone();
        let later = |after: Duration| now.plus(i64::try_from(after.as_millis()).unwrap_or(i64::MAX));
        let undoing = matches!(deed.verb, Verb::Undo | Verb::FollowUndo);
        match self {
            Outcome::Built(Ok(Progress::Made(output))) | Outcome::Settled(Ok(Verdict::AsWanted(output))) => {
                Event::Succeeded { step, output: output.clone() }
            }
            Outcome::Built(Ok(Progress::Asked { operation, after }))
            | Outcome::Settled(Ok(Verdict::Moving { operation, after })) => {
                Event::Asked { step, operation: operation.clone(), look_again: later(*after) }
            }
            Outcome::Settled(Ok(Verdict::Absent | Verdict::Differs { .. })) => {
                Event::Waits { step, until: now, why: "stopped before it was there".to_owned() }
            }
            Outcome::Settled(Err(error)) => {
                Event::Waits { step, until: now, why: format!("stopped, and could not be looked at: {error}") }
            }
            Outcome::Undone(Ok(Undo::Gone)) => Event::Undone { step },
            Outcome::Undone(Ok(Undo::Asked { operation, after })) => {
                Event::UndoAsked { step, operation: operation.clone(), look_again: later(*after) }
            }
            Outcome::Built(Err(error)) | Outcome::Undone(Err(error)) => match error {
                StepError::Retry { after, why } => {
                    let until = later(after.unwrap_or_else(|| patience(tries)));
                    let why = why.clone();
                    if undoing { Event::UndoWaits { step, until, why } } else { Event::Waits { step, until, why } }
                }
                StepError::Person { failure } | StepError::Fail { failure } => {
                    let failure = failure.clone();
                    if undoing { Event::UndoFailed { step, failure } } else { Event::Failed { step, failure } }
                }
            },
            // Its driver stops before it asks for an event.
            Outcome::Lapsed => Event::Waits { step, until: now, why: "the worker was too slow".to_owned() },
        }
    }
}

/// One second, doubled with each try, at most half a minute.
fn patience(tries: u32) -> Duration {
    Duration::from_secs(1 << tries.min(5)).min(Duration::from_secs(30))
}

/// The plan that this job was approved with.
struct Approval<'a> {
    engine: &'a Engine,
    job: &'a Job,
}

#[async_trait]
impl Approved for Approval<'_> {
    async fn differences(&self, cx: &Context<'_>) -> Result<Vec<String>, StepError> {
        let Some(approved) = request::approved_plan(&self.engine.store, &self.job.id).await? else {
            return Ok(Vec::new());
        };
        let unknown = || StepError::later(format!("this version of Keystead has no recipe {}", self.job.recipe));
        let recipe = self.engine.recipe(&self.job.recipe).ok_or_else(unknown)?;
        let now = recipe.plan_looked(cx, &self.job.outline, self.job.former.as_ref()).await?;
        Ok(recipe.differences(&approved, now))
    }
}

/// Opens the password sealed with the job's request.
struct Opener<'a> {
    engine: &'a Engine,
    job: &'a Job,
}

#[async_trait]
impl Secrets for Opener<'_> {
    async fn password(&self) -> Result<Option<SecretString>, store::Error> {
        let Some(sealed) = sealed::find(&self.engine.store, &self.job.request).await? else { return Ok(None) };
        let opened = self.engine.seal.open(&self.job.request, &sealed).await;
        opened.map(Some).map_err(|error| store::Error::Database(error.to_string()))
    }

    async fn sealed_at(&self) -> Result<Option<Moment>, store::Error> {
        sealed::sealed_at(&self.engine.store, &self.job.request).await
    }
}

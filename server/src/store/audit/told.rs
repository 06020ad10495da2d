//! Entries about requests and jobs, made of the rows that their transaction writes.

use super::append;
use crate::store::job::Job;
use crate::store::request::{Ending, Request};
use crate::store::{Error, Tx, on_both};
use domain::Moment;
use domain::audit::{Act, Actor, Entry, Subject};
use domain::environment::Part;
use domain::id::JobId;
use domain::job::{Event, Outline};
use domain::reason::Reason;
use domain::request::State;
use domain::wish::DeletedVault;

/// Something about a request, over its plan; more can be said before it is appended.
pub fn of_request(act: Act, by: &Actor, request: &Request, at: Moment) -> Entry {
    let name = request.kind.title(&request.environment_name);
    Entry::new(at, act, by.clone(), Subject::request(&request.id, name))
        .about(&request.environment, &request.environment_name, &request.team)
        .over(&request.digest)
}

/// It was sent.
pub async fn asked(tx: &mut Tx, by: &Actor, request: &Request, at: Moment) -> Result<(), Error> {
    let mut entry = of_request(Act::RequestSent, by, request, at).with("reason", request.wish.reason.as_str());
    if request.purge {
        entry = entry.with("purge", true);
    }
    append(tx, &entry).await
}

/// Its waiting came to this end.
pub async fn decided(tx: &mut Tx, by: &Actor, request: &Request, ending: &Ending<'_>, at: Moment) -> Result<(), Error> {
    let act = match ending.state {
        State::Approved => Act::RequestApproved,
        State::Rejected => Act::RequestRejected,
        State::Returned => Act::RequestReturned,
        State::Withdrawn => Act::RequestWithdrawn,
        State::Expired => Act::RequestExpired,
        State::Waiting => return Ok(()),
    };
    let entry = of_request(act, by, request, at)
        .with("requester", request.requester_name.as_str())
        .with("comment", ending.comment.unwrap_or_default())
        .with("job", ending.job.map(JobId::as_str).unwrap_or_default());
    append(tx, &entry).await
}

/// How the keys of all steps end that assign a role, whatever part they belong to.
const ROLE: &str = "-role";

fn of_job(act: Act, by: Actor, job: &Job, subject: Subject, at: Moment) -> Entry {
    Entry::new(at, act, by, subject).about(&job.environment, &job.environment_name, &job.team)
}

/// What a person said to a job, where it is of those words that move it.
pub async fn words(tx: &mut Tx, by: &Actor, job: &Job, events: &[Event], at: Moment) -> Result<(), Error> {
    let retyped = events.iter().any(|event| matches!(event, Event::Redo { .. }));
    for event in events {
        let (act, why) = match event {
            Event::CancelAsked { why, .. } => (Act::JobCancelled, why.as_ref()),
            Event::RetryAsked { why, .. } => (Act::JobRetried, why.as_ref()),
            Event::RollBackAsked { why, .. } => (Act::JobRolledBack, why.as_ref()),
            Event::TakenOver { why, .. } => (Act::JobTakenOver, Some(why)),
            _ => continue,
        };
        let mut entry = of_job(act, by.clone(), job, Subject::job(&job.id, job.title.as_str()), at)
            .with("reason", why.map(Reason::as_str).unwrap_or_default());
        if retyped && act == Act::JobRetried {
            entry = entry.with("password", "typed anew");
        }
        append(tx, &entry).await?;
    }
    Ok(())
}

/// What a worker wrote to a job's log, where a right was given or taken, or a secret written or removed. Whoever asked is
/// whose behalf it is on; whoever approved stands beside it with the plan's digest.
pub async fn steps(tx: &mut Tx, job: &Job, events: &[Event], at: Moment) -> Result<(), Error> {
    const DIGEST: &str = "select digest from request where job = $1 and state = 'approved' order by id desc limit 1";
    let told: Vec<(Act, &Outline, &Event)> = events.iter().flat_map(|event| of_step(job, event)).collect();
    if told.is_empty() {
        return Ok(());
    }
    let digest: Option<(String,)> =
        on_both!(tx.on(), db => sqlx::query_as(DIGEST).bind(job.id.as_str()).fetch_optional(db).await)?;
    for (act, step, event) in told {
        let by = Actor::keystead().on_behalf_of(job.asked_by.as_str());
        let subject = Subject::resource(&job.id, &step.key, step.resource.as_str());
        let mut entry = of_job(act, by, job, subject, at)
            .with("job", job.id.as_str())
            .with("step", step.title.as_str())
            .with("approved_by", job.approved_by.as_str());
        if let (Act::RoleAssigned, Event::Succeeded { output, .. }) = (act, event) {
            entry = entry.with("assignment", output.get("id").and_then(|id| id.as_str()).unwrap_or_default());
        }
        if act != Act::Purged && step.stood.is_some() && matches!(event, Event::Succeeded { .. }) {
            entry = entry.with("stood_before", true);
        }
        entry.digest = digest.as_ref().map(|(digest,)| digest.clone());
        append(tx, &entry).await?;
    }
    Ok(())
}

/// Acts that a step's end amounts to.
fn of_step<'a>(job: &'a Job, event: &'a Event) -> Vec<(Act, &'a Outline, &'a Event)> {
    let (Event::Succeeded { step, .. } | Event::Undone { step }) = event else { return Vec::new() };
    let Some(outline) = job.outline.iter().find(|outline| outline.key == *step) else { return Vec::new() };
    let made = matches!(event, Event::Succeeded { .. });
    let purged = match made {
        true => outline.part == Some(Part::Vault) && job.wish.vault.deleted == Some(DeletedVault::Purge),
        false => outline.purge,
    };
    let act = match (outline.part, made) {
        _ if outline.recipe_key().ends_with(ROLE) => Some(if made { Act::RoleAssigned } else { Act::RoleRemoved }),
        (Some(Part::Secrets), true) => Some(Act::SecretsWritten),
        (Some(Part::Secrets), false) => Some(Act::SecretsRemoved),
        (Some(Part::Roles), true) => Some(Act::IdentityMade),
        (Some(Part::Roles), false) => Some(Act::IdentityRemoved),
        _ => None,
    };
    act.into_iter().chain(purged.then_some(Act::Purged)).map(|act| (act, outline, event)).collect()
}

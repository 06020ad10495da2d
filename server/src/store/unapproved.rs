//! Ends a request without an approval: the name of an environment that was not made is free, its password deleted; a job
//! that was held for it stands where it stopped, and so does what was to be changed.

use super::record::{self, Speaker};
use super::request::{self, Ending, Request};
use super::{Change, Error, Store, Tx, audit, draft, environment, event, level, notice, sealed, timer};
use app::portal::Draft;
use domain::Moment;
use domain::approval::{Entry, Word};
use domain::audit::Actor;
use domain::job::Event;
use domain::request::{Kind, State};

/// How a request ends without its approval.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    pub ending: Ending<'a>,
    /// For whom it was said, where an approver had handed over.
    pub on_behalf: Option<&'a str>,
    /// What the one who asked goes on with, where it went back.
    pub draft: Option<&'a Draft>,
    /// What was said of it until somebody looked, where that counts.
    pub record: Option<&'a [Entry]>,
}

impl<'a> Refusal<'a> {
    /// By the one who asked, or by time.
    pub fn plain(ending: Ending<'a>) -> Refusal<'a> {
        Refusal { ending, on_behalf: None, draft: None, record: None }
    }
}

/// False where somebody was first. Recorded as `who`'s, committed and announced.
pub async fn end(
    store: &Store,
    who: &Actor,
    request: &Request,
    refusal: &Refusal<'_>,
    now: Moment,
) -> Result<bool, Error> {
    loop {
        match once(store, who, request, refusal, now).await {
            Err(Error::Behind) => {}
            Ok(ended) => {
                if let Some(job) = request.job.as_ref().filter(|_| ended) {
                    store.announce(Change::Job(job.clone())).await;
                }
                store.announce(Change::Environment(request.environment.clone())).await;
                return Ok(ended);
            }
            Err(error) => return Err(error),
        }
    }
}

async fn once(
    store: &Store,
    who: &Actor,
    request: &Request,
    refusal: &Refusal<'_>,
    now: Moment,
) -> Result<bool, Error> {
    let mut tx = store.begin().await?;
    let ended = within(&mut tx, who, request, refusal, now).await?;
    if ended {
        tx.commit().await?;
    }
    Ok(ended)
}

/// The same as a part of something greater; [`Error::Behind`] where the job was written to at that moment.
pub async fn within(
    tx: &mut Tx,
    who: &Actor,
    request: &Request,
    refusal: &Refusal<'_>,
    now: Moment,
) -> Result<bool, Error> {
    let ending = &refusal.ending;
    // Whoever answers to an earlier level or plan has not answered to this one; who takes back takes back all of it.
    let answers = matches!(ending.state, State::Rejected | State::Returned);
    if answers && !level::hold(tx, request).await? {
        return Ok(false);
    }
    if !request::end(tx, &request.id, ending, now).await? {
        return Ok(false);
    }
    if let Some(looked_at) = refusal.record
        && record::of_in(tx, &request.id).await? != looked_at
    {
        return Ok(false);
    }
    audit::decided(tx, who, request, ending, now).await?;
    notice::events::decided(tx, who, request, ending, now).await?;
    timer::stop(tx, timer::REQUEST, request.id.as_str()).await?;
    let speaker = ending.by.map(|(account, name, way)| Speaker { account, name, way, on_behalf: refusal.on_behalf });
    record::add(tx, &request.id, speaker, &entry(request, refusal, now)).await?;
    if let Some(kept) = refusal.draft {
        draft::begin_in(tx, &request.requester, kept).await?;
    }
    match (request.kind, &request.job) {
        (Kind::Change | Kind::Repair | Kind::Destroy | Kind::Release, _) => {} // what stands stays as it is
        (Kind::Rename | Kind::Replan, Some(job)) => {
            let by = ending.by.map_or("Keystead", |(_, name, _)| name).to_owned();
            let why = ending.comment.map_or_else(|| ending.state.word().to_lowercase(), str::to_owned);
            event::tell(tx, job, now, Event::Refused { by, why }).await?;
        }
        _ => {
            sealed::delete(tx, &request.id).await?;
            environment::gone(tx, &request.environment, ending.state.word(), now).await?;
        }
    }
    Ok(true)
}

fn entry(request: &Request, refusal: &Refusal<'_>, now: Moment) -> Entry {
    let ending = &refusal.ending;
    Entry {
        at: now,
        word: match ending.state {
            State::Rejected => Word::Rejected,
            State::Returned => Word::ChangesAsked,
            State::Withdrawn => Word::Withdrawn,
            State::Waiting | State::Approved | State::Expired => Word::Expired,
        },
        by: ending.by.map(|(_, name, _)| name.to_owned()),
        on_behalf: refusal.on_behalf.map(str::to_owned),
        level: request.level,
        round: request.round,
        digest: request.digest.clone(),
        text: ending.comment.unwrap_or_default().to_owned(),
    }
}

//! Ends a request without an approval: the name of an environment that was not made is free, its password deleted; a job
//! that was held for it stands where it stopped, and so does what was to be changed.

use super::request::{self, Ending, Request};
use super::{Change, Error, Store, audit, environment, event, sealed, timer};
use domain::Moment;
use domain::audit::Actor;
use domain::job::Event;
use domain::request::Kind;

/// False where somebody was first. Recorded as `who`'s, committed and announced.
pub async fn end(
    store: &Store,
    who: &Actor,
    request: &Request,
    ending: &Ending<'_>,
    now: Moment,
) -> Result<bool, Error> {
    loop {
        match once(store, who, request, ending, now).await {
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

async fn once(store: &Store, who: &Actor, request: &Request, ending: &Ending<'_>, now: Moment) -> Result<bool, Error> {
    let mut tx = store.begin().await?;
    if !request::end(&mut tx, &request.id, ending, now).await? {
        return Ok(false);
    }
    audit::decided(&mut tx, who, request, ending, now).await?;
    timer::stop(&mut tx, timer::REQUEST, request.id.as_str()).await?;
    match (request.kind, &request.job) {
        (Kind::Change | Kind::Repair | Kind::Destroy | Kind::Release, _) => {} // what stands stays as it is
        (Kind::Rename | Kind::Replan, Some(job)) => {
            let by = ending.by.map_or("Keystead", |(_, name, _)| name).to_owned();
            let why = ending.comment.map_or_else(|| ending.state.word().to_lowercase(), str::to_owned);
            event::tell(&mut tx, job, now, Event::Refused { by, why }).await?;
        }
        _ => {
            sealed::delete(&mut tx, &request.id).await?;
            environment::gone(&mut tx, &request.environment, ending.state.word(), now).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

//! Notices of requests, hand-overs, jobs and environments, made of the rows that their transaction writes.

use super::add;
use crate::store::job::Job;
use crate::store::request::{Ending, Request};
use crate::store::{Error, Store, Tx, document, environment, on_both};
use domain::Moment;
use domain::audit::Actor;
use domain::cost::{Amount, Costing};
use domain::id::EnvironmentId;
use domain::job::word::Kind as Spoken;
use domain::job::{self, Purpose, Status};
use domain::name::TeamName;
use domain::notice::{About, Facts, Kind, Notice};
use domain::request::State;
use domain::view::request::Handed;

/// Of a request as it stands now.
pub fn of_request(kind: Kind, request: &Request, at: Moment) -> Notice {
    Notice {
        kind,
        at,
        about: About::Request(request.id.clone()),
        team: Some(request.team.clone()),
        environment: Some(request.environment_name.clone()),
        people: Vec::new(),
        facts: Facts {
            title: request.kind.title(&request.environment_name),
            requester: Some(request.requester_name.clone()),
            cost: request.cost.as_ref().map(Costing::monthly).map(|cost| cost.sentence()),
            cost_centre: request.wish.cost_centre.clone(),
            findings: request.plan.findings.len(),
            reason: request.wish.reason.clone(),
            until: Some(request.lapses_at),
            level: request.level,
            round: request.round,
            ..Facts::default()
        },
    }
}

fn round(request: &Request) -> String {
    format!("{}:{}:{}", request.id, request.round, request.level)
}

/// It was sent, or another level is asked.
pub async fn asked(tx: &mut Tx, request: &Request, at: Moment) -> Result<(), Error> {
    add(tx, &round(request), &of_request(Kind::Waits, request, at)).await
}

/// The people on its level were asked `times` days ago and have not answered.
pub async fn reminded(tx: &mut Tx, request: &Request, times: i64, at: Moment) -> Result<(), Error> {
    let key = format!("{}:{}:{times}", round(request), request.lapses_at.0);
    add(tx, &key, &of_request(Kind::Reminder, request, at)).await
}

/// Others are asked in place of those who did not answer; `request` as it is from now on.
pub async fn escalated(tx: &mut Tx, request: &Request, at: Moment) -> Result<(), Error> {
    add(tx, &round(request), &of_request(Kind::Escalated, request, at)).await
}

/// Its plan became another one; `request` as it is from now on.
pub async fn lapsed(tx: &mut Tx, request: &Request, by: &str, differences: &str, at: Moment) -> Result<(), Error> {
    let mut notice = of_request(Kind::Lapsed, request, at);
    notice.people = vec![request.requester_name.clone()];
    notice.facts.by = Some(by.to_owned());
    differences.clone_into(&mut notice.facts.said);
    add(tx, &round(request), &notice).await
}

/// Its waiting came to this end. Whoever took a request back knows it.
pub async fn decided(tx: &mut Tx, by: &Actor, request: &Request, ending: &Ending<'_>, at: Moment) -> Result<(), Error> {
    let outcome = match ending.state {
        State::Approved => "approved",
        State::Rejected => "rejected",
        State::Returned => "sent back for changes",
        State::Expired => "expired",
        State::Waiting | State::Withdrawn => return Ok(()),
    };
    let mut notice = of_request(Kind::Decided, request, at);
    notice.people = vec![request.requester_name.clone()];
    notice.facts.by = by.account.is_some().then(|| by.name.clone());
    outcome.clone_into(&mut notice.facts.outcome);
    ending.comment.unwrap_or_default().clone_into(&mut notice.facts.said);
    add(tx, request.id.as_str(), &notice).await
}

/// Somebody hands their approvals over; `id` is that of the hand-over.
pub async fn handed_over(tx: &mut Tx, id: &str, handed: &Handed, at: Moment) -> Result<(), Error> {
    let notice = Notice {
        kind: Kind::HandedOver,
        at,
        about: About::Approvals,
        team: None,
        environment: None,
        people: vec![handed.to.clone()],
        facts: Facts { by: Some(handed.from.clone()), until: Some(handed.until), ..Facts::default() },
    };
    add(tx, id, &notice).await
}

/// A job came to rest: it stopped, was cancelled, or everything is as it was wanted. One whose work another took over is
/// told by that one.
pub async fn of_job(tx: &mut Tx, job: &Job, before: &Status, after: &Status, at: Moment) -> Result<(), Error> {
    if before.state() == after.state() {
        return Ok(());
    }
    let (kind, outcome) = match after.state() {
        job::State::NeedsPerson => (Kind::Stopped, ""),
        job::State::Cancelled if !after.replaced => (Kind::Cancelled, ""),
        job::State::RolledBack => (Kind::Finished, "is gone again"),
        job::State::Succeeded => match Purpose::of(&job.outline) {
            Purpose::Create => (Kind::Finished, "is ready"),
            Purpose::Change => (Kind::Finished, "is changed and ready"),
            Purpose::Destroy => (Kind::Finished, "is gone"),
        },
        _ => return Ok(()),
    };
    let failure = after.failure(&job.outline).filter(|_| kind == Kind::Stopped);
    let said = failure.map(|(_, failure)| format!("{}\n{}\n{}", failure.title, failure.cause, failure.remedy));
    let cancelled = after.words.iter().rev().find(|word| word.kind == Spoken::Cancel && kind == Kind::Cancelled);
    let said = said.or_else(|| Some(cancelled?.why.as_ref()?.to_string()));
    let mut people = vec![job.asked_by.clone()];
    people.extend(owned(tx, &job.environment).await?.map(|owned| owned.owner));
    let notice = Notice {
        kind,
        at,
        about: About::Job(job.id.clone()),
        team: Some(job.team.clone()),
        environment: Some(job.environment_name.clone()),
        people,
        facts: Facts {
            title: job.title.clone(),
            by: cancelled.map(|word| word.by.clone()),
            requester: Some(job.asked_by.clone()),
            outcome: outcome.to_owned(),
            said: said.unwrap_or_default(),
            ..Facts::default()
        },
    };
    add(tx, &format!("{}:{}", job.id, after.position), &notice).await
}

/// What stands of an environment was found to differ, and had not before.
pub async fn drifted(tx: &mut Tx, id: &EnvironmentId, differences: &str, at: Moment) -> Result<(), Error> {
    let Some(owned) = owned(tx, id).await? else { return Ok(()) };
    let notice = Notice {
        kind: Kind::Drifted,
        at,
        about: About::Environment(owned.name.clone()),
        team: Some(environment::team(&owned.team)?),
        environment: Some(owned.name),
        people: vec![owned.owner],
        facts: Facts { said: differences.to_owned(), ..Facts::default() },
    };
    add(tx, &format!("{id}:{}", at.0), &notice).await
}

/// An environment whose lifetime ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Closing {
    pub id: EnvironmentId,
    pub name: String,
    pub team: TeamName,
    pub owner: String,
    pub ends: Moment,
    pub lifetime_ms: i64,
    pub monthly: Option<Amount>,
    pub cost_centre: Option<String>,
}

/// Of a wish, who bears it.
#[derive(serde::Deserialize)]
struct Borne {
    #[serde(default)]
    cost_centre: Option<String>,
}

/// Environments whose lifetime ends between these moments.
pub async fn ending(store: &Store, from: Moment, until: Moment) -> Result<Vec<Closing>, Error> {
    const SQL: &str = "select id, name, team, owner_name, approved_at + lifetime_days * 86400000,
        lifetime_days * 86400000, monthly, currency, wish from environment where held = 1 and approved_at is not null
        and state not in ('waiting', 'destroying', 'rolling-back')
        and approved_at + lifetime_days * 86400000 >= $1 and approved_at + lifetime_days * 86400000 < $2
        order by id limit 1000";
    type Row = (String, String, String, String, i64, i64, Option<i64>, Option<String>, String);
    let rows: Vec<Row> =
        on_both!(store.read(), db => sqlx::query_as(SQL).bind(from.0).bind(until.0).fetch_all(db).await)?;
    let read = |(id, name, team, owner, ends, lifetime_ms, monthly, currency, wish): Row| {
        Ok(Closing {
            id: EnvironmentId::new(id),
            name,
            team: environment::team(&team)?,
            owner,
            ends: Moment(ends),
            lifetime_ms,
            monthly: crate::store::cost::known(currency, monthly)?,
            cost_centre: document::read::<Borne>(&wish)?.cost_centre,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Its lifetime is about to end.
pub async fn expires(tx: &mut Tx, ending: &Closing, at: Moment) -> Result<(), Error> {
    let notice = Notice {
        kind: Kind::Expires,
        at,
        about: About::Environment(ending.name.clone()),
        team: Some(ending.team.clone()),
        environment: Some(ending.name.clone()),
        people: vec![ending.owner.clone()],
        facts: Facts {
            cost: ending.monthly.map(|monthly| format!("{} a month", monthly.said())),
            cost_centre: ending.cost_centre.clone(),
            until: Some(ending.ends),
            ..Facts::default()
        },
    };
    add(tx, &format!("{}:{}", ending.id, ending.ends.0), &notice).await
}

struct Owned {
    name: String,
    team: String,
    owner: String,
}

async fn owned(tx: &mut Tx, id: &EnvironmentId) -> Result<Option<Owned>, Error> {
    const SQL: &str = "select name, team, owner_name from environment where id = $1";
    let row: Option<(String, String, String)> =
        on_both!(tx.on(), db => sqlx::query_as(SQL).bind(id.as_str()).fetch_optional(db).await)?;
    Ok(row.map(|(name, team, owner)| Owned { name, team, owner }))
}

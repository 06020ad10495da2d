//! How far a request that waits has come: held while somebody answers, on to the next level, back to the first.

use super::request::Request;
use super::{Error, Tx, document, feed, on_both};
use domain::Moment;
use domain::approval::Rule;
use domain::cost::Costing;
use domain::feed::{Detail, Kind};
use domain::id::RequestId;
use domain::plan::Plan;
use domain::wish::Wish;

/// Holds the request against everybody else who answers, until the transaction ends; false where it does not wait any
/// more, or waits on another level or in another round.
pub async fn hold(tx: &mut Tx, request: &Request) -> Result<bool, Error> {
    const SQL: &str = "update request set level = level
        where id = $1 and state = 'waiting' and level = $2 and round = $3";
    let held = on_both!(tx.on(), db => {
        let hold = sqlx::query(SQL).bind(request.id.as_str()).bind(i64::from(request.level));
        hold.bind(i64::from(request.round)).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(held == 1)
}

/// Holds it whatever becomes of it: what is said of a request stands in one order.
pub async fn hold_any(tx: &mut Tx, id: &RequestId) -> Result<(), Error> {
    const SQL: &str = "update request set level = level where id = $1";
    on_both!(tx.on(), db => sqlx::query(SQL).bind(id.as_str()).execute(db).await.map(drop))?;
    Ok(())
}

/// On to the next level, of a request that is held.
pub async fn advance(tx: &mut Tx, id: &RequestId, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update request set level = level + 1 where id = $1
        returning team, environment, environment_name";
    let of: Option<feed::Of> = on_both!(tx.on(), db => sqlx::query_as(SQL).bind(id.as_str()).fetch_optional(db).await)?;
    tell(tx, Kind::RequestAdvanced, of, id, now).await
}

async fn tell(tx: &mut Tx, kind: Kind, of: Option<feed::Of>, id: &RequestId, now: Moment) -> Result<(), Error> {
    match of {
        Some(of) => feed::of_request(tx, kind, &of, id, Detail::default(), now).await,
        None => Ok(()),
    }
}

/// What a request becomes whose approvals have lapsed.
#[derive(Clone, Copy, Debug)]
pub struct Lapsed<'a> {
    pub wish: &'a Wish,
    pub plan: &'a Plan,
    pub digest: &'a str,
    pub cost: Option<&'a Costing>,
    pub rule: &'a Rule,
}

/// Another plan, to be approved from the first level on, of a request that is held.
pub async fn lapse(tx: &mut Tx, id: &RequestId, lapsed: &Lapsed<'_>, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update request set wish = $2, plan = $3, digest = $4, cost = $5, rule = $6, level = 0,
        round = round + 1 where id = $1 returning team, environment, environment_name";
    let (wish, plan, rule) =
        (document::write(lapsed.wish)?, document::write(lapsed.plan)?, document::write(lapsed.rule)?);
    let cost = lapsed.cost.map(document::write).transpose()?;
    let of: Option<feed::Of> = on_both!(tx.on(), db => {
        let lapse = sqlx::query_as(SQL).bind(id.as_str()).bind(&wish).bind(&plan).bind(lapsed.digest).bind(&cost);
        lapse.bind(&rule).fetch_optional(db).await
    })?;
    tell(tx, Kind::RequestLapsed, of, id, now).await
}

/// Another rule and a later end, of a request that is held.
pub async fn escalate(tx: &mut Tx, id: &RequestId, rule: &Rule, lapses_at: Moment, now: Moment) -> Result<(), Error> {
    const SQL: &str = "update request set rule = $2, lapses_at = $3 where id = $1
        returning team, environment, environment_name";
    let rule = document::write(rule)?;
    let of: Option<feed::Of> = on_both!(tx.on(), db => {
        sqlx::query_as(SQL).bind(id.as_str()).bind(&rule).bind(lapses_at.0).fetch_optional(db).await
    })?;
    tell(tx, Kind::RequestEscalated, of, id, now).await
}

//! Plans that were made and are not sent yet, each for its account alone, until they expire.

use super::{Error, Store, Tx, document, on_both};
use domain::Moment;
use domain::account::AccountId;
use domain::approval::Rule;
use domain::cost::Costing;
use domain::form::Form;
use domain::id::{PlanId, RequestId};
use domain::plan::{Finding, Plan};
use domain::quota::Quota;
use domain::request::Kind;
use domain::wish::Wish;
use serde::{Deserialize, Serialize};

/// A plan with what it was made of, and what was said of it then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    pub kind: Kind,
    pub form: Form,
    /// Whether a password comes with the request.
    pub typed: bool,
    pub wish: Wish,
    pub former: Option<Wish>,
    /// What is frozen where it is sent.
    pub plan: Plan,
    pub cost: Option<Costing>,
    pub unpriced: Option<String>,
    pub quota: Option<Quota>,
    /// What the quota denied; it is reckoned anew where the plan is sent.
    pub full: Vec<Finding>,
    pub rule: Rule,
    pub decider: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MadePlan {
    pub id: PlanId,
    pub digest: String,
    pub body: Body,
    pub made: Moment,
    pub expires: Moment,
    pub request: Option<RequestId>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    digest: String,
    body: String,
    made_at: i64,
    expires_at: i64,
    request: Option<String>,
}

impl TryFrom<Row> for MadePlan {
    type Error = Error;
    fn try_from(row: Row) -> Result<MadePlan, Error> {
        Ok(MadePlan {
            id: PlanId::new(row.id),
            digest: row.digest,
            body: document::read(&row.body)?,
            made: Moment(row.made_at),
            expires: Moment(row.expires_at),
            request: row.request.map(RequestId::new),
        })
    }
}

pub async fn keep(tx: &mut Tx, account: &AccountId, plan: &MadePlan) -> Result<(), Error> {
    const SQL: &str = "insert into made_plan (id, account, digest, body, made_at, expires_at)
        values ($1, $2, $3, $4, $5, $6)";
    let body = document::write(&plan.body)?;
    on_both!(tx.on(), db => {
        let keep = sqlx::query(SQL).bind(plan.id.as_str()).bind(&account.0).bind(&plan.digest).bind(&body);
        keep.bind(plan.made.0).bind(plan.expires.0).execute(db).await.map(drop)
    })?;
    Ok(())
}

/// One of this account's.
pub async fn find(store: &Store, account: &AccountId, id: &PlanId) -> Result<Option<MadePlan>, Error> {
    const SQL: &str =
        "select id, digest, body, made_at, expires_at, request from made_plan where id = $1 and account = $2";
    let row: Option<Row> = on_both!(store.read(), db => {
        sqlx::query_as(SQL).bind(id.as_str()).bind(&account.0).fetch_optional(db).await
    })?;
    row.map(MadePlan::try_from).transpose()
}

/// It became this request, which stands already in the transaction; `Taken("plan")` where it was sent before.
pub async fn sent(tx: &mut Tx, id: &PlanId, request: &RequestId) -> Result<(), Error> {
    const SQL: &str = "update made_plan set request = $2 where id = $1 and request is null";
    let marked = on_both!(tx.on(), db => {
        let mark = sqlx::query(SQL).bind(id.as_str()).bind(request.as_str());
        mark.execute(db).await.map(|done| done.rows_affected())
    })?;
    if marked == 1 { Ok(()) } else { Err(Error::Taken("plan")) }
}

/// Deletes those that expired before this time; how many they were.
pub async fn sweep(store: &Store, before: Moment) -> Result<u64, Error> {
    const SQL: &str = "delete from made_plan where expires_at < $1";
    let gone = on_both!(store.write(), db => {
        sqlx::query(SQL).bind(before.0).execute(db).await.map(|done| done.rows_affected())
    })?;
    Ok(gone)
}

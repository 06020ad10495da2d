//! What every request has in common as it is sent: a frozen plan with its digest, and a time until which it is valid.

use super::Service;
use crate::store::request::Request;
use app::error::PortalError;
use app::portal::Answer;
use domain::Moment;
use domain::account::Caller;
use domain::cost::Costing;
use domain::field::FieldError;
use domain::id::{EnvironmentId, JobId, PlanId, RequestId};
use domain::plan::{Finding, Plan, Weight};
use domain::policy::{Effect, raised};
use domain::request::{Kind, State};
use domain::wish::Wish;
use uuid::Uuid;

/// What is asked, with its plan.
pub(super) struct Sending<'a> {
    pub kind: Kind,
    pub wish: &'a Wish,
    pub former: Option<&'a Wish>,
    pub purge: bool,
    pub plan: Plan,
    /// The job that waits for the decision, where there is one.
    pub job: Option<JobId>,
}

/// The plan that was made before a request, and what it costs by the prices of then.
pub(super) struct Premade<'a> {
    pub id: &'a PlanId,
    pub cost: Option<Costing>,
}

impl Service {
    /// A request as it is sent now, with its price and the rule by which it is approved.
    pub(super) async fn sent(
        &self,
        caller: &Caller,
        id: &RequestId,
        environment: &EnvironmentId,
        sending: Sending<'_>,
        now: Moment,
    ) -> Request {
        let cost = self.costing_kept(sending.kind, sending.wish, sending.former).await;
        self.sent_at(caller, id, environment, sending, cost, now)
    }

    /// The same of one that is priced already.
    pub(super) fn sent_at(
        &self,
        caller: &Caller,
        id: &RequestId,
        environment: &EnvironmentId,
        sending: Sending<'_>,
        cost: Option<Costing>,
        now: Moment,
    ) -> Request {
        let Sending { kind, wish, former, purge, plan, job } = sending;
        // What no price could be had for may be anything.
        let rule = self.rule(kind, wish, Some(cost.as_ref().map_or(i64::MAX, |cost| cost.monthly().amount.micros)));
        let rule = raised(rule, &plan.findings);
        Request {
            id: id.clone(),
            kind,
            environment: environment.clone(),
            environment_name: wish.name.to_string(),
            team: wish.team.clone(),
            requester: caller.account.id.clone(),
            requester_name: caller.account.name.clone(),
            wish: wish.clone(),
            former: former.cloned(),
            purge,
            digest: plan.digest(wish),
            plan,
            state: State::Waiting,
            sent_at: now,
            lapses_at: now.plus(rule.valid_ms()),
            decided_by_name: None,
            decided_at: None,
            comment: None,
            job,
            rule,
            level: 0,
            round: 0,
            cost,
            trace: azure::trace::current_text(),
        }
    }
}

/// A plan with a denial is not sent: each denial stands beside its field.
pub(super) fn refuse_denied(plan: &Plan) -> Answer<()> {
    let errors = beside(plan.findings.iter().filter(|finding| finding.weight == Weight::Deny));
    if errors.is_empty() { Ok(()) } else { Err(PortalError::invalid(errors)) }
}

/// What policies deny of a plan that is in the making, each beside its field.
pub(super) fn ruled_out(plan: &Plan) -> Vec<FieldError> {
    beside(plan.findings.iter().filter(|finding| finding.effect() == Some(Effect::Deny)))
}

fn beside<'a>(denied: impl Iterator<Item = &'a Finding>) -> Vec<FieldError> {
    denied.map(|finding| FieldError::new(finding.field.clone().unwrap_or_default(), finding.sentence.clone())).collect()
}

/// Rises with time, so that it can order and be a cursor.
pub(super) fn new_id() -> String {
    Uuid::now_v7().to_string()
}

//! Plans that are made before anybody is asked: what would be done, kept with everything that was said of it.

mod submitting;

use super::Service;
use super::error::failed;
use super::quota::Wanting;
use super::sending::new_id;
use super::warnings::Age;
use crate::store::made_plan::{Body, MadePlan};
use crate::store::{self, once};
use app::error::{Code, PortalError};
use app::portal::{Answer, Asking, Plans, Sent};
use async_trait::async_trait;
use domain::account::Caller;
use domain::cost::Costing;
use domain::field::FieldError;
use domain::form::{Choices, Form, PASSWORD};
use domain::id::{EnvironmentId, PlanId, RequestId};
use domain::permission::Action;
use domain::plan::{Finding, Plan, Weight};
use domain::policy::raised;
use domain::request::Kind;
use domain::view::plan::{Approval, Made, Told};
use domain::wish::{Database, PasswordFrom, Wish};

/// Milliseconds for which a plan is frozen as it is: what it was made over is looked at again before an approval counts
/// and before a job runs, so that another look at once would tell nobody anything.
const FRESH: i64 = 10 * 60_000;
/// Milliseconds for which it can be sent at all.
const VALID: i64 = 60 * 60_000;

#[async_trait]
impl Plans for Service {
    async fn make_plan(&self, caller: &Caller, asking: &Asking) -> Answer<Made> {
        if let Some(made) = once::done() {
            return Ok(shown(self.own_plan(caller, &made).await?));
        }
        let planned = match &asking.environment {
            Some(name) => self.planned_change(caller, name, &asking.form).await?,
            None => self.planned_new(caller, &asking.form, asking.password_typed).await?,
        };
        let body = self.body_of(caller, asking, planned).await?;
        let now = self.clock.now();
        let made = MadePlan {
            id: PlanId::new(new_id()),
            digest: body.plan.digest(&body.wish),
            body,
            made: now,
            expires: now.plus(VALID),
            request: None,
        };
        let keep = async {
            let mut tx = self.store.begin().await?;
            store::made_plan::keep(&mut tx, &caller.account.id, &made).await?;
            once::made(&made.id);
            tx.commit().await
        };
        keep.await.map_err(failed("keeping a plan"))?;
        Ok(shown(made))
    }

    async fn made_plan(&self, caller: &Caller, id: &PlanId) -> Answer<Made> {
        Ok(shown(self.own_plan(caller, id).await?))
    }

    async fn submit_plan(&self, caller: &Caller, id: &PlanId, sent: Sent) -> Answer<RequestId> {
        self.send_plan(caller, id, sent).await
    }
}

/// What would be done, over what stands now.
struct Planned {
    wish: Wish,
    former: Option<Wish>,
    plan: Plan,
    /// What it changes.
    environment: Option<EnvironmentId>,
}

impl Planned {
    fn kind(&self) -> Kind {
        if self.former.is_some() { Kind::Change } else { Kind::Create }
    }
}

impl Service {
    async fn own_plan(&self, caller: &Caller, id: &PlanId) -> Answer<MadePlan> {
        let found = store::made_plan::find(&self.store, &caller.account.id, id).await;
        found.map_err(failed("reading a plan"))?.ok_or_else(PortalError::not_found)
    }

    /// A new environment. What denies it is a finding, and where something does, nothing is looked at.
    async fn planned_new(&self, caller: &Caller, form: &Form, typed: bool) -> Answer<Planned> {
        let choices = self.may_ask(caller)?;
        let mut wish = parsed(form, &choices, typed).map_err(PortalError::invalid)?;
        let environment = EnvironmentId::new(new_id());
        let denied = match self.free_names(&mut wish, &environment).await {
            Ok(()) => Vec::new(),
            Err(error) if error.code == Code::Invalid => error.fields,
            Err(error) => return Err(error),
        };
        let mut foreseen = self.plan_of(&wish, &environment).await?;
        foreseen.findings = denied.into_iter().map(|error| Finding::deny(error.field, error.message)).collect();
        self.warn(&mut foreseen, (Kind::Create, &wish, None), &environment, Age::Fresh).await?;
        if foreseen.denied() {
            return Ok(Planned { wish, former: None, plan: foreseen, environment: None });
        }
        let mut plan = self.plan_looked(&wish, &environment, &self.recipe.outline(&wish), None).await?;
        plan.findings = foreseen.findings;
        Ok(Planned { wish, former: None, plan, environment: None })
    }

    /// What stands, become another one.
    async fn planned_change(&self, caller: &Caller, name: &str, form: &Form) -> Answer<Planned> {
        let found = self.to_change(caller, name, Action::Change).await?;
        let (former, environment) = (found.environment.wish, found.environment.id);
        let wish = form.change(&former, &self.choices).map_err(PortalError::invalid)?;
        let outline = self.recipe.outline_of_change(&former, &wish, &found.standing);
        let mut plan = self.plan_looked(&wish, &environment, &outline, Some(&former)).await?;
        self.warn(&mut plan, (Kind::Change, &wish, Some(&former)), &environment, Age::Fresh).await?;
        Ok(Planned { wish, former: Some(former), plan, environment: Some(environment) })
    }

    /// With its price, what of the quota it uses, and who will have to approve it.
    async fn body_of(&self, caller: &Caller, asking: &Asking, planned: Planned) -> Answer<Body> {
        let kind = planned.kind();
        let Planned { wish, former, plan, environment } = planned;
        let (cost, unpriced) = match self.costing(kind, &wish, former.as_ref()).await {
            Ok(cost) => (cost, None),
            Err(why) => (None, Some(why)),
        };
        let (by, priced) = (&caller.account.id, cost.as_ref());
        let wanting = Wanting { by, wish: &wish, cost: priced, environment: environment.as_ref() };
        let (quota, full) =
            self.quota_shown(&wanting).await?.map_or((None, Vec::new()), |(quota, full)| (Some(quota), full));
        // What no price could be had for may be anything, here as where it is sent.
        let monthly = priced.map_or(i64::MAX, |cost| cost.monthly().amount.micros);
        let rule = raised(self.rule(kind, &wish, Some(monthly)), &plan.findings);
        let title = self.team(&wish.team).title;
        let decider = rule.words(&self.deciders().await?.words(&wish.team, &title, &caller.account.name));
        Ok(Body {
            kind,
            form: asking.form.clone(),
            typed: asking.password_typed,
            wish,
            former,
            plan,
            cost,
            unpriced,
            quota,
            full,
            rule,
            decider,
        })
    }
}

/// The wish of a form for which a password comes along where the template brings none.
fn parsed(form: &Form, choices: &Choices, typed: bool) -> Result<Wish, Vec<FieldError>> {
    match form.parse(choices, typed) {
        Err(errors) if errors.iter().all(|error| error.field == PASSWORD) => form.parse(choices, true),
        Err(errors) => Err(errors.into_iter().filter(|error| error.field != PASSWORD).collect()),
        parsed => parsed,
    }
}

fn shown(made: MadePlan) -> Made {
    let Body { kind, wish, former, plan, cost, unpriced, quota, full, rule, decider, .. } = made.body;
    let mut findings: Vec<Told> = plan.findings.iter().chain(&full).map(Told::of).collect();
    findings.sort_by_key(|told| told.weight != Weight::Deny);
    let Database::Named { password_from, .. } = &wish.database;
    Made {
        id: made.id,
        kind,
        environment: wish.name.to_string(),
        resources: plan.lines,
        permits: plan.permits,
        kept: plan.kept,
        sendable: findings.iter().all(|told| told.weight != Weight::Deny),
        findings,
        monthly: cost.as_ref().map(Costing::monthly),
        priced: cost.as_ref().and_then(|cost| cost.after().or(cost.now())).map(|estimate| estimate.read),
        cost,
        unpriced,
        quota,
        approval: Approval::of(&rule, decider),
        password_needed: kind == Kind::Create && *password_from == PasswordFrom::Typed,
        wish,
        former,
        digest: made.digest,
        made: made.made,
        fresh_until: made.made.plus(FRESH),
        expires: made.expires,
        request: made.request,
    }
}

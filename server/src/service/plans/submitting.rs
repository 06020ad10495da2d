//! A plan that was made before, sent as it is: who may ask, the name, policies and the quota are judged anew; what stands is
//! looked at again only where the plan is some minutes old.

use super::{FRESH, Planned, parsed};
use crate::service::Service;
use crate::service::requests::New;
use crate::service::sending::{Premade, Sending, new_id, refuse_denied};
use crate::service::warnings::Age;
use crate::store::made_plan::{Body, MadePlan};
use crate::store::once;
use app::error::{Code, PortalError};
use app::portal::{Answer, Sent};
use domain::account::Caller;
use domain::field::FieldError;
use domain::form::PASSWORD;
use domain::form::desired::differences;
use domain::id::{EnvironmentId, PlanId, RequestId};
use domain::permission::Action;
use domain::plan::{Plan, Weight};
use domain::policy;
use domain::request::Kind;
use domain::wish::{Database, PasswordFrom, Wish};

impl Service {
    pub(super) async fn send_plan(&self, caller: &Caller, id: &PlanId, sent: Sent) -> Answer<RequestId> {
        if let Some(request) = once::done() {
            return Ok(request);
        }
        let made = self.own_plan(caller, id).await?;
        if let Some(request) = &made.request {
            return Err(PortalError::conflict(format!("This plan was sent already, as request {request}.")));
        }
        if made.digest != sent.digest.trim() {
            return Err(PortalError::conflict("This is not the digest of this plan. Read it again, then send it."));
        }
        let now = self.clock.now();
        if made.expires <= now {
            return Err(PortalError::conflict("This plan is too old to be sent. Make it again, and read it."));
        }
        let MadePlan { body, made: at, .. } = made;
        let fresh = now.since(at) < FRESH;
        match body.kind {
            Kind::Change => self.send_plan_of_change(caller, id, body, fresh, sent).await,
            _ => self.send_plan_of_new(caller, id, body, fresh, sent).await,
        }
    }

    async fn send_plan_of_new(
        &self,
        caller: &Caller,
        id: &PlanId,
        body: Body,
        fresh: bool,
        sent: Sent,
    ) -> Answer<RequestId> {
        let choices = self.may_ask(caller)?;
        let Database::Named { password_from, .. } = &body.wish.database;
        if *password_from == PasswordFrom::Template && sent.password.is_some() {
            let said =
                "This plan takes the template's password. Leave yours out, or make the plan with `password_typed`.";
            return Err(PortalError::invalid(vec![FieldError::new(PASSWORD, said)]));
        }
        let now = parsed(&body.form, &choices, body.typed).map_err(|errors| refused_by_now(&errors))?;
        same_as_planned(&body.wish, &now)?;
        let plan = match fresh {
            true => {
                self.same_policies(&body).await?;
                refuse_denied(&body.plan)?;
                if let Some(error) = self.vault_error(body.wish.vault.name.as_str()).await? {
                    return Err(PortalError::invalid(vec![error]));
                }
                body.plan
            }
            false => {
                let again = self.planned_new(caller, &body.form, body.typed).await?;
                self.same_plan(&body, again)?
            }
        };
        let wish = reasoned(body.wish, sent.reason.as_deref())?;
        let (environment, request) = (EnvironmentId::new(new_id()), RequestId::new(new_id()));
        let new = New { environment, request, wish, plan, draft: None, made: Some(Premade { id, cost: body.cost }) };
        self.send_new(caller, new, sent.password).await
    }

    async fn send_plan_of_change(
        &self,
        caller: &Caller,
        id: &PlanId,
        body: Body,
        fresh: bool,
        sent: Sent,
    ) -> Answer<RequestId> {
        let name = body.wish.name.to_string();
        let found = self.to_change(caller, &name, Action::Change).await?;
        let former = found.environment.wish;
        if let Some(planned) = body.former.as_ref().filter(|planned| **planned != former) {
            let mut said = differences(planned, &former);
            if said.is_empty() {
                said.push("what was approved of it".to_owned());
            }
            return Err(otherwise(&said));
        }
        let now = body.form.change(&former, &self.choices).map_err(|errors| refused_by_now(&errors))?;
        same_as_planned(&body.wish, &now)?;
        let plan = match fresh {
            true => {
                self.same_policies(&body).await?;
                refuse_denied(&body.plan)?;
                body.plan
            }
            false => {
                let again = self.planned_change(caller, &name, &body.form).await?;
                self.same_plan(&body, again)?
            }
        };
        let wish = reasoned(body.wish, sent.reason.as_deref())?;
        let sending = Sending { kind: Kind::Change, wish: &wish, former: Some(&former), purge: false, plan, job: None };
        let made = Premade { id, cost: body.cost };
        self.send_planned(caller, &found.environment.id, sending, Some(made)).await
    }

    /// Policies say of it what they said then.
    async fn same_policies(&self, body: &Body) -> Answer<()> {
        let ruled = self.judge(body.kind, &body.wish, body.former.as_ref(), Age::Fresh).await?;
        match policy::differences(&body.plan.findings, &ruled).as_slice() {
            [] => Ok(()),
            said => Err(otherwise(said)),
        }
    }

    /// The plan as it is now, where it does the same as the one that was read and nothing new denies it.
    fn same_plan(&self, body: &Body, again: Planned) -> Answer<Plan> {
        let mut said = policy::differences(&body.plan.findings, &again.plan.findings);
        let denies_newly = |told: &&domain::plan::Finding| {
            told.weight == Weight::Deny && told.policy.is_none() && !body.plan.findings.contains(told)
        };
        said.extend(again.plan.findings.iter().filter(denies_newly).map(|told| told.sentence.clone()));
        if said.is_empty() {
            same_as_planned(&body.wish, &again.wish)?;
            said = self.recipe.differences(&body.plan, again.plan.clone());
        }
        if !said.is_empty() {
            return Err(otherwise(&said));
        }
        refuse_denied(&again.plan)?;
        Ok(again.plan)
    }
}

/// What the plan was made from, and what it is by now.
fn otherwise(said: &[String]) -> PortalError {
    PortalError::conflict(format!(
        "Since this plan was made something has changed. Make it again.\n{}",
        said.join("\n")
    ))
}

/// The answers do not fit any more: what may be chosen is otherwise, or the caller is in another team.
fn refused_by_now(errors: &[FieldError]) -> PortalError {
    let said: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
    PortalError { fields: errors.to_vec(), code: Code::Conflict, ..otherwise(&said) }
}

/// The same answers make the same wish: the template may have become another one. Whether a deleted vault holds the name
/// was found when the plan was made.
fn same_as_planned(planned: &Wish, now: &Wish) -> Answer<()> {
    let mut now = now.clone();
    now.vault.deleted = planned.vault.deleted;
    let mut said = differences(planned, &now);
    if planned.template.version != now.template.version {
        let (name, was, is) = (&now.template.name, planned.template.version, now.template.version);
        said.push(format!("template {name}: version {is} instead of {was}"));
    }
    if said.is_empty() { Ok(()) } else { Err(otherwise(&said)) }
}

/// With the reason that came along, where one did.
fn reasoned(wish: Wish, reason: Option<&str>) -> Answer<Wish> {
    let Some(reason) = reason.map(str::trim) else { return Ok(wish) };
    if reason.chars().count() > 2000 {
        return Err(PortalError::invalid(vec![FieldError::new("reason", "At most 2,000 characters.")]));
    }
    Ok(Wish { reason: reason.to_owned(), ..wish })
}

//! Looking again before an approval counts: where the plan is another one by now, what was approved counts for nothing, and
//! all levels are asked anew.

use super::deciding::speaker;
use crate::service::Service;
use crate::service::error::failed;
use crate::service::warnings::Age;
use crate::store::audit::of_request;
use crate::store::level::Lapsed;
use crate::store::{self, Change, request::Request};
use app::error::Code;
use app::portal::Answer;
use domain::Moment;
use domain::account::Caller;
use domain::approval::{Entry, Rule, Word};
use domain::audit::{Act, Actor};
use domain::cost::Costing;
use domain::plan::{Finding, Plan};
use domain::policy;
use domain::request::Kind;
use domain::wish::Wish;

impl Service {
    /// What is otherwise than when the plan was made, in sentences, once the request has been given the new plan; `None`
    /// where nothing is. Azure that does not answer stops nobody: the job's first step looks again.
    pub(super) async fn lapsed(&self, request: &Request, caller: &Caller, now: Moment) -> Answer<Option<Vec<String>>> {
        if matches!(request.kind, Kind::Rename | Kind::Replan | Kind::Release) {
            return Ok(None); // over a job that stands, or with nothing to do on Azure
        }
        let (wish, mut differences) = self.with_template_of_now(&request.wish);
        let ruled = self.judge(request.kind, &wish, request.former.as_ref(), Age::Fresh).await?;
        differences.extend(policy::differences(&request.plan.findings, &ruled));
        let plan = match self.plan_of_now(request, &wish, ruled).await {
            Ok(plan) => plan,
            Err(error) if error.code == Code::Unavailable && differences.is_empty() => {
                tracing::warn!(%error, "a plan could not be looked at again before its approval");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        differences.extend(self.recipe.differences(&request.plan, plan.clone()));
        let cost = self.costing_kept(request.kind, &wish, request.former.as_ref()).await;
        let dearer = request.cost.as_ref().zip(cost.as_ref()).and_then(|(was, is)| was.dearer(is));
        differences.extend(dearer);
        if differences.is_empty() {
            return Ok(None);
        }
        let (digest, rule) = (plan.digest(&wish), self.rule_of_now(request, &wish, &plan, cost.as_ref()));
        let entry = Entry {
            at: now,
            word: Word::Lapsed,
            by: Some(caller.account.name.clone()),
            on_behalf: None,
            level: request.level,
            round: request.round,
            digest: digest.clone(),
            text: differences.join("\n"),
        };
        let renewed = Request {
            wish: wish.clone(),
            plan: plan.clone(),
            digest: digest.clone(),
            cost: cost.clone(),
            rule: rule.clone(),
            level: 0,
            round: request.round + 1,
            ..request.clone()
        };
        let lapsed = Lapsed { wish: &wish, plan: &plan, digest: &digest, cost: cost.as_ref(), rule: &rule };
        let lapse = async {
            let mut tx = self.store.begin().await?;
            if store::level::hold(&mut tx, request).await? {
                store::level::lapse(&mut tx, &request.id, &lapsed, now).await?;
                store::record::add(&mut tx, &request.id, Some(speaker(caller)), &entry).await?;
                let told = of_request(Act::RequestLapsed, &Actor::of(caller), request, now);
                let told = told.with("differences", entry.text.as_str()).with("new digest", digest.as_str());
                store::audit::append(&mut tx, &told).await?;
                store::notice::events::lapsed(&mut tx, &renewed, &caller.account.name, &entry.text, now).await?;
                tx.commit().await?;
            }
            Ok::<_, store::Error>(())
        };
        lapse.await.map_err(failed("letting approvals lapse"))?;
        self.store.announce(Change::Environment(request.environment.clone())).await;
        Ok(Some(differences))
    }

    /// The same wish under the version that its template has now.
    fn with_template_of_now(&self, wish: &Wish) -> (Wish, Vec<String>) {
        let (mut wish, mut differences) = (wish.clone(), Vec::new());
        let known = self.choices.templates.iter().find(|known| known.name == wish.template.name);
        if let Some(known) = known.filter(|known| known.version != wish.template.version) {
            let (was, is) = (wish.template.version, known.version);
            differences.push(format!("template {}: version {is} instead of {was}", known.name));
            wish.template.version = known.version;
        }
        (wish, differences)
    }

    /// What the request would do if it were sent now, with what was found of it then.
    async fn plan_of_now(&self, request: &Request, wish: &Wish, ruled: Vec<Finding>) -> Answer<Plan> {
        let before = self.before(request).await?;
        let standing = before.map(|before| before.status.ledger(&before.job.outline)).unwrap_or_default();
        let former = request.former.as_ref();
        let outline = self.outline_of(request.kind, wish, former, request.purge, &standing);
        let mut plan = self.plan_looked(wish, &request.environment, &outline, former).await?;
        let of_azure = request.plan.findings.iter().filter(|finding| finding.policy.is_none());
        plan.findings = ruled.into_iter().chain(of_azure.cloned()).collect();
        Ok(plan)
    }

    /// The rule that was frozen, with the level that policies ask for now and without one that they asked for then.
    fn rule_of_now(&self, request: &Request, wish: &Wish, plan: &Plan, cost: Option<&Costing>) -> Rule {
        let mut rule = request.rule.clone();
        if policy::needs_approval(&request.plan.findings) && !policy::needs_approval(&plan.findings) {
            let monthly = cost.map_or(i64::MAX, |cost| cost.monthly().amount.micros);
            rule.levels = self.rule(request.kind, wish, Some(monthly)).levels;
        }
        policy::raised(rule, &plan.findings)
    }
}

//! A recipe: a list of steps, validated when the server starts.

use super::context::{Context, Subject};
use super::erased::{AnyStep, Verdict};
use super::needs::Ledger;
use super::step::StepError;
use domain::job::Outline;
use domain::plan::{Plan, Verb};
use domain::wish::Wish;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Steps in the order in which a plan tells them: each after those it needs.
#[derive(Clone)]
pub struct Recipe {
    name: &'static str,
    steps: Vec<Arc<dyn AnyStep>>,
}

impl Recipe {
    /// Says what is wrong where a key is used twice, or a need is not in the list before its step.
    pub fn new(name: &'static str, steps: Vec<Arc<dyn AnyStep>>) -> Result<Recipe, String> {
        let mut before = BTreeSet::new();
        for step in &steps {
            for (need, _) in step.needs() {
                if !before.contains(need) {
                    return Err(format!(
                        "recipe {name}: step {} needs {need}, which does not stand before it",
                        step.key()
                    ));
                }
            }
            if !before.insert(step.key()) {
                return Err(format!("recipe {name}: step {} is there twice", step.key()));
            }
        }
        Ok(Recipe { name, steps })
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn step(&self, key: &str) -> Option<&Arc<dyn AnyStep>> {
        self.steps.iter().find(|step| step.key() == key)
    }

    /// The steps that this wish has.
    pub fn steps<'a>(&'a self, wish: &'a Wish) -> impl Iterator<Item = &'a Arc<dyn AnyStep>> {
        self.steps.iter().filter(|step| step.applies(wish))
    }

    /// What the job keeps of the recipe: enough to fold, draw and decide without it.
    pub fn outline(&self, wish: &Wish) -> Vec<Outline> {
        let present: BTreeSet<&str> = self.steps(wish).map(|step| step.key()).collect();
        let step = |step: &Arc<dyn AnyStep>| Outline {
            key: step.key().to_owned(),
            title: step.title().to_owned(),
            resource: step.resource(wish),
            needs: step
                .needs()
                .into_iter()
                .map(|(key, _)| key)
                .filter(|key| present.contains(key))
                .map(str::to_owned)
                .collect(),
            part: step.part(),
            leaves: step.leaves(),
        };
        self.steps(wish).map(step).collect()
    }

    /// The plan as if nothing stood yet; asks nobody.
    pub fn plan(&self, subject: &Subject<'_>) -> Plan {
        let mut plan = Plan::default();
        for step in self.steps(subject.wish) {
            plan.lines.extend(step.plan(subject));
            plan.permits.extend(step.permits(subject));
            plan.findings.extend(step.warns(subject));
        }
        plan
    }

    /// The plan over what stands now: looks at every step and runs none.
    pub async fn plan_looked(&self, cx: &Context<'_>) -> Result<Plan, StepError> {
        let mut plan = self.plan(&cx.subject);
        let mut ledger = Ledger::of(self.steps(cx.subject.wish).map(|step| step.key()));
        for step in self.steps(cx.subject.wish) {
            let verb = match step.look(cx, &ledger).await? {
                Verdict::Absent => Verb::Create,
                Verdict::Moving { .. } => Verb::Keep,
                Verdict::Differs(_) => Verb::Change,
                Verdict::AsWanted(output) => {
                    ledger.keep(step.key(), output);
                    Verb::Keep
                }
            };
            let lines = plan.lines.iter_mut().filter(|line| line.step == step.key() && line.verb == Verb::Create);
            lines.for_each(|line| line.verb = verb);
        }
        Ok(plan)
    }
}

//! The plan of a job: looks at every step of its outline and runs none.
//!
//! Two looks at the same world make the same plan, so that its digest says whether anything has changed since.

use super::compare::Difference;
use super::context::{Context, Subject};
use super::erased::{AnyStep, Verdict};
use super::needs::Ledger;
use super::recipe::Recipe;
use super::step::StepError;
use domain::job::{Aim, Outline};
use domain::plan::{FieldChange, Line, Plan, Verb};
use domain::wish::Wish;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How often a step is looked at before its reader is told that it cannot be: where Azure does not answer, and where it
/// asks to wait, which is what it does while many plans are made.
const LOOKS: usize = 3;
const PATIENT_LOOKS: usize = 8;

impl Recipe {
    /// The plan as if nothing stood yet; asks nobody.
    pub fn plan(&self, subject: &Subject<'_>) -> Plan {
        let mut plan = Plan::default();
        for step in self.steps(subject.wish) {
            let mut lines = step.plan(subject);
            let after = self.titles(step.needs().into_iter().map(|(need, _)| need).filter(|need| {
                // What makes nothing knows nothing that would have to be waited for.
                self.step(need).is_some_and(|step| !step.plan(subject).is_empty())
            }));
            lines.iter_mut().for_each(|line| line.known_after.clone_from(&after));
            plan.lines.extend(lines);
            plan.permits.extend(step.permits(subject));
            plan.findings.extend(step.warns(subject));
        }
        plan
    }

    /// The plan over what stands now; `former` is the wish under which it came to stand, where there is another one.
    pub async fn plan_looked(
        &self,
        cx: &Context<'_>,
        outline: &[Outline],
        former: Option<&Wish>,
    ) -> Result<Plan, StepError> {
        let cx = &cx.anew();
        let mut plan = Plan::default();
        let built = outline.iter().filter(|step| step.aim == Aim::There);
        let mut ledger = Ledger::of(built.clone().map(|step| step.recipe_key()));
        let mut seen = Seen::default();
        for outlined in built {
            let Some(step) = self.step(outlined.recipe_key()) else { continue };
            plan.lines.extend(self.line(cx, step, &mut ledger, &mut seen).await?);
            plan.permits.extend(step.permits(&cx.subject));
            plan.findings.extend(step.warns(&cx.subject));
        }
        let before = cx.over(former.unwrap_or(cx.subject.wish));
        for outlined in outline.iter().filter(|step| step.aim == Aim::Gone) {
            let Some(step) = self.step(outlined.recipe_key()) else { continue };
            let mut lines = step.plan_removal(&before).await?;
            if outlined.purge {
                lines.iter_mut().for_each(|line| line.detail.push_str(", purged at once"));
            }
            plan.lines.extend(lines);
            plan.kept.extend(outlined.keeps.as_ref().map(|keeps| keeps.sentence()));
        }
        if outline.iter().all(|step| step.aim == Aim::Gone || !step.leaves) {
            // Nothing is permitted by an approval to remove.
            plan.permits.clear();
            plan.findings.clear();
        }
        Ok(plan)
    }

    fn titles<'k>(&self, keys: impl Iterator<Item = &'k str>) -> Vec<String> {
        keys.filter_map(|key| Some(self.step(key)?.title().to_owned())).collect()
    }

    /// What another look would do otherwise than was approved, in sentences; empty where nothing.
    pub fn differences(&self, approved: &Plan, mut now: Plan) -> Vec<String> {
        // What all environments share and nobody takes away: that another job was quicker is as good.
        let shared = |line: &Line| self.step(&line.step).is_some_and(|step| !step.leaves());
        for line in now.lines.iter_mut().filter(|line| line.verb == Verb::Keep && shared(line)) {
            let before = approved.lines.iter().find(|before| before.step == line.step);
            line.verb = before.map_or(line.verb, |before| before.verb);
        }
        approved.differences(&now)
    }

    /// What a step that shall stand will do.
    async fn line(
        &self,
        cx: &Context<'_>,
        step: &Arc<dyn AnyStep>,
        ledger: &mut Ledger,
        seen: &mut Seen,
    ) -> Result<Vec<Line>, StepError> {
        let mut lines = step.plan(&cx.subject);
        let looked = self.looked(cx, step, ledger, seen).await?;
        let (verb, changes) = match looked {
            Verdict::Absent => {
                seen.absent.insert(step.key());
                (Verb::Create, Vec::new())
            }
            Verdict::Moving { .. } => (Verb::Keep, Vec::new()),
            Verdict::Differs { differences, output } if step.in_place(&differences) => {
                ledger.keep(step.key(), output);
                (Verb::Change, fields(&differences))
            }
            Verdict::Differs { differences, .. } => {
                seen.anew.insert(step.key());
                (Verb::Replace, fields(&differences))
            }
            Verdict::AsWanted(_) if step.needs().iter().any(|(need, _)| seen.anew.contains(need)) => {
                (Verb::Change, Vec::new())
            }
            Verdict::AsWanted(output) => {
                ledger.keep(step.key(), output);
                (Verb::Keep, Vec::new())
            }
        };
        if verb == Verb::Create {
            let titles = self.titles(step.needs().into_iter().map(|(need, _)| need).filter(|need| !ledger.knows(need)));
            lines.iter_mut().for_each(|line| line.known_after.clone_from(&titles));
        }
        for line in lines.iter_mut().filter(|line| line.verb == Verb::Create) {
            line.verb = verb;
            line.changes.clone_from(&changes);
        }
        Ok(lines)
    }

    /// Asks Azure what stands of a step; what lies in something absent is not asked for.
    async fn looked(
        &self,
        cx: &Context<'_>,
        step: &Arc<dyn AnyStep>,
        ledger: &Ledger,
        seen: &Seen,
    ) -> Result<Verdict, StepError> {
        if step.lies_in(cx.subject.wish).is_some_and(|around| seen.absent.contains(around)) {
            return Ok(Verdict::Absent);
        }
        // What makes nothing, as the look at the world, is nothing that could stand.
        let makes = |need| self.step(need).is_some_and(|step| !step.plan(&cx.subject).is_empty());
        let needs_stand = step.needs().into_iter().all(|(need, _)| ledger.knows(need) || !makes(need));
        let mut looked = step.look(cx, ledger).await;
        let mut looks = 1;
        while let Err(StepError::Retry { after, .. }) = &looked {
            // Where Azure asked to wait, the next call waits by itself.
            if !needs_stand || looks == if after.is_some() { PATIENT_LOOKS } else { LOOKS } {
                break;
            }
            looks += 1;
            looked = step.look(cx, ledger).await;
        }
        match looked {
            // What it is made from does not stand, or has not arrived: neither can it, as it is wished.
            Err(StepError::Retry { .. }) if !needs_stand => Ok(Verdict::Absent),
            looked => looked,
        }
    }
}

/// What the steps before have shown.
#[derive(Default)]
struct Seen {
    absent: BTreeSet<&'static str>,
    /// What is removed and made again: whatever needs that is made anew with it.
    anew: BTreeSet<&'static str>,
}

/// Differences as people read them; what Azure will only decide later reads as its reference.
fn fields(differences: &[Difference]) -> Vec<FieldChange> {
    let field = |difference: &Difference| {
        // Places in lists say nothing to people: `agentPoolProfiles.count`.
        let named = |part: &&str| !part.is_empty() && *part != "properties" && part.parse::<usize>().is_err();
        let path: Vec<&str> = difference.field.split('/').filter(named).collect();
        FieldChange {
            field: path.join(".").replace("~1", "/").replace("~0", "~"),
            from: text(&difference.found),
            to: text(&difference.wanted),
        }
    };
    differences.iter().map(field).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

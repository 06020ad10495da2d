//! The checks as the last step of a job: what they find is kept, and none of it fails the job.

use super::{Insights, WebApp};
use crate::checks::{self, Run};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values};
use async_trait::async_trait;
use domain::check::count;
use domain::environment::Part;
use domain::plan;
use domain::view::job::Tone;
use domain::wish::Wish;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub struct Validation;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub failed: usize,
    pub open: usize,
    pub passed: usize,
}

#[async_trait]
impl Step for Validation {
    type Needs = (WebApp, Option<Insights>);
    type Output = Made;
    const KEY: &'static str = "checks";
    const TITLE: &'static str = "Checks";
    const PART: Option<Part> = None;
    const LEAVES: bool = false;

    fn resource(&self, wish: &Wish) -> String {
        let count = checks::all().iter().filter(|check| check.applies(wish)).count();
        format!("{count} checks")
    }

    fn plan(&self, _subject: &Subject<'_>) -> Vec<plan::Line> {
        Vec::new() // looking changes nothing
    }

    fn wants(&self, _subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        Value::Null
    }

    async fn look(&self, _cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        Ok(Found::Absent) // a proof is of now, whatever was proved before
    }

    async fn run(
        &self,
        cx: &Context<'_>,
        (app, _): &Values<Self>,
        _wants: &Value,
    ) -> Result<Progress<Made>, StepError> {
        let environment = cx.subject.environment;
        let mut tx = cx.store.join().await?;
        crate::store::standing::set_address(&mut tx, environment, Some(&app.address)).await?;
        tx.commit().await?;
        let run = Run::new(environment, "job", 0);
        run.begin(cx.store, cx.now).await?;
        // Insights were switched on within this job, so that their first records may still be on the way.
        let subject = checks::Subject::new(cx.azure.clone(), cx.subject.wish.clone(), cx.now, None);
        let results = run.ask(cx.store, &subject).await?;
        let (failed, open, passed) = count(&results);
        for result in results.iter().filter(|result| result.verdict != domain::check::Verdict::Passed) {
            let tone = if result.verdict == domain::check::Verdict::Failed { Tone::Failed } else { Tone::Waiting };
            cx.say(tone, format!("{}: {}", result.title, result.summary));
        }
        cx.say(Tone::Done, format!("{passed} passed, {failed} failed, {open} could not tell"));
        Ok(Progress::Made(Made { failed, open, passed }))
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        needs: &Values<Self>,
        _operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        self.run(cx, needs, &Value::Null).await
    }

    async fn undo(&self, _cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        Ok(Undo::Gone)
    }
}

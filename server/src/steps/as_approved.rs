//! The first look of every job: whether the world is still the one over which the plan was approved.

use crate::engine::refusal::failure;
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values};
use async_trait::async_trait;
use domain::environment::Part;
use domain::failure::Mend;
use domain::plan;
use domain::wish::Wish;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub struct AsApproved;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {}

#[async_trait]
impl Step for AsApproved {
    type Needs = ();
    type Output = Made;
    const KEY: &'static str = "as-approved";
    const TITLE: &'static str = "Approved plan";
    const PART: Option<Part> = None;
    const LEAVES: bool = false;

    fn resource(&self, _wish: &Wish) -> String {
        "the world as it was approved".to_owned()
    }

    fn plan(&self, _subject: &Subject<'_>) -> Vec<plan::Line> {
        Vec::new() // looking changes nothing
    }

    fn wants(&self, _subject: &Subject<'_>, (): &References<Self>) -> Value {
        Value::Null
    }

    async fn look(&self, _cx: &Context<'_>, (): &References<Self>) -> Result<Found<Made>, StepError> {
        Ok(Found::Absent) // the world is looked at anew by every job
    }

    async fn run(&self, cx: &Context<'_>, (): &Values<Self>, _wants: &Value) -> Result<Progress<Made>, StepError> {
        let Some(approved) = cx.approved else { return Ok(Progress::Made(Made {})) };
        let differences = approved.differences(cx).await?;
        if differences.is_empty() {
            return Ok(Progress::Made(Made {}));
        }
        Err(StepError::Person {
            failure: failure(
                "the world has changed since",
                Some(differences.join("\n")),
                "What stands on Azure is not what the approver saw, so that something else would be done than was approved.",
                "Ask again with the plan as it is now; or bring back what was there, then retry.",
                Some(Mend::Plan),
            ),
        })
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        needs: &Values<Self>,
        _operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        self.run(cx, needs, &Value::Null).await
    }

    async fn undo(&self, _cx: &Context<'_>, (): &References<Self>) -> Result<Undo, StepError> {
        Ok(Undo::Gone)
    }
}

//! When Azure may renew the nodes' images: early on Sundays, written out so that no default surprises anybody.

use super::{Cluster, line, place};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use domain::environment::Part;
use domain::wish::Wish;
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct Maintenance;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {}

fn made(_document: &Value) -> Result<Made, StepError> {
    Ok(Made {})
}

#[async_trait]
impl Step for Maintenance {
    type Needs = (Cluster,);
    type Output = Made;
    const KEY: &'static str = "maintenance";
    const TITLE: &'static str = "Maintenance window";
    const PART: Option<Part> = Some(Part::Cluster);

    fn resource(&self, wish: &Wish) -> String {
        naming::cluster(wish)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let detail = format!("node images of {}, Sundays from 02:00 UTC, 4 hours", naming::cluster(subject.wish));
        vec![line(Self::KEY, "aksManagedNodeOSUpgradeSchedule", "Maintenance window", detail)]
    }

    fn wants(&self, _subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        json!({ "properties": { "maintenanceWindow": {
            "schedule": { "weekly": { "intervalWeeks": 1, "dayOfWeek": "Sunday" } },
            "durationHours": 4,
            "startTime": "02:00",
            "utcOffset": "+00:00",
        }}})
    }

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        answer::found(cx, cx.azure.arm().get(&place(&cx.subject).maintenance()).await?, made)
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, wants: &Value) -> Result<Progress<Made>, StepError> {
        answer::begun(cx.azure.arm().put(&place(&cx.subject).maintenance(), wants).await?, made)
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        answer::followed(cx, operation, made).await
    }

    async fn undo(&self, _cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        Ok(Undo::Gone) // it goes with its cluster
    }
}

//! When Azure may renew the nodes' images: early on Sundays, written out so that no default surprises anybody.

use super::resource::Resource;
use super::{Cluster, line, place};
use crate::engine::{Context, References, StepError, Subject};
use azure::ResourceId;
use domain::environment::Part;
use domain::wish::Wish;
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct Maintenance;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {}

impl Resource for Maintenance {
    type Needs = (Cluster,);
    type Output = Made;
    const KEY: &'static str = "maintenance";
    const TITLE: &'static str = "Maintenance";
    const PART: Option<Part> = Some(Part::Cluster);

    fn resource(&self, wish: &Wish) -> String {
        naming::cluster(wish)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let detail = format!("node images of {}, Sundays from 02:00 UTC, 4 hours", naming::cluster(subject.wish));
        vec![line(Self::KEY, "aksManagedNodeOSUpgradeSchedule", "Maintenance window", detail)]
    }

    fn id(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Option<ResourceId> {
        Some(place(subject).maintenance())
    }

    fn wants(&self, _subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        json!({ "properties": { "maintenanceWindow": {
            "schedule": { "weekly": { "intervalWeeks": 1, "dayOfWeek": "Sunday" } },
            "durationHours": 4,
            "startTime": "02:00",
            "utcOffset": "+00:00",
        }}})
    }

    fn made(_document: &Value) -> Result<Made, StepError> {
        Ok(Made {})
    }

    fn goes_with(&self, cx: &Context<'_>) -> bool {
        cx.goes_too::<Cluster>()
    }
}

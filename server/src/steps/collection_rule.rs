//! What Container Insights collects and where it goes: the rule that the Azure command line makes too, under the same name.

use super::resource::Resource;
use super::{Workspace, line, place};
use crate::engine::{References, StepError, Subject, answer};
use azure::ResourceId;
use domain::environment::Part;
use domain::wish::Wish;
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct CollectionRule;

const STREAM: &str = "Microsoft-ContainerInsights-Group-Default";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub id: String,
}

impl Resource for CollectionRule {
    type Needs = (Workspace,);
    type Output = Made;
    const KEY: &'static str = "collection-rule";
    const TITLE: &'static str = "Collection rule";
    const PART: Option<Part> = Some(Part::Insights);

    fn applies(&self, wish: &Wish) -> bool {
        wish.insights.is_some()
    }

    fn resource(&self, wish: &Wish) -> String {
        naming::data_collection_rule(wish)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let detail = format!("inventory, metrics and logs to {}", naming::workspace(subject.wish));
        vec![line(Self::KEY, self.resource(subject.wish), "Data collection rule", detail)]
    }

    fn id(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Option<ResourceId> {
        Some(place(subject).data_collection_rule())
    }

    fn wants(&self, subject: &Subject<'_>, (workspace,): &References<Self>) -> Value {
        json!({
            // The rule lies where its workspace lies, as the Azure command line has it.
            "location": workspace.get(|made| made.location.clone()),
            "kind": "Linux",
            "tags": subject.tags(),
            "properties": {
                "dataSources": { "extensions": [{
                    "name": "ContainerInsightsExtension",
                    "extensionName": "ContainerInsights",
                    "streams": [STREAM],
                    "extensionSettings": { "dataCollectionSettings": { "interval": "1m", "enableContainerLogV2": true } },
                }]},
                "dataFlows": [{ "streams": [STREAM], "destinations": ["la-workspace"] }],
                "destinations": { "logAnalytics": [{
                    "name": "la-workspace",
                    "workspaceResourceId": workspace.get(|made| made.id.clone()),
                }]},
            },
        })
    }

    fn made(document: &Value) -> Result<Made, StepError> {
        Ok(Made { id: answer::text(document, "/id")? })
    }
}

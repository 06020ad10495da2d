//! The Log Analytics workspace: the environment's own, or a shared one that is only looked at and never deleted.

use super::{Providers, ResourceGroup, line, place};
use crate::engine::refusal::failure;
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use domain::environment::Part;
use domain::job::Keeps;
use domain::wish::{self, Wish};
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct Workspace;

const KIND: &str = "Log Analytics workspace";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub id: String,
    pub location: String,
}

fn made(document: &Value) -> Result<Made, StepError> {
    Ok(Made { id: answer::text(document, "/id")?, location: answer::text(document, "/location")? })
}

const SKU: &str = "PerGB2018";

/// Azure gives the tier back in lower case.
fn spelt(mut workspace: Value) -> Value {
    let sku = &mut workspace["properties"]["sku"]["name"];
    if sku.as_str().is_some_and(|name| name.eq_ignore_ascii_case(SKU)) {
        *sku = json!(SKU);
    }
    workspace
}

fn shared(wish: &Wish) -> bool {
    wish.insights.as_ref().is_some_and(|insights| matches!(insights.workspace, wish::Workspace::Shared { .. }))
}

fn kept_days(wish: &Wish) -> u32 {
    wish.insights.as_ref().map_or(30, |insights| insights.kept_days)
}

#[async_trait]
impl Step for Workspace {
    type Needs = (Providers, ResourceGroup);
    type Output = Made;
    const KEY: &'static str = "workspace";
    const TITLE: &'static str = "Workspace";
    const PART: Option<Part> = Some(Part::Insights);

    fn applies(&self, wish: &Wish) -> bool {
        wish.insights.is_some()
    }

    fn resource(&self, wish: &Wish) -> String {
        naming::workspace(wish)
    }

    fn lies_in(&self, wish: &Wish) -> Option<&'static str> {
        (!shared(wish)).then_some(ResourceGroup::KEY)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let name = self.resource(subject.wish);
        if shared(subject.wish) {
            let line = line(Self::KEY, name, KIND, "shared with others, never deleted");
            return vec![plan::Line { verb: plan::Verb::Keep, ..line }];
        }
        vec![line(Self::KEY, name, KIND, format!("records kept {} days", kept_days(subject.wish)))]
    }

    /// <https://learn.microsoft.com/azure/azure-monitor/logs/delete-workspace>: 14 days, the name is free at once in
    /// another group.
    fn keeps(&self, wish: &Wish) -> Option<Keeps> {
        (!shared(wish)).then(|| Keeps {
            kind: KIND.to_owned(),
            name: naming::workspace(wish),
            days: 14,
            holds_name: false,
        })
    }

    fn leaves_former(&self, former: &Wish, wish: &Wish) -> bool {
        naming::workspace(former) != naming::workspace(wish)
    }

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        if shared(subject.wish) {
            return Value::Null;
        }
        json!({
            "location": subject.wish.region,
            "tags": subject.tags(),
            "properties": {
                "sku": { "name": SKU },
                "retentionInDays": kept_days(subject.wish),
                "publicNetworkAccessForIngestion": "Enabled",
                "publicNetworkAccessForQuery": "Enabled",
            },
        })
    }

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        let found = cx.get(&place(&cx.subject).workspace()).await?;
        if found.is_none() && shared(cx.subject.wish) {
            return Err(StepError::Person {
                failure: failure(
                    "the shared one is not there",
                    None,
                    "A shared workspace was named that does not exist, or that Keystead may not see.",
                    "Have it made, or give Keystead's identity Reader on it, then retry.",
                    None,
                ),
            });
        }
        answer::found(cx, found.map(spelt), made)
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, wants: &Value) -> Result<Progress<Made>, StepError> {
        answer::begun(cx.azure.arm().put(&place(&cx.subject).workspace(), wants).await?, made)
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        answer::followed(cx, operation, made).await
    }

    async fn undo(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        if shared(cx.subject.wish) {
            return Ok(Undo::Gone);
        }
        answer::undone(cx.azure.arm().delete(&place(&cx.subject).workspace()).await?)
    }

    async fn follow_undo(
        &self,
        cx: &Context<'_>,
        _needs: &References<Self>,
        operation: &Value,
    ) -> Result<Undo, StepError> {
        answer::followed_undo(cx, operation).await
    }
}

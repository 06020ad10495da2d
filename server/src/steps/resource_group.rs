//! The resource group that holds everything else of an environment.

use super::{AsApproved, line, place};
use crate::engine::refusal::failure;
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use domain::environment::Part;
use domain::view::job::Tone;
use domain::wish::Wish;
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct ResourceGroup;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {}

const OWNER_TAG: &str = naming::ENVIRONMENT_TAG;

fn made(_document: &Value) -> Result<Made, StepError> {
    Ok(Made {})
}

fn is_ours(subject: &Subject<'_>, document: &Value) -> bool {
    document["tags"][OWNER_TAG] == subject.environment.as_str()
}

/// A group of this name that somebody else made is left alone, and so is everything in it.
fn ours(subject: &Subject<'_>, document: Option<Value>) -> Result<Option<Value>, StepError> {
    match document {
        Some(document) if !is_ours(subject, &document) => Err(StepError::Person {
            failure: failure(
                "another one of this name is there",
                None,
                "A resource group of this name exists that this request did not make; Keystead leaves it alone.",
                "Have it removed, then retry; or roll back and ask under another name.",
                None,
            ),
        }),
        found => Ok(found),
    }
}

/// What lies in the group: what this environment's tags name, and what somebody else put there.
async fn inside(cx: &Context<'_>) -> Result<(Vec<Value>, Vec<Value>), StepError> {
    let path = format!("{}/resources", place(&cx.subject).resource_group());
    let found = cx.azure.arm().list(&path, None).await?;
    Ok(found.into_iter().partition(|resource| is_ours(&cx.subject, resource)))
}

/// "kv-shop, aks-shop and 3 more".
fn named(resources: &[Value]) -> String {
    const MOST: usize = 5;
    let names = resources.iter().map(|resource| resource["name"].as_str().unwrap_or_default());
    let mut said = names.take(MOST).collect::<Vec<_>>().join(", ");
    if resources.len() > MOST {
        said.push_str(&format!(" and {} more", resources.len() - MOST));
    }
    said
}

#[async_trait]
impl Step for ResourceGroup {
    type Needs = (AsApproved,);
    type Output = Made;
    const KEY: &'static str = "resource-group";
    const TITLE: &'static str = "Resource group";
    const PART: Option<Part> = None;

    fn resource(&self, wish: &Wish) -> String {
        naming::resource_group(wish)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let (region, tags) = (&subject.wish.region, subject.wish.tagged());
        let detail = if tags.is_empty() { region.to_string() } else { format!("{region}, everything tagged {tags}") };
        vec![line(Self::KEY, self.resource(subject.wish), "Resource group", &detail)]
    }

    /// A group goes only if nothing else is left in it.
    async fn plan_removal(&self, cx: &Context<'_>) -> Result<Vec<plan::Line>, StepError> {
        let (_, strangers) = match cx.azure.arm().get(&place(&cx.subject).resource_group()).await? {
            Some(_) => inside(cx).await?,
            None => (Vec::new(), Vec::new()),
        };
        let mut lines = self.plan(&cx.subject);
        for line in &mut lines {
            line.verb = if strangers.is_empty() { plan::Verb::Delete } else { plan::Verb::Keep };
            if !strangers.is_empty() {
                line.detail = format!("stays, because others are in it: {}", named(&strangers));
            }
        }
        Ok(lines)
    }

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        json!({ "location": subject.wish.region, "tags": subject.tags() })
    }

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        let group = cx.get(&place(&cx.subject).resource_group()).await?;
        answer::found(cx, ours(&cx.subject, group)?, made)
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, wants: &Value) -> Result<Progress<Made>, StepError> {
        answer::begun(cx.azure.arm().put(&place(&cx.subject).resource_group(), wants).await?, made)
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
        let id = place(&cx.subject).resource_group();
        match cx.azure.arm().get(&id).await? {
            Some(group) if is_ours(&cx.subject, &group) => {}
            _ => return Ok(Undo::Gone),
        }
        let (own, strangers) = inside(cx).await?;
        if !strangers.is_empty() {
            cx.say(
                Tone::Plain,
                format!("{} stays, because others are in it: {}", self.resource(cx.subject.wish), named(&strangers)),
            );
            return Ok(Undo::Gone);
        }
        if !own.is_empty() {
            return Err(StepError::later(format!("still to go before their group: {}", named(&own))));
        }
        answer::undone(cx.azure.arm().delete(&id).await?)
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

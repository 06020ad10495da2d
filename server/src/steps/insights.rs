//! Container Insights, switched on after cluster and roles stand: the association, then the add-on with Entra sign-in,
//! which puts no identity of its own on the nodes.

use super::{
    AgentPoolVaultRole, AppVaultRole, Cluster, CollectionRule, PortalClusterRole, ResourceGroup, Workspace, line, place,
};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use domain::environment::Part;
use domain::wish::Wish;
use domain::{naming, plan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub struct Insights;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {}

fn made(_document: &Value) -> Result<Made, StepError> {
    Ok(Made {})
}

/// Azure writes the add-on's key as `omsagent` or `omsAgent`.
fn add_on(cluster: &Value) -> Value {
    let add_ons = cluster["properties"]["addonProfiles"].as_object();
    let found = add_ons.and_then(|all| all.iter().find(|(key, _)| key.eq_ignore_ascii_case("omsagent")));
    found.map_or(Value::Null, |(_, add_on)| add_on.clone())
}

/// A PUT replaces the whole cluster: everything that is there goes back with it, the add-on as it shall be.
fn switch(cluster: &mut Value, add_on: Value) {
    cluster["properties"]["addonProfiles"]["omsagent"] = add_on;
    if let Some(add_ons) = cluster["properties"]["addonProfiles"].as_object_mut() {
        add_ons.retain(|key, _| key == "omsagent" || !key.eq_ignore_ascii_case("omsagent"));
    }
}

#[async_trait]
impl Step for Insights {
    type Needs =
        (Cluster, Workspace, CollectionRule, Option<AppVaultRole>, Option<AgentPoolVaultRole>, PortalClusterRole);
    type Output = Made;
    const KEY: &'static str = "insights";
    const TITLE: &'static str = "Insights";
    const PART: Option<Part> = Some(Part::Insights);

    fn applies(&self, wish: &Wish) -> bool {
        wish.insights.is_some()
    }

    fn resource(&self, wish: &Wish) -> String {
        format!("Container Insights on {}", naming::cluster(wish))
    }

    fn lies_in(&self, _wish: &Wish) -> Option<&'static str> {
        Some(ResourceGroup::KEY)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let cluster = naming::cluster(subject.wish);
        vec![
            line(Self::KEY, "ContainerInsightsExtension", "Data collection rule association", format!("on {cluster}")),
            line(Self::KEY, "Container Insights", "Add-on", format!("on {cluster}, with Entra sign-in")),
        ]
    }

    fn wants(&self, subject: &Subject<'_>, needs: &References<Self>) -> Value {
        let (_, workspace, rule, ..) = needs;
        json!({
            "association": {
                "location": subject.wish.region,
                "properties": { "dataCollectionRuleId": rule.get(|made| made.id.clone()) },
            },
            "addOn": {
                "enabled": true,
                "config": {
                    "logAnalyticsWorkspaceResourceID": workspace.get(|made| made.id.clone()),
                    "useAADAuth": "true",
                },
            },
        })
    }

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        let place = place(&cx.subject);
        let Some(cluster) = cx.azure.arm().get(&place.cluster()).await? else { return Ok(Found::Absent) };
        let add_on = add_on(&cluster);
        if let Found::Moving { operation, after } = answer::found(cx, Some(cluster), made)? {
            return Ok(Found::Moving { operation, after });
        }
        let Some(association) = cx.get(&place.data_collection_rule_association()).await? else {
            return Ok(Found::Absent);
        };
        let mut association = association;
        association["location"] = json!(cx.subject.wish.region); // Azure does not give it back
        Ok(Found::There { document: json!({ "association": association, "addOn": add_on }), output: Made {} })
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, wants: &Value) -> Result<Progress<Made>, StepError> {
        let place = place(&cx.subject);
        let arm = cx.azure.arm();
        let Some(mut cluster) = cx.get(&place.cluster()).await? else {
            return Err(StepError::later("the cluster is not visible yet"));
        };
        arm.put(&place.data_collection_rule_association(), &wants["association"]).await?;
        switch(&mut cluster, wants["addOn"].clone());
        answer::begun(arm.put(&place.cluster(), &cluster).await?, made)
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        answer::followed(cx, operation, made).await
    }

    /// The association is a resource on the cluster and goes first; then the add-on is switched off, unless the cluster
    /// goes too.
    async fn undo(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        let (arm, place) = (cx.azure.arm(), place(&cx.subject));
        arm.delete(&place.data_collection_rule_association()).await?;
        if cx.goes_too::<Cluster>() {
            return Ok(Undo::Gone);
        }
        let Some(mut cluster) = arm.get(&place.cluster()).await? else { return Ok(Undo::Gone) };
        if add_on(&cluster)["enabled"] != json!(true) {
            return Ok(Undo::Gone);
        }
        switch(&mut cluster, json!({ "enabled": false }));
        answer::undone(arm.put(&place.cluster(), &cluster).await?)
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

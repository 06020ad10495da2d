//! Policies of the subscription that will refuse what the plan makes, asked of Azure beforehand.
//!
//! Only what policies are usually about is told: type, name, place, tags, and the size of the nodes.

use super::{Question, Warning, deny, providers};
use async_trait::async_trait;
use azure::{Answer, Error};
use domain::naming;
use domain::plan::Finding;
use futures::future::try_join_all;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) struct Policy;

#[async_trait]
impl Warning for Policy {
    fn about(&self) -> &'static str {
        "policies of the subscription"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        // Where it was never registered, nobody can be asked.
        if !providers::has(question, "Microsoft.PolicyInsights").await? {
            return Ok(Vec::new());
        }
        let wish = question.subject.wish;
        let content = |kind: &str, name: &str, properties: Value| {
            json!({
                "type": kind, "name": name, "location": wish.region, "tags": question.subject.tags(),
                "properties": properties,
            })
        };
        let pool = json!({ "agentPoolProfiles": [{ "name": "nodes", "vmSize": wish.cluster.node_size, "count": wish.cluster.nodes }] });
        let roles = json!({ "enableRbacAuthorization": true });
        let all = [
            (
                "resource-group",
                "Microsoft.Resources/subscriptions/resourceGroups",
                naming::resource_group(wish),
                json!({}),
            ),
            ("cluster", "Microsoft.ContainerService/managedClusters", naming::cluster(wish), pool),
            ("vault", "Microsoft.KeyVault/vaults", wish.vault.name.to_string(), roles),
            ("app-identity", "Microsoft.ManagedIdentity/userAssignedIdentities", naming::app_identity(wish), json!({})),
            ("workspace", "Microsoft.OperationalInsights/workspaces", naming::workspace(wish), json!({})),
        ];
        let made = all.into_iter().filter(|(step, ..)| question.makes(step));
        let asked = made.map(async |(_, kind, name, properties)| {
            let found = refusals(question, &content(kind, &name, properties)).await?;
            Ok::<_, Error>(found.into_iter().map(move |refusal| (refusal, name.clone())).collect::<Vec<_>>())
        });
        Ok(told(try_join_all(asked).await?.concat()))
    }
}

/// A policy that refuses several things for the same reason is told once.
fn told(refused: Vec<(Refused, String)>) -> Vec<Finding> {
    let mut by_reason: BTreeMap<Refused, Vec<String>> = BTreeMap::new();
    for (refusal, name) in refused {
        by_reason.entry(refusal).or_default().push(name);
    }
    by_reason.iter().map(|(refusal, names)| deny("", sentence(refusal, names))).collect()
}

/// The assignment that denies, and what of the content it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Refused {
    assignment: String,
    why: Option<String>,
}

fn sentence(Refused { assignment, why }: &Refused, names: &[String]) -> String {
    let why = why.as_ref().map(|why| format!(" because of {why}")).unwrap_or_default();
    format!(
        "The policy {assignment} refuses {}{why}: ask for what it allows, or its owner for an exemption.",
        names.join(", ")
    )
}

/// Each assignment that denies.
async fn refusals(question: &Question<'_>, content: &Value) -> Result<Vec<Refused>, Error> {
    let provider = format!("{}/providers/Microsoft.PolicyInsights", question.place().subscription());
    let body = json!({ "resourceDetails": { "resourceContent": content } });
    let answer = question.azure.arm().post(&provider, "checkPolicyRestrictions", &body).await?;
    let Answer::Done(answer) = answer else { return Ok(Vec::new()) };
    let evaluations = answer["contentEvaluationResult"]["policyEvaluations"].as_array().cloned().unwrap_or_default();
    let refused = |one: &Value| {
        let assignment = one["policyInfo"]["policyAssignmentId"].as_str().unwrap_or_default();
        let assignment = assignment.rsplit('/').next().unwrap_or(assignment).to_owned();
        let details = one["evaluationDetails"]["evaluatedExpressions"].as_array().cloned().unwrap_or_default();
        let why = details.iter().find_map(|detail| {
            let (field, value) = (detail["expression"].as_str()?, &detail["expressionValue"]);
            Some(format!("{field} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        });
        Refused { assignment, why }
    };
    Ok(evaluations.iter().filter(|one| one["evaluationResult"] == "NonCompliant").map(refused).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_refuses_several_things_is_told_once_with_all_of_them() {
        let refused = |assignment: &str, why: &str, name: &str| {
            (Refused { assignment: assignment.to_owned(), why: Some(why.to_owned()) }, name.to_owned())
        };
        let found = told(vec![
            refused("places", "location westeurope", "aks-shop"),
            refused("sizes", "vmSize large", "aks-shop"),
            refused("places", "location westeurope", "kv-shop"),
        ]);
        let sentences: Vec<&str> = found.iter().map(|finding| finding.sentence.as_str()).collect();
        let end = "ask for what it allows, or its owner for an exemption.";
        assert_eq!(
            sentences,
            [
                format!("The policy places refuses aks-shop, kv-shop because of location westeurope: {end}"),
                format!("The policy sizes refuses aks-shop because of vmSize large: {end}"),
            ]
        );
    }
}

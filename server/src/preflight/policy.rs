//! Policies of the subscription that will refuse the cluster or the vault, asked of Azure beforehand.
//!
//! Only what policies are usually about is told: type, name, place, tags, and the size of the nodes.

use super::{Question, Warning, deny};
use async_trait::async_trait;
use azure::{Answer, Error};
use domain::naming;
use domain::plan::Finding;
use serde_json::{Value, json};

pub(super) struct Policy;

#[async_trait]
impl Warning for Policy {
    fn about(&self) -> &'static str {
        "policies of the subscription"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        let wish = question.subject.wish;
        let content = |kind: &str, name: &str, properties: Value| {
            json!({
                "type": kind, "name": name, "location": wish.region, "tags": question.subject.tags(),
                "properties": properties,
            })
        };
        let pool = json!({ "agentPoolProfiles": [{ "name": "nodes", "vmSize": wish.cluster.node_size, "count": wish.cluster.nodes }] });
        let asked = [
            ("cluster", content("Microsoft.ContainerService/managedClusters", &naming::cluster(wish), pool)),
            (
                "vault",
                content(
                    "Microsoft.KeyVault/vaults",
                    wish.vault.name.as_str(),
                    json!({ "enableRbacAuthorization": true }),
                ),
            ),
        ];
        let mut findings = Vec::new();
        for (step, content) in asked {
            if question.makes(step) {
                findings.extend(refusals(question, &content).await?);
            }
        }
        Ok(findings)
    }
}

/// One finding for each assignment that denies; none where the provider that could say so was never registered.
async fn refusals(question: &Question<'_>, content: &Value) -> Result<Vec<Finding>, Error> {
    let provider = format!("{}/providers/Microsoft.PolicyInsights", question.place().subscription());
    let body = json!({ "resourceDetails": { "resourceContent": content } });
    let answer = match question.azure.arm().post(&provider, "checkPolicyRestrictions", &body).await {
        Err(error) if error.is_code("MissingSubscriptionRegistration") => return Ok(Vec::new()),
        answer => answer?,
    };
    let Answer::Done(answer) = answer else { return Ok(Vec::new()) };
    let evaluations = answer["contentEvaluationResult"]["policyEvaluations"].as_array().cloned().unwrap_or_default();
    let denied = evaluations.iter().filter(|one| one["evaluationResult"] == "NonCompliant");
    let name = content["name"].as_str().unwrap_or_default();
    let sentence = |one: &Value| {
        let assignment = one["policyInfo"]["policyAssignmentId"].as_str().unwrap_or_default();
        let assignment = assignment.rsplit('/').next().unwrap_or(assignment);
        let details = one["evaluationDetails"]["evaluatedExpressions"].as_array().cloned().unwrap_or_default();
        let why = details.iter().find_map(|detail| {
            let (field, value) = (detail["expression"].as_str()?, &detail["expressionValue"]);
            Some(format!(" because of {field} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        });
        format!(
            "The policy {assignment} refuses {name}{}: ask for what it allows, or its owner for an exemption.",
            why.unwrap_or_default()
        )
    };
    Ok(denied.map(|one| deny("", sentence(one))).collect())
}

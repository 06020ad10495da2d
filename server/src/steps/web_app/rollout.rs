//! One look at a rollout: complete, on its way with a line for people, or stopped by something that a person must mend.

use crate::checks::{self, Report};
use crate::engine::refusal::failure;
use azure::kubernetes::{self, Reference};
use domain::failure::{Failure, Mend};
use domain::naming::WEB_APP;
use serde_json::Value;

/// What one look saw.
pub(super) enum Rollout {
    /// Every pod is ready and the service has its address.
    Complete { address: String },
    /// It goes on by itself.
    Going { ready: i64, wanted: i64, why: Option<String> },
    /// Waiting longer helps only if the cause goes away: a right on its way, or a person.
    Stuck { why: String, failure: Failure, final_answer: bool },
}

pub(super) async fn look(client: &kube::Client) -> Result<Rollout, azure::Error> {
    let deployment = kubernetes::get(client, &Reference::new("apps/v1", "Deployment", Some(WEB_APP), WEB_APP)).await?;
    let Some(deployment) = deployment else {
        return Ok(Rollout::Going { ready: 0, wanted: 0, why: None });
    };
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let status = &deployment["status"];
    let wanted = number(&deployment["spec"]["replicas"]);
    let ready = number(&status["readyReplicas"]);
    let seen = number(&status["observedGeneration"]) >= number(&deployment["metadata"]["generation"]);
    let complete =
        seen && number(&status["updatedReplicas"]) == wanted && number(&status["availableReplicas"]) == wanted;
    if complete && ready == wanted {
        let service = kubernetes::get(client, &Reference::new("v1", "Service", Some(WEB_APP), WEB_APP)).await?;
        return Ok(match service.as_ref().and_then(checks::address) {
            Some(address) => Rollout::Complete { address },
            None => Rollout::Going { ready, wanted, why: Some("waits for its public address".to_owned()) },
        });
    }
    let pods = kubernetes::list(client, "v1", "Pod", Some(WEB_APP), Some("app=webapp")).await?;
    let pods: Vec<Value> = pods.into_iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).collect();
    if let Some(stuck) = image(&pods).or_else(|| not_made(&deployment)) {
        return Ok(stuck);
    }
    let running: Vec<Value> = pods.iter().filter(|pod| pod["status"]["phase"] == "Running").cloned().collect();
    let reports = checks::reports(client, &running).await;
    Ok(reports.iter().find_map(refused).unwrap_or_else(|| Rollout::Going {
        ready,
        wanted,
        why: checks::trouble(&pods).into_iter().next(),
    }))
}

/// A pod whose image cannot be had.
fn image(pods: &[Value]) -> Option<Rollout> {
    let waiting = pods.iter().filter_map(|pod| {
        let state = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
        let reason =
            state["reason"].as_str().filter(|reason| reason.starts_with("ErrImage") || *reason == "ImagePullBackOff");
        reason.map(|reason| format!("{reason}: {}", state["message"].as_str().unwrap_or_default()))
    });
    waiting.into_iter().next().map(|words| Rollout::Stuck {
        why: words.clone(),
        failure: failure(
            "its image cannot be pulled",
            Some(words),
            "The registry does not have the image, or does not give it to the cluster's nodes.",
            "Push the image under the name that was asked for, check that the nodes may pull it, then retry.",
            None,
        ),
        final_answer: false,
    })
}

/// Pods that the cluster does not even make: its words stand on the deployment.
fn not_made(deployment: &Value) -> Option<Rollout> {
    let conditions = deployment["status"]["conditions"].as_array()?;
    let failed = conditions.iter().find(|one| one["type"] == "ReplicaFailure" && one["status"] == "True")?;
    let words = failed["message"].as_str().unwrap_or_default().to_owned();
    let (title, why, remedy) = if words.contains("azure-workload-identity.io") {
        (
            "the cluster's identity webhook does not answer",
            "AKS gives pods their identity by a webhook, and refuses them while it is down.",
            "It usually comes back by itself: retry. Otherwise look at azure-wi-webhook-controller-manager in kube-system.",
        )
    } else {
        (
            "the cluster refuses its pods",
            "A quota, a policy or a webhook in the cluster does not let them be made; its own words are above.",
            "Mend what the words name, then retry.",
        )
    };
    let failure = failure(title, Some(words.clone()), why, remedy, None);
    Some(Rollout::Stuck { why: words, failure, final_answer: false })
}

/// A pod that says itself why it is not ready.
fn refused(report: &Report) -> Option<Rollout> {
    let cause = report.said.as_ref().ok()?.cause.as_ref()?;
    let words = cause.words();
    let stuck = |title: &str, why: &str, remedy: &str, mend, final_answer| Rollout::Stuck {
        why: words.clone(),
        failure: failure(title, Some(words.clone()), why, remedy, mend),
        final_answer,
    };
    Some(match (cause.stage.as_str(), cause.code.as_deref()) {
        ("database", Some("28P01" | "28000")) => stuck(
            "the database refuses the password",
            "The database server does not let this user in with the password that was given.",
            "Type the right password: it is sealed at once, written to the vault, and the job goes on. No new approval is needed.",
            Some(Mend::Password),
            true,
        ),
        ("database", Some("3D000")) => stuck(
            "there is no such database",
            "The server is there, but it has no database of this name.",
            "Have the database made, then retry; or roll back and ask with another name.",
            None,
            true,
        ),
        ("database", _) => stuck(
            "the database does not answer as it should",
            "The web app reads its secrets, but cannot log in with them.",
            "Check that the server runs and lets the cluster in, then retry.",
            None,
            false,
        ),
        ("identity", _) => stuck(
            "the web app gets no token",
            "The token endpoint refuses the pod; its own words are above.",
            "Mend the identity that the words name, then retry.",
            None,
            false,
        ),
        _ => stuck(
            "the vault refuses the web app",
            "The app's identity gets a token, but the vault does not let it read.",
            "Check the app's role on the vault, then retry.",
            None,
            false,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pods_that_are_not_made_are_told_with_the_words_of_the_cluster() {
        let refused = |message: &str| {
            let condition =
                json!({ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message });
            not_made(&json!({ "status": { "conditions": [{ "type": "Available", "status": "False" }, condition] } }))
        };
        let webhook =
            "Internal error occurred: failed calling webhook \"mutation.azure-workload-identity.io\": timeout";
        let told =
            [refused(webhook), refused("pods \"webapp-1\" is forbidden: exceeded quota: small")].map(|rollout| {
                match rollout {
                    Some(Rollout::Stuck { why, failure, final_answer: false }) => (why, failure.title),
                    _ => panic!("it is not stuck"),
                }
            });
        assert_eq!(told[0], (webhook.to_owned(), "the cluster's identity webhook does not answer".to_owned()));
        assert_eq!(told[1].1, "the cluster refuses its pods");
        assert!(
            not_made(&json!({ "status": { "conditions": [{ "type": "ReplicaFailure", "status": "False" }] } }))
                .is_none()
        );
        assert!(not_made(&json!({})).is_none());
    }
}

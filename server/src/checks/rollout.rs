//! What was last rolled out is what runs, and all of it is ready.

use super::{Check, Found, Subject};
use async_trait::async_trait;
use azure::kubernetes::{self, Reference};
use domain::naming::WEB_APP;
use serde_json::Value;

pub(super) struct Rollout;

#[async_trait]
impl Check for Rollout {
    fn key(&self) -> &'static str {
        "rollout"
    }

    fn title(&self) -> &'static str {
        "Rollout is complete and pods are ready"
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let client = subject.kubernetes().await?;
        let reference = Reference::new("apps/v1", "Deployment", Some(WEB_APP), WEB_APP);
        let Some(deployment) = kubernetes::get(client, &reference).await? else {
            return Ok(Found::failed(
                "not there",
                "The web app's deployment is gone.",
                "Ask for the environment anew.",
            ));
        };
        let status = &deployment["status"];
        let number = |value: &Value| value.as_i64().unwrap_or(0);
        let wanted = number(&deployment["spec"]["replicas"]);
        let (updated, ready, available) = (
            number(&status["updatedReplicas"]),
            number(&status["readyReplicas"]),
            number(&status["availableReplicas"]),
        );
        let seen = number(&status["observedGeneration"]) >= number(&deployment["metadata"]["generation"]);
        let complete = seen && updated == wanted && ready == wanted && available == wanted;
        let found = if complete {
            Found::passed(format!("{ready} of {wanted} ready"))
        } else {
            let why = trouble(subject.pods().await?);
            let found = Found::failed(
                format!("{ready} of {wanted} ready"),
                "A pod is not ready: it cannot start, or it says itself that it cannot do its work.",
                "Read what the pod says below, mend that, and validate again.",
            );
            if why.is_empty() { found } else { found.with("not ready", why.join("; ")) }
        };
        Ok(found
            .with("updated", format!("{updated} of {wanted}"))
            .with("available", format!("{available} of {wanted}")))
    }
}

/// Each pod that is not ready with the reason that Kubernetes gives.
pub(crate) fn trouble(pods: &[Value]) -> Vec<String> {
    let mut said = Vec::new();
    for pod in pods {
        let empty = Vec::new();
        let containers = pod["status"]["containerStatuses"].as_array().unwrap_or(&empty);
        if !containers.is_empty() && containers.iter().all(|container| container["ready"] == true) {
            continue;
        }
        let name = pod["metadata"]["name"].as_str().unwrap_or("a pod");
        let reason = containers.iter().find_map(|container| {
            let waiting = &container["state"]["waiting"];
            let reason = waiting["reason"].as_str()?;
            Some(format!("{reason} {}", waiting["message"].as_str().unwrap_or_default()).trim().to_owned())
        });
        let phase = pod["status"]["phase"].as_str().unwrap_or("Unknown");
        said.push(format!("{name}: {}", reason.unwrap_or_else(|| format!("{phase}, not ready"))));
    }
    said
}

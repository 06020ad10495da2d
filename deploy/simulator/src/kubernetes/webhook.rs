//! The workload identity webhook: what it adds to a labelled pod so that the program in it can sign in as its service account.
//!
//! Names and values as in the webhook's own constants (Azure/azure-workload-identity, `pkg/webhook/consts.go`).

use serde_json::{Value, json};

use super::cluster::Facts;
use super::object::{annotation, label, list, set, text};
use super::refusal::Refusal;
use crate::faults::Webhook;

/// Where a container finds the volume with its token.
pub const MOUNT: &str = "/var/run/secrets/azure/wi/token";
/// The token's file in that volume.
pub const FILE: &str = "azure-identity-token";
/// For whom the token is made out.
pub const AUDIENCE: &str = "api://AzureADTokenExchange";
const PREFIX: &str = "azure.workload.identity";

/// What the webhook says instead of answering.
const ADDRESS: &str = "https://azure-wi-webhook-webhook-service.kube-system.svc:443/mutate-v1-pod?timeout=10s";

/// Whether a pod asks for an identity by its label.
pub fn is_asked(pod: &Value, facts: &Facts) -> bool {
    facts.workload_identity && label(pod, &format!("{PREFIX}/use")) == "true"
}

/// The refusal of a pod whose webhook did not answer. It fails closed since 2023 (Azure/AKS#3286); texts: Azure/AKS#5686
/// and #4139.
pub fn unreachable(how: Webhook) -> Refusal {
    let why = match how {
        Webhook::Late => "context deadline exceeded",
        _ => "no endpoints available for service \"azure-wi-webhook-webhook-service\"",
    };
    Refusal::internal(format!(
        "Internal error occurred: failed calling webhook \"mutation.azure-workload-identity.io\": failed to call webhook: Post \"{ADDRESS}\": {why}"
    ))
}

/// Adds variables, volume and mounts to a pod that asks for them.
pub fn mutate(pod: &mut Value, account: &Value, facts: &Facts) {
    if !is_asked(pod, facts) {
        return;
    }
    let client = annotation(account, &format!("{PREFIX}/client-id")).to_string();
    let tenant = match annotation(account, &format!("{PREFIX}/tenant-id")) {
        "" => facts.tenant.clone(),
        own => own.to_string(),
    };
    let life = [pod.clone(), account.clone()]
        .iter()
        .find_map(|it| annotation(it, &format!("{PREFIX}/service-account-token-expiration")).parse::<i64>().ok())
        .filter(|seconds| (3600..=86400).contains(seconds))
        .unwrap_or(3600);
    let skipped: Vec<String> =
        annotation(pod, &format!("{PREFIX}/skip-containers")).split(';').map(|it| it.trim().to_string()).collect();
    let variables = [
        ("AZURE_CLIENT_ID", client),
        ("AZURE_TENANT_ID", tenant),
        ("AZURE_FEDERATED_TOKEN_FILE", format!("{MOUNT}/{FILE}")),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/".to_string()),
    ];
    for container in pod["spec"]["containers"].as_array_mut().into_iter().flatten() {
        if skipped.iter().any(|name| name == text(container, "/name")) {
            continue;
        }
        let mut env = list(container, "/env").to_vec();
        for (name, value) in &variables {
            // What the author set stays.
            if !env.iter().any(|it| it["name"] == *name) {
                env.push(json!({"name": name, "value": value}));
            }
        }
        container["env"] = Value::Array(env);
        let mut mounts = list(container, "/volumeMounts").to_vec();
        if !mounts.iter().any(|it| it["mountPath"] == MOUNT) {
            mounts.push(json!({"name": "azure-identity-token", "mountPath": MOUNT, "readOnly": true}));
        }
        container["volumeMounts"] = Value::Array(mounts);
    }
    let mut volumes = list(pod, "/spec/volumes").to_vec();
    if !volumes.iter().any(|it| it["name"] == "azure-identity-token") {
        volumes.push(json!({"name": "azure-identity-token", "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"audience": AUDIENCE, "expirationSeconds": life, "path": FILE}}]}}));
    }
    set(pod, &["spec", "volumes"], Value::Array(volumes));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts { workload_identity: true, tenant: "tenant".into(), ..Facts::default() }
    }

    fn pod(labels: &Value) -> Value {
        json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web"}, {"name": "side"}]}})
    }

    #[test]
    fn a_labelled_pod_gets_variables_and_a_token_and_another_gets_nothing() {
        let account = json!({"metadata": {"annotations": {"azure.workload.identity/client-id": "client"}}});
        let mut labelled = pod(&json!({"azure.workload.identity/use": "true"}));
        mutate(&mut labelled, &account, &facts());
        let env = list(&labelled, "/spec/containers/0/env");
        assert_eq!(env.len(), 4);
        assert_eq!(env[0], json!({"name": "AZURE_CLIENT_ID", "value": "client"}));
        assert_eq!(labelled["spec"]["containers"][1]["volumeMounts"][0]["mountPath"], MOUNT);
        let mut plain = pod(&json!({}));
        mutate(&mut plain, &account, &facts());
        assert_eq!(plain, pod(&json!({})));
    }
}

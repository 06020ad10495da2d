//! The web app's Kubernetes objects, as a team would write them: told its vault's name, and how to be reached.

use domain::naming::WEB_APP;
use domain::wish::Wish;
use serde_json::{Value, json};

/// Ports of the container: the page, and the report on itself.
const PAGE_PORT: u16 = 8080;
const READY_PORT: u16 = 8081;

/// The identity that pods sign in with, where the app has one of its own.
pub(super) struct Identity<'a> {
    pub client_id: &'a str,
    pub tenant: &'a str,
}

/// Namespace, service account, budget, deployment and service, in the order in which they are asked for.
pub(super) fn all(wish: &Wish, identity: Option<&Identity<'_>>) -> Vec<(&'static str, Value)> {
    vec![
        ("namespace", json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": WEB_APP } })),
        ("account", account(identity)),
        ("budget", budget()),
        ("deployment", deployment(wish, identity.is_some())),
        ("service", service(wish)),
    ]
}

fn metadata() -> Value {
    json!({ "name": WEB_APP, "namespace": WEB_APP, "labels": { "app": WEB_APP } })
}

/// Whose identity the pods sign in with. Only what is named is compared, so the change from one mode to the other would
/// go unnoticed without a word for each.
fn mode(workload_identity: bool) -> Value {
    json!({ "keystead/identity": if workload_identity { "workload" } else { "agent-pool" } })
}

/// Agent-pool mode sets neither annotation nor label, so that the webhook leaves the pods alone.
fn account(identity: Option<&Identity<'_>>) -> Value {
    let mut account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata() });
    let mut annotations = mode(identity.is_some());
    if let Some(identity) = identity {
        annotations["azure.workload.identity/client-id"] = json!(identity.client_id);
        annotations["azure.workload.identity/tenant-id"] = json!(identity.tenant);
    }
    account["metadata"]["annotations"] = annotations;
    account
}

fn budget() -> Value {
    json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(),
        "spec": { "maxUnavailable": 1, "selector": { "matchLabels": { "app": WEB_APP } } },
    })
}

fn deployment(wish: &Wish, workload_identity: bool) -> Value {
    let mut labels = json!({ "app": WEB_APP });
    if workload_identity {
        labels["azure.workload.identity/use"] = json!("true");
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(),
        "spec": {
            "replicas": wish.web_app.replicas,
            "selector": { "matchLabels": { "app": WEB_APP } },
            "template": {
                "metadata": { "labels": labels, "annotations": mode(workload_identity) },
                "spec": {
                    "serviceAccountName": WEB_APP,
                    "containers": [{
                        "name": WEB_APP,
                        "image": wish.web_app.image,
                        "ports": [
                            { "name": "page", "containerPort": PAGE_PORT },
                            { "name": "ready", "containerPort": READY_PORT },
                        ],
                        "env": [
                            { "name": "KEY_VAULT_NAME", "value": wish.vault.name },
                            { "name": "HOST", "valueFrom": { "fieldRef": { "fieldPath": "status.podIP" } } },
                        ],
                        "readinessProbe": {
                            "httpGet": { "path": "/readyz", "port": READY_PORT },
                            "periodSeconds": 5,
                            "timeoutSeconds": 10,
                        },
                        "livenessProbe": {
                            "httpGet": { "path": "/healthz", "port": PAGE_PORT },
                            "periodSeconds": 10,
                            "timeoutSeconds": 5,
                        },
                        "resources": {
                            "requests": { "cpu": "50m", "memory": "64Mi" },
                            "limits": { "memory": "256Mi" },
                        },
                        "securityContext": {
                            "allowPrivilegeEscalation": false,
                            "readOnlyRootFilesystem": true,
                            "runAsNonRoot": true,
                            "runAsUser": 10001,
                        },
                    }],
                },
            },
        },
    })
}

fn service(wish: &Wish) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(),
        "spec": {
            "type": "LoadBalancer",
            "selector": { "app": WEB_APP },
            "ports": [{ "name": "page", "port": wish.web_app.port, "targetPort": PAGE_PORT }],
        },
    })
}
